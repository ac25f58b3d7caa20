//! U-Net (Ronneberger, Fischer, Brox: "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015),
//! padded so that sizes survive, and with batch normalisation.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::pool::MaxPool2d;
use burn::tensor::Device;

use super::IN_CHANNELS;
use super::block::{ConvBlock, classify, double, enlarge, half, halve, head};
use crate::domain::config::ModelConfig;

/// Encoder, decoder, skips.
#[derive(Module, Debug)]
pub struct UNet {
    encoders: Vec<ConvBlock>,
    half: MaxPool2d,
    doubles: Vec<ConvTranspose2d>,
    decoders: Vec<ConvBlock>,
    head: Conv2d,
}

impl UNet {
    /// A network with random weights.
    pub fn new(config: &ModelConfig, classes: usize, device: &Device) -> Self {
        let width = |level| config.channels(level);
        let above = |level: usize| if level == 0 { IN_CHANNELS } else { width(level - 1) };
        let up_levels = || (0..config.levels - 1).rev();
        Self {
            encoders: (0..config.levels).map(|level| ConvBlock::new(above(level), width(level), device)).collect(),
            half: half(),
            doubles: up_levels().map(|level| double(width(level + 1), width(level), device)).collect(),
            decoders: up_levels().map(|level| ConvBlock::new(2 * width(level), width(level), device)).collect(),
            head: head(width(0), classes, device),
        }
    }

    /// # Shapes
    /// - `images`: `[batch, 3, height, width]`
    /// - result: `[batch, classes, height, width]`
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let mut x = self.encoders[0].forward(vec![images]);
        let mut skips = Vec::new();
        for encoder in &self.encoders[1..] {
            let below = halve(&self.half, x.clone());
            skips.push(x);
            x = encoder.forward(vec![below]);
        }
        for (double, decoder) in self.doubles.iter().zip(&self.decoders) {
            let skip = skips.pop().expect("there is a skip for every decoder");
            x = decoder.forward(vec![skip, enlarge(double, x)]);
        }
        classify(&self.head, x)
    }
}
