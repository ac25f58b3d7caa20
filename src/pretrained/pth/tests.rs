//! Tests of PyTorch's files. Both were saved by PyTorch 2: `a`, its transpose `t`, `b` in half precision and the integer `n`.

use super::*;

const ZIPPED: &[u8] = include_bytes!("tests/zipped.pth");
/// As before PyTorch 1.6, under the key `state_dict`.
const PLAIN: &[u8] = include_bytes!("tests/plain.pth");

fn refused(bytes: &[u8]) -> String {
    Pth::open(bytes).err().unwrap_or_default()
}

#[test]
fn both_forms_are_read_with_every_shape_and_type() {
    for (bytes, prefix) in [(ZIPPED, ""), (PLAIN, "state_dict.")] {
        let file = Pth::open(bytes).unwrap();
        let values = |name: &str, count| file.values(&format!("{prefix}{name}"), count);
        assert_eq!(values("a", 6), Ok(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
        assert_eq!(values("t", 6), Ok(vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        assert_eq!(values("b", 2), Ok(vec![0.5, -2.0]));
        assert!(values("n", 1).unwrap_err().contains("integers"));
        assert!(values("a", 5).unwrap_err().contains("[2, 3]") && values("c", 1).unwrap_err().contains("no tensor"));
        assert_eq!(file.names().count(), 4);
    }
}

/// `{name: tensor, …}` of one value each, all in the storage `0` of the given type.
fn pickled(names: &[&str], kind: &str, builder: &str) -> Vec<u8> {
    let text = |text: &str| [b"X".as_slice(), &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let mut bytes = b"\x80\x02}(".to_vec();
    for name in names {
        bytes.extend(text(name));
        bytes.extend(format!("ctorch._utils\n{builder}\n((").bytes());
        bytes.extend([text("storage"), format!("ctorch\n{kind}\n").into_bytes(), text("0"), text("cpu")].concat());
        bytes.extend(b"K\x01tQK\x00K\x01\x85K\x01\x85\x89}tR");
    }
    bytes.extend(b"u.");
    bytes
}

fn pickled_contents(names: &[&str], kind: &str, builder: &str) -> Result<Contents, String> {
    let bytes = pickled(names, kind, builder);
    let (pickle, root) = Pickle::read(&mut bytes.as_slice())?;
    contents(&pickle, root)
}

#[test]
fn a_tensor_of_a_type_that_is_not_read_is_named() {
    let known = pickled_contents(&["a", "b"], "FloatStorage", "_rebuild_tensor_v2").unwrap();
    assert_eq!((known.tensors.len(), &known.odd), (2, &None));
    let odd = |kind: &str, builder: &str| pickled_contents(&["a"], kind, builder).unwrap_err();
    assert_eq!(
        odd("ComplexFloatStorage", "_rebuild_tensor_v2"),
        "a is stored as torch ComplexFloatStorage, which is not read"
    );
    assert_eq!(odd("FloatStorage", "_rebuild_qtensor"), "a is stored as _rebuild_qtensor, which is not read");
}

#[test]
fn two_tensors_of_one_name_are_refused() {
    let twice = pickled_contents(&["a", "a"], "FloatStorage", "_rebuild_tensor_v2");
    assert_eq!(twice.unwrap_err(), "it holds two tensors named a");
}

/// Else a small file with many tensors in one large storage would take hours.
#[test]
fn tensors_in_one_storage_are_listed_together() {
    let file = Pth::open(ZIPPED).unwrap();
    let keys: Vec<&str> =
        file.shapes().unwrap().iter().map(|(name, _)| file.contents.tensors[*name].key.as_str()).collect();
    assert!(keys.is_sorted(), "{keys:?}");
}

#[test]
fn a_file_cut_short_anywhere_is_refused_or_misses_values() {
    for len in 0..PLAIN.len() {
        assert!(Pth::open(&PLAIN[..len]).is_err(), "{len}");
    }
    for len in 0..ZIPPED.len() {
        let open = Pth::open(&ZIPPED[..len]);
        assert!(open.is_err() || open.is_ok_and(|file| file.values("a", 6).is_err()), "{len}");
    }
}

/// Any byte changed: no panic, whatever comes of it.
#[test]
fn a_damaged_file_does_no_harm() {
    for bytes in [ZIPPED, PLAIN] {
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 0x55;
            if let Ok(file) = Pth::open(&damaged) {
                let names: Vec<&str> = file.names().collect();
                names.iter().for_each(|name| drop(file.values(name, 6)));
            }
        }
    }
}

#[test]
fn code_in_a_pickle_is_not_run_and_deep_nesting_is_harmless() {
    let calls = b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.";
    let (pickle, root) = Pickle::read(&mut calls.as_slice()).unwrap();
    assert!(matches!(pickle.node(root), Node::Call(..)));
    assert!(contents(&pickle, root).unwrap_err().contains("state_dict"));
    let mut deep = vec![b')'];
    deep.extend(std::iter::repeat_n(0x85, 300_000));
    deep.push(b'.');
    assert!(Pickle::read(&mut deep.as_slice()).is_ok());
    // A parameter that is made of itself.
    let cyclic = b"}X\x01\x00\x00\x00actorch._utils\n_rebuild_parameter\n]q\x00Rq\x01h\x00h\x01a0s.";
    let (pickle, root) = Pickle::read(&mut cyclic.as_slice()).unwrap();
    assert!(contents(&pickle, root).is_err());
    assert!(
        refused(b"\x80\x02i").contains("0x69")
            && refused(b"\x80").contains("middle")
            && refused(b"hello").contains("neither")
    );
}

/// What is remembered can be recalled at two bytes each: a short file must not become a long one.
#[test]
fn what_is_recalled_many_times_is_not_copied_without_end() {
    let mut doubling = b"\x80\x02X\x01\x00\x00\x00aq\x00".to_vec();
    (0..60).for_each(|_| doubling.extend(b"h\x00h\x00\x93q\x00"));
    doubling.push(b'.');
    assert!(refused(&doubling).contains("short text"));
    let long = |key: usize| [b"}X".as_slice(), &(key as u32).to_le_bytes(), &vec![b'k'; key], b"q\x00}s."].concat();
    let (pickle, root) = Pickle::read(&mut long(1 << 20).as_slice()).unwrap();
    assert!(contents(&pickle, root).unwrap_err().contains("no weights"));
    let mut many = b"}(".to_vec();
    many.extend(b"X\x01\x00\x00\x00kq\x00}");
    (0..ENTRIES).for_each(|_| many.extend(b"h\x00}"));
    many.extend(b"u.");
    let (pickle, root) = Pickle::read(&mut many.as_slice()).unwrap();
    assert_eq!(contents(&pickle, root).unwrap_err(), TOO_MANY);
}
