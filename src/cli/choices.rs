//! Choices that only the command line offers.

use crate::domain::Choice;
use crate::domain::choice::{Entry, choice_enum};
use crate::exchange::WeightsFormat;
use crate::quick::method::QuickMethod;
use crate::quick::tile_features::Kinds;

choice_enum! {
    /// What predicts.
    pub enum Head, "head" {
        Network { name: "network", title: "Network", help: "The network of a run" }
        Quick { name: "quick", title: "Quick", help: "A linear head on fixed features, learned from own labels in seconds" }
        Forest { name: "forest", title: "Forest", help: "The same with a random forest on colour and texture" }
    }
}

choice_enum! {
    /// What learns from simulated clicks.
    pub enum Method, "method" {
        Quick { name: "quick", title: "Quick head", help: "A linear head on fixed features" }
        Forest { name: "forest", title: "Random forest", help: "A random forest on the filter bank" }
        UNet { name: "unet", title: "U-Net", help: "A U-Net with the default settings, trained from scratch" }
        Encoder { name: "encoder", title: "U-Net on Lite0", help: "The same on the pretrained encoder lite0" }
        Preset { name: "preset", title: "Preset", help: "A network with the settings of the preset few-clicks" }
    }
}

impl Method {
    /// The quick head that this is.
    pub fn quick(self) -> Option<QuickMethod> {
        match self {
            Self::Quick => Some(QuickMethod::Linear),
            Self::Forest => Some(QuickMethod::Forest),
            Self::UNet | Self::Encoder | Self::Preset => None,
        }
    }
}

choice_enum! {
    /// Tiles that `evaluate` scores.
    pub enum Scored, "split" {
        Val { name: "val", title: "Validation", help: "The run's validation tiles, or all tiles with a mask of --data" }
        Test { name: "test", title: "Test", help: "The tiles with a mask that are set aside for tests" }
    }
}

choice_enum! {
    /// Features that a simulated quick head learns from.
    pub enum Features, "features" {
        All { name: "all", title: "All", help: "Filter bank, and encoder at full, half and quarter size" }
        OneSize { name: "one-size", title: "One size", help: "Filter bank, and encoder at full size" }
        Encoder { name: "encoder", title: "Encoder", help: "Encoder at full, half and quarter size, without the bank" }
        Bank { name: "bank", title: "Filter bank", help: "The filter bank alone" }
    }
}

impl Features {
    /// What is computed for them.
    pub fn kinds(self) -> Kinds {
        match self {
            Self::All => Kinds::ALL,
            Self::OneSize => Kinds { scales: 1, ..Kinds::ALL },
            Self::Encoder => Kinds { bank: false, ..Kinds::ALL },
            Self::Bank => Kinds::BANK,
        }
    }
}

/// What `export` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A network.
    Network(WeightsFormat),
    /// Losses and scores.
    TensorBoard,
}

impl Choice for ExportFormat {
    const WHAT: &'static str = WeightsFormat::WHAT;
    const ALL: &'static [Self] =
        &[Self::Network(WeightsFormat::Safetensors), Self::Network(WeightsFormat::Onnx), Self::TensorBoard];

    fn entry(&self) -> Entry {
        match self {
            Self::Network(format) => format.entry(),
            Self::TensorBoard => Entry {
                name: "tensorboard",
                title: "TensorBoard",
                help: "Losses, learning rates and scores as an event file for TensorBoard, not the network",
                remedy: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn export_offers_every_format_for_networks() {
        for format in WeightsFormat::ALL {
            assert_eq!(ExportFormat::from_name(format.name()), Some(ExportFormat::Network(*format)));
        }
    }
}
