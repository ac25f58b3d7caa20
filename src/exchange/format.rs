//! Which files a network is written to.

use super::network::Network;
use super::onnx::{self, OnnxOptions};
use super::safetensors_file;
use crate::domain::choice::choice_enum;

choice_enum! {
    /// A format for networks that other programs read.
    #[derive(Default)]
    pub enum WeightsFormat, "format" {
        #[default]
        Safetensors {
            name: "safetensors",
            title: "safetensors",
            help: "Weights with the names that a PyTorch module of the same shape gives them; configuration and classes inside"
        }
        Onnx { name: "onnx", title: "ONNX", help: "The whole network, for ONNX Runtime and QGIS's plugin Deepness" }
    }
}

impl WeightsFormat {
    /// The file of a network; the options are for ONNX.
    ///
    /// # Errors
    /// If the network cannot be written in this format, with the remedy.
    pub fn write(self, network: &Network, options: OnnxOptions) -> Result<Vec<u8>, String> {
        match self {
            Self::Safetensors => safetensors_file::write(network),
            Self::Onnx => onnx::write(network, options),
        }
    }
}
