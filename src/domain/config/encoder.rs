//! Where the encoder's first weights come from.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::choice::{Choice, Entry};

/// Where the encoder's first weights come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Encoder {
    /// The network learns everything in this run.
    None,
    /// The built-in weights of EfficientNet-Lite0.
    Lite0,
    /// EfficientNet-Lite0 with the weights in this file: `.pth` or `.safetensors`, with PyTorch's names. It is read at the start
    /// of a run only.
    File(PathBuf),
}

impl Encoder {
    /// Whether there are weights to start from.
    pub fn is_pretrained(&self) -> bool {
        *self != Self::None
    }
}

impl Choice for Encoder {
    const WHAT: &'static str = "encoder";
    const ALL: &'static [Self] = &[Self::None, Self::Lite0, Self::File(PathBuf::new())];

    fn entry(&self) -> Entry {
        let entry = |name, title, help, remedy| Entry { name, title, help, remedy };
        let other = Some("Choose unet, or the encoder none");
        match self {
            Self::None => entry("none", "From scratch", "The network learns everything in this run", None),
            Self::Lite0 => entry(
                "lite0",
                "EfficientNet-Lite0",
                "EfficientNet-Lite0 (Tan, Le 2019), which has learned ImageNet's pictures; with U-Net only",
                other,
            ),
            Self::File(_) => entry(
                "file",
                "Weights in a file",
                "EfficientNet-Lite0 with the weights in a .pth or .safetensors file, given by its path; with U-Net only",
                other,
            ),
        }
    }
}

impl From<String> for Encoder {
    fn from(text: String) -> Self {
        match text.as_str() {
            "none" | "" => Self::None,
            "lite0" => Self::Lite0,
            "file" => Self::File(PathBuf::new()),
            _ => Self::File(text.into()),
        }
    }
}

impl From<Encoder> for String {
    fn from(encoder: Encoder) -> Self {
        match encoder {
            Encoder::File(path) if !path.as_os_str().is_empty() => path.to_string_lossy().into_owned(),
            fixed => fixed.name().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_read_as_it_was_written() {
        let file = Encoder::File("weights/own.pth".into());
        for encoder in Encoder::ALL.iter().chain([&file]) {
            assert_eq!(&Encoder::from(String::from(encoder.clone())), encoder);
        }
        assert!(file.is_pretrained() && !Encoder::None.is_pretrained());
    }
}
