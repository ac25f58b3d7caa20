//! Files of weights: PyTorch's own, and safetensors.

use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use super::lite0::Encoder;
use super::pth::Pth;
use crate::domain::NamedTensor;

/// What PyTorch's batch norm counts its batches in. No other integer belongs to a network.
const COUNTER: &str = "num_batches_tracked";

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

/// All tensors in the content of such a file, sorted by name. Batch norm's counters of batches are left out.
///
/// # Errors
/// If the content is damaged, or a tensor does not hold floating-point numbers; the message names it.
pub fn tensors(bytes: &[u8]) -> Result<Vec<NamedTensor>, String> {
    let weights = Weights::open(bytes)?;
    let mut shapes = weights.shapes()?;
    shapes.retain(|(name, _)| name.rsplit('.').next() != Some(COUNTER));
    let count = |shape: &[usize]| shape.iter().try_fold(1_usize, |count, side| count.checked_mul(*side));
    let all = shapes.iter().try_fold(0_usize, |sum, (_, shape)| sum.checked_add(count(shape)?));
    if all.is_none_or(|all| all > bytes.len()) {
        return Err("its tensors are said to have more numbers than the file has bytes".to_owned());
    }
    let read = |(name, shape): (String, Vec<usize>)| {
        let values = weights.values(&name, shape.iter().product())?;
        Ok(NamedTensor { name, shape, values })
    };
    let mut tensors = shapes.into_iter().map(read).collect::<Result<Vec<_>, String>>()?;
    tensors.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(tensors)
}

impl<'a> Weights<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        // Safetensors begin with the length of a JSON object, and the object.
        if bytes.get(8) == Some(&b'{') {
            return SafeTensors::deserialize(bytes).map(Self::SafeTensors).map_err(|error| error.to_string());
        }
        Pth::open(bytes)
            .map(Self::Pth)
            .map_err(|why| format!("it is neither safetensors nor weights of PyTorch: {why}"))
    }

    /// Names and shapes of all tensors, in an order in which they are read quickly.
    fn shapes(&self) -> Result<Vec<(String, Vec<usize>)>, String> {
        match self {
            Self::SafeTensors(file) => {
                let mut all: Vec<_> =
                    file.iter().map(|(name, tensor)| (name.to_owned(), tensor.shape().to_vec())).collect();
                all.sort_unstable();
                Ok(all)
            }
            Self::Pth(file) => {
                Ok(file.shapes()?.into_iter().map(|(name, shape)| (name.to_owned(), shape.to_vec())).collect())
            }
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
        Dtype::F16 => numbers(tensor.data(), |bytes| half::f16::from_le_bytes(bytes).to_f32()),
        Dtype::BF16 => numbers(tensor.data(), |bytes| half::bf16::from_le_bytes(bytes).to_f32()),
        Dtype::F32 => numbers(tensor.data(), f32::from_le_bytes),
        Dtype::F64 => numbers(tensor.data(), |bytes| f64::from_le_bytes(bytes) as f32),
        other => return Err(format!("{name} is stored as {other:?}; f16, bf16, f32 or f64 is needed")),
    };
    if values.len() != count {
        return Err(format!("{name} has {} values where {count} belong", values.len()));
    }
    Ok(values)
}

/// Numbers of `N` bytes each.
fn numbers<const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    data.as_chunks::<N>().0.iter().map(|bytes| number(*bytes)).collect()
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
    fn all_tensors_are_read_in_any_precision() {
        let stored = |kind, value: &'static [u8]| TensorView::new(kind, vec![1], value).unwrap();
        let three = [
            ("b", stored(Dtype::F64, &[0, 0, 0, 0, 0, 0, 0xf0, 0x3f])),
            ("a", stored(Dtype::F32, &[0, 0, 0x80, 0x3f])),
            ("norm.num_batches_tracked", stored(Dtype::I64, &[0; 8])),
        ];
        let one = |name: &str| NamedTensor { name: name.to_owned(), shape: vec![1], values: vec![1.0] };
        assert_eq!(tensors(&serialize(three, None).unwrap()), Ok(vec![one("a"), one("b")]));
    }

    /// A bias that is left out would become zeros.
    #[test]
    fn integers_are_refused_by_name() {
        let bias = TensorView::new(Dtype::I64, vec![1], &[0; 8]).unwrap();
        let refusal = tensors(&serialize([("head.bias", bias)], None).unwrap()).unwrap_err();
        assert!(refusal.starts_with("head.bias is stored as I64"), "{refusal}");
        let refusal = tensors(include_bytes!("pth/tests/zipped.pth")).unwrap_err();
        assert!(refusal.contains("n: its values are integers"), "{refusal}");
    }

    #[test]
    fn what_is_no_such_network_is_refused_with_the_reason() {
        let refusal = |bytes: &[u8]| read(bytes).err().unwrap();
        assert!(refusal(b"hello").starts_with("it is neither"), "{}", refusal(b"hello"));
        assert!(refusal(include_bytes!("pth/tests/zipped.pth")).contains("no tensor _conv_stem.weight"));
    }
}
