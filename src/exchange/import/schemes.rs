//! How programs name the layers of a U-Net.

use crate::domain::config::Colors;

/// The names of a U-Net's layers. Its blocks are twice 3×3 convolution, batch norm and ReLU.
pub(super) struct Scheme {
    /// The block at a level, 0 at full resolution.
    pub(super) encoder: fn(usize) -> String,
    /// A transposed convolution, the coarsest first.
    pub(super) up: fn(usize) -> String,
    /// The block after it.
    pub(super) decoder: fn(usize) -> String,
    /// The convolution to the logits.
    pub(super) head: &'static str,
    /// Within a block: convolution, batch norm, convolution, batch norm.
    pub(super) parts: [&'static str; 4],
    /// A decoder's block reads the up-sampled channels before those that skip; ours reads them after.
    pub(super) up_first: bool,
    /// The names are our own, so layers of other shapes mean what they mean here.
    pub(super) is_ours: bool,
    /// In which terms these programs show colours to their networks, unless somebody says otherwise.
    pub(super) colors: Colors,
}

/// Parts of a block that is one `nn.Sequential`.
const SEQUENTIAL: [&str; 4] = ["0", "1", "3", "4"];

pub(super) const SCHEMES: [Scheme; 3] = [
    // Ours, in a file without our description, such as a state dict of the module in `docs/weights.md`.
    Scheme {
        encoder: |level| format!("encoders.{level}"),
        up: |step| format!("ups.{step}"),
        decoder: |step| format!("decoders.{step}"),
        head: "head",
        parts: ["first.conv", "first.norm", "second.conv", "second.norm"],
        up_first: false,
        is_ours: true,
        colors: Colors::ImageNet,
    },
    // Lists of blocks in an encoder and a decoder.
    Scheme {
        encoder: |level| format!("encoder.encoder_blocks.{level}.double_conv2d"),
        up: |step| format!("decoder.up_convs.{step}"),
        decoder: |step| format!("decoder.decoder_blocks.{step}.double_conv2d"),
        head: "head",
        parts: SEQUENTIAL,
        up_first: true,
        is_ours: false,
        colors: Colors::Unit,
    },
    // https://github.com/milesial/Pytorch-UNet, with transposed convolutions.
    Scheme {
        encoder: |level| match level {
            0 => "inc.double_conv".to_owned(),
            _ => format!("down{level}.maxpool_conv.1.double_conv"),
        },
        up: |step| format!("up{}.up", step + 1),
        decoder: |step| format!("up{}.conv.double_conv", step + 1),
        head: "outc.conv",
        parts: SEQUENTIAL,
        up_first: false,
        is_ours: false,
        colors: Colors::Unit,
    },
];

impl Scheme {
    /// The first weights of a network: their name is what tells a scheme.
    pub(super) fn first_weights(&self) -> String {
        format!("{}.{}.weight", (self.encoder)(0), self.parts[0])
    }
}
