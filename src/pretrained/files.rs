//! Files of weights: PyTorch's own, and safetensors.

use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use super::lite0::Encoder;
use super::pth::Pth;
use crate::domain::NamedTensor;

/// Tensors by name.
pub(super) enum Weights<'a> {
    SafeTensors(SafeTensors<'a>),
    Pth(Pth<'a>),
}

/// Reads an EfficientNet-Lite0 from the content of a file that PyTorch's `torch.save` has written, or of safetensors, with the
/// names that it has in the Python package `efficientnet_lite_pytorch`.
///
/// # Errors
/// If the content is damaged, or of another network.
pub fn read(bytes: &[u8]) -> Result<Encoder, String> {
    Encoder::of(&Weights::open(bytes)?)
}

/// All tensors of floating-point numbers in the content of such a file, by name. Integers, such as counters, are left out.
///
/// # Errors
/// If the content is damaged.
pub fn tensors(bytes: &[u8]) -> Result<Vec<NamedTensor>, String> {
    let weights = Weights::open(bytes)?;
    let mut shapes = weights.shapes();
    shapes.sort_unstable();
    let count = |shape: &[usize]| shape.iter().try_fold(1_usize, |count, side| count.checked_mul(*side));
    let all = shapes.iter().try_fold(0_usize, |sum, (_, shape)| sum.checked_add(count(shape)?));
    if all.is_none_or(|all| all > bytes.len()) {
        return Err("its tensors are said to have more numbers than the file has bytes".to_owned());
    }
    let read = |(name, shape): (String, Vec<usize>)| {
        let values = weights.values(&name, shape.iter().product())?;
        Ok(NamedTensor { name, shape, values })
    };
    shapes.into_iter().map(read).collect()
}

impl<'a> Weights<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        // Safetensors begin with the length of a JSON object, and the object.
        if bytes.get(8) == Some(&b'{') {
            return SafeTensors::deserialize(bytes).map(Self::SafeTensors).map_err(|error| error.to_string());
        }
        Pth::open(bytes).map(Self::Pth).map_err(|why| format!("neither safetensors nor weights of PyTorch: {why}"))
    }

    /// Names and shapes of the tensors that hold floating-point numbers.
    fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        match self {
            Self::SafeTensors(file) => {
                let is_float = |kind| matches!(kind, Dtype::F16 | Dtype::BF16 | Dtype::F32);
                let tensors = file.iter().filter(|(_, tensor)| is_float(tensor.dtype()));
                tensors.map(|(name, tensor)| (name.to_owned(), tensor.shape().to_vec())).collect()
            }
            Self::Pth(file) => file.shapes().map(|(name, shape)| (name.to_owned(), shape.to_vec())).collect(),
        }
    }

    /// What comes before `name` in the tensors' names; empty if there is no such tensor. Refuses a file with several networks.
    pub(super) fn prefix_of(&self, name: &str) -> Result<String, String> {
        let names: Vec<&str> = match self {
            Self::SafeTensors(file) => file.names(),
            Self::Pth(file) => file.names().collect(),
        };
        let mut prefixes: Vec<&str> = names.into_iter().filter_map(|full| full.strip_suffix(name)).collect();
        prefixes.sort_unstable();
        match prefixes.as_slice() {
            [] => Ok(String::new()),
            [prefix] => Ok((*prefix).to_owned()),
            several => Err(format!("it holds several networks ({}): save one of them alone", several.join(", "))),
        }
    }

    /// The values of a tensor that has `count` of them.
    pub(super) fn values(&self, name: &str, count: usize) -> Result<Vec<f32>, String> {
        match self {
            Self::SafeTensors(file) => of_safetensors(file, name, count),
            Self::Pth(file) => file.values(name, count),
        }
    }
}

fn of_safetensors(file: &SafeTensors<'_>, name: &str, count: usize) -> Result<Vec<f32>, String> {
    let tensor = file.tensor(name).map_err(|error| format!("{name}: {error}"))?;
    let values: Vec<f32> = match tensor.dtype() {
        Dtype::F16 => tensor.data().chunks(2).map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
        Dtype::BF16 => tensor.data().chunks(2).map(|b| half::bf16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
        Dtype::F32 => tensor.data().chunks(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        other => return Err(format!("{name} is stored as {other:?}; f16, bf16 or f32 is needed")),
    };
    if values.len() != count {
        return Err(format!("{name} has {} values where {count} belong", values.len()));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use safetensors::serialize;
    use safetensors::tensor::TensorView;

    use super::*;
    use crate::pretrained::built_in;

    #[test]
    fn the_file_that_comes_with_the_program_can_be_given_too() {
        let bytes = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/lite0.safetensors"));
        let (read, built_in) = (read(bytes).unwrap(), built_in());
        assert_eq!((read.stem.weights, read.blocks.len()), (built_in.stem.weights.clone(), built_in.blocks.len()));
    }

    #[test]
    fn one_of_several_networks_is_not_chosen_by_chance() {
        let stored = |value: &'static [u8]| TensorView::new(Dtype::F32, vec![1], value).unwrap();
        let names = ["ema._conv_stem.weight", "model._conv_stem.weight"];
        let bytes = serialize(names.map(|name| (name, stored(&[0; 4]))), None).unwrap();
        assert!(read(&bytes).err().unwrap().contains("several networks (ema., model.)"));
        let bytes = serialize([("a._conv_stem.weight", stored(&[0; 4]))], None).unwrap();
        assert!(read(&bytes).err().unwrap().contains("a._conv_stem.weight has 1 values"));
    }

    #[test]
    fn all_tensors_are_read_but_integers() {
        let found = tensors(include_bytes!("pth/tests/zipped.pth")).unwrap();
        let names: Vec<&str> = found.iter().map(|tensor| tensor.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "t"]);
        assert_eq!((&found[2].shape, &found[2].values), (&vec![3, 2], &vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        let stored = |kind, value: &'static [u8]| TensorView::new(kind, vec![1], value).unwrap();
        let both = [("x", stored(Dtype::F32, &[0, 0, 128, 63])), ("n", stored(Dtype::I64, &[0; 8]))];
        let bytes = serialize(both, None).unwrap();
        let one = NamedTensor { name: "x".to_owned(), shape: vec![1], values: vec![1.0] };
        assert_eq!(tensors(&bytes), Ok(vec![one]));
    }

    #[test]
    fn what_is_no_such_network_is_refused_with_the_reason() {
        let refusal = |bytes: &[u8]| read(bytes).err().unwrap();
        assert!(refusal(b"hello").starts_with("neither"), "{}", refusal(b"hello"));
        assert!(refusal(include_bytes!("pth/tests/zipped.pth")).contains("no tensor _conv_stem.weight"));
    }
}
