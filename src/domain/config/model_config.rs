//! Which network a run has.

use serde::{Deserialize, Serialize};

use super::bands::BANDS;
use super::encoder::Encoder;
use super::options::{Arch, Colors, Norm, Upsampling};
use crate::domain::Choice as _;

/// Architecture and size of the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// U-Net or U-Net++.
    pub arch: Arch,
    /// Random or pretrained.
    pub encoder: Encoder,
    /// Channels at full resolution, 1 to 256; each level below has twice as many. With a pretrained encoder it is the
    /// decoder that has them.
    pub base: usize,
    /// Resolutions, the full one included: 2 to 7. A pretrained encoder has its own.
    pub levels: usize,
    /// In which terms it sees colours. A pretrained encoder has its own.
    pub colors: Colors,
    /// Bands of its input, 1 to 64. A pretrained encoder has three, and so have the images of a project.
    pub in_channels: usize,
    /// What follows a convolution, but for those of a pretrained encoder.
    pub norm: Norm,
    /// What doubles height and width in the decoder.
    pub upsampling: Upsampling,
    /// U-Net++ learns by a head on each node at full resolution, and predicts by the last.
    pub deep_supervision: bool,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            arch: Arch::UNet,
            encoder: Encoder::None,
            base: 16,
            levels: 5,
            colors: Colors::ImageNet,
            in_channels: BANDS,
            norm: Norm::Batch,
            upsampling: Upsampling::Transposed,
            deep_supervision: false,
        }
    }
}

impl ModelConfig {
    /// The input's side must be a multiple of this: it is halved from level to level.
    pub fn stride(&self) -> u32 {
        1 << self.halvings()
    }

    /// How often the network halves its input.
    pub fn halvings(&self) -> usize {
        match self.encoder {
            Encoder::None => self.levels.clamp(1, 16) - 1,
            Encoder::Lite0 | Encoder::File(_) => 5,
        }
    }

    /// What an architecture and its size do not say about the network, a phrase each; empty if all is as usual.
    pub fn particulars(&self) -> Vec<String> {
        let upsampling = format!("up-sampling {}", self.upsampling.name());
        let bands = format!("{} input channels", self.in_channels);
        let norm = format!("norm {}", self.norm.name());
        let phrases = [
            (self.in_channels != BANDS).then_some(bands),
            (self.norm != Norm::default()).then_some(norm),
            (self.upsampling != Upsampling::default()).then_some(upsampling),
            self.deep_supervision.then(|| "deep supervision".to_owned()),
        ];
        phrases.into_iter().flatten().collect()
    }

    /// Whether it has several nodes at full resolution, which can have heads of their own.
    pub fn is_nested(&self) -> bool {
        self.arch == Arch::UNetPlusPlus && !self.encoder.is_pretrained()
    }

    /// Heads beside the one that predicts.
    pub fn side_heads(&self) -> usize {
        if self.deep_supervision && self.is_nested() { self.levels.saturating_sub(2) } else { 0 }
    }

    /// Channels of a level, 0 being the full resolution.
    pub fn channels(&self, level: usize) -> usize {
        self.base << level
    }
}
