//! U-Net (Ronneberger, Fischer, Brox: "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015),
//! with zero padding, so that the logits have the size of the image, and with normalisation.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::tensor::Device;

use super::block::{ConvBlock, apply_head, downsample, head, max_pool};
use super::colors::seen;
use super::up::Up;
use crate::domain::config::{Colors, ModelConfig};

/// Encoder and decoder with skip connections.
#[derive(Module, Debug)]
pub struct UNet {
    encoders: Vec<ConvBlock>,
    half: MaxPool2d,
    doubles: Vec<Up>,
    decoders: Vec<ConvBlock>,
    head: Conv2d,
    /// It has learned from colours on a scale of 0 to 1.
    unit_colors: bool,
}

impl UNet {
    /// A network with random weights.
    pub fn new(config: &ModelConfig, classes: usize, device: &Device) -> Self {
        let width = |level| config.channels(level);
        let above = |level: usize| if level == 0 { config.in_channels } else { width(level - 1) };
        let up_levels = || (0..config.levels - 1).rev();
        Self {
            encoders: (0..config.levels)
                .map(|level| ConvBlock::new(config.norm, above(level), width(level), device))
                .collect(),
            half: max_pool(),
            doubles: up_levels()
                .map(|level| Up::new(config.upsampling, width(level + 1), width(level), device))
                .collect(),
            decoders: up_levels()
                .map(|level| ConvBlock::new(config.norm, 2 * width(level), width(level), device))
                .collect(),
            head: head(width(0), classes, device),
            unit_colors: config.colors == Colors::Unit,
        }
    }

    /// Computes the logits of every pixel.
    ///
    /// # Shapes
    /// - `images`: `[batch, in_channels, height, width]`
    /// - result: `[batch, classes, height, width]`
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let mut x = self.encoders[0].forward(vec![seen(images, self.unit_colors)]);
        let mut skips = Vec::new();
        for encoder in &self.encoders[1..] {
            let below = downsample(&self.half, x.clone());
            skips.push(x);
            x = encoder.forward(vec![below]);
        }
        for (up, decoder) in self.doubles.iter().zip(&self.decoders) {
            let skip = skips.pop().expect("every decoder has a skip connection");
            x = decoder.forward(vec![skip, up.forward(x)]);
        }
        apply_head(&self.head, x)
    }

    /// The layers that have an output for each class.
    pub(super) fn heads(&mut self) -> Vec<&mut Conv2d> {
        vec![&mut self.head]
    }
}
