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
    assert!(tensors(&pickle, root).unwrap_err().contains("state_dict"));
    let mut deep = vec![b')'];
    deep.extend(std::iter::repeat_n(0x85, 300_000));
    deep.push(b'.');
    assert!(Pickle::read(&mut deep.as_slice()).is_ok());
    // A parameter that is made of itself.
    let cyclic = b"}X\x01\x00\x00\x00actorch._utils\n_rebuild_parameter\n]q\x00Rq\x01h\x00h\x01a0s.";
    let (pickle, root) = Pickle::read(&mut cyclic.as_slice()).unwrap();
    assert!(tensors(&pickle, root).is_err());
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
    assert!(tensors(&pickle, root).unwrap_err().contains("no weights"));
    let mut many = b"}(".to_vec();
    many.extend(b"X\x01\x00\x00\x00kq\x00}");
    (0..ENTRIES).for_each(|_| many.extend(b"h\x00}"));
    many.extend(b"u.");
    let (pickle, root) = Pickle::read(&mut many.as_slice()).unwrap();
    assert_eq!(tensors(&pickle, root).unwrap_err(), TOO_MANY);
}
