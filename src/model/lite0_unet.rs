//! U-Net whose encoder is EfficientNet-Lite0.
//!
//! The decoder is that of our U-Net. Its blocks read the encoder's stages at strides 16, 8, 4 and 2, and the image itself at
//! full resolution, where the encoder has no stage. A linear map from the stages to the logits goes past it.

use burn::Tensor;
use burn::module::{Module, ParamGroup};
use burn::nn::conv::Conv2d;
use burn::tensor::Device;

use super::block::{ConvBlock, apply_head, head};
use super::input::IN_CHANNELS;
use super::lite0::Lite0;
use super::shortcut::{Shortcut, StageHead, zero_conv};
use super::up::Up;
use crate::domain::config::ModelConfig;
use crate::pretrained;
use crate::pretrained::lite0::STAGE_CHANNELS;

/// Pretrained encoder, and decoder with skip connections.
#[derive(Module, Debug)]
pub struct Lite0UNet {
    encoder: Lite0,
    shortcut: Shortcut,
    doubles: Vec<Up>,
    decoders: Vec<ConvBlock>,
    head: Conv2d,
}

/// Steps of the decoder: one for each halving of the encoder.
const STEPS: usize = STAGE_CHANNELS.len();

/// Channels of the decoder at stride `1 << level`. Half of U-Net's, but for full resolution: below it, the encoder has
/// already done most of the work.
pub(super) fn decoder_channels(config: &ModelConfig, level: usize) -> usize {
    config.channels(level.saturating_sub(1))
}

/// Channels that skip to the decoder at stride `1 << level`.
pub(super) fn skip_channels(level: usize) -> usize {
    if level == 0 { IN_CHANNELS } else { STAGE_CHANNELS[level - 1] }
}

impl Lite0UNet {
    /// A network with the built-in encoder and a random decoder.
    pub fn new(config: &ModelConfig, classes: usize, device: &Device) -> Self {
        let width = |level| decoder_channels(config, level);
        let below = |level| if level + 1 == STEPS { STAGE_CHANNELS[level] } else { width(level + 1) };
        let levels = || (0..STEPS).rev();
        Self {
            encoder: Lite0::new(pretrained::built_in(), device),
            shortcut: Shortcut::zeros(classes, device),
            doubles: levels().map(|level| Up::new(config.upsampling, below(level), width(level), device)).collect(),
            decoders: levels()
                .map(|level| ConvBlock::new(config.norm, skip_channels(level) + width(level), width(level), device))
                .collect(),
            head: head(width(0), classes, device),
        }
    }

    /// Computes the logits of every pixel.
    ///
    /// # Shapes
    /// - `images`: `[batch, 3, height, width]`
    /// - result: `[batch, classes, height, width]`
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let stages = self.encoder.stages(images.clone());
        let linear = self.shortcut.forward(&stages);
        let mut skips = vec![images];
        skips.extend(stages);
        let mut x = skips.pop().expect("the encoder has stages");
        for (up, decoder) in self.doubles.iter().zip(&self.decoders) {
            let skip = skips.pop().expect("every decoder has a skip connection");
            x = decoder.forward(vec![skip, up.forward(x)]);
        }
        apply_head(&self.head, x) + linear
    }

    /// The outputs of the encoder's stages: what a [`StageHead`] reads.
    pub fn stages(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        self.encoder.stages(images)
    }

    /// Gives the encoder other weights.
    pub fn set_encoder(&mut self, weights: &pretrained::lite0::Encoder, device: &Device) {
        self.encoder = Lite0::new(weights, device);
    }

    /// Lets the network begin where a linear classifier on the stages is: the decoder adds nothing until it has learned.
    pub fn start_from(&mut self, head: &StageHead, device: &Device) {
        self.shortcut = Shortcut::of(head, device);
        let [classes, channels, ..] = self.head.weight.dims();
        self.head = zero_conv(channels, classes, device);
    }

    /// The layers that have an output for each class.
    pub(super) fn heads(&mut self) -> Vec<&mut Conv2d> {
        let mut heads = self.shortcut.heads();
        heads.push(&mut self.head);
        heads
    }

    /// The parameters that were learned before the run's first step.
    pub fn pretrained(&self) -> ParamGroup {
        ParamGroup::ids_from_module((self.encoder.clone(), self.shortcut.clone()))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;
    use image::RgbImage;

    use super::super::inverted_residual::SHRINK;
    use super::*;
    use crate::data::feed::normalize;
    use crate::pretrained::lite0::Rows;

    const SIZE: [usize; 2] = [96, 64];

    fn picture() -> RgbImage {
        let [width, height] = SIZE.map(|side| side as u32);
        RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([(x * 4 % 256) as u8, (y * 8 % 256) as u8, (x * y % 251) as u8])
        })
    }

    /// As the frozen encoder reads it.
    fn rows(picture: &RgbImage) -> Rows {
        let [width, height] = SIZE;
        let mut rows = Rows::zeros(3, width, height);
        for (x, y, pixel) in picture.enumerate_pixels() {
            for band in 0..3 {
                let at = (y as usize * 3 + band) * width + x as usize;
                rows.values[at] = (f32::from(pixel[band]) - 127.0) / 128.0;
            }
        }
        rows
    }

    /// As the networks read it.
    fn images(picture: &RgbImage, device: &Device) -> Tensor<4> {
        let table = normalize::table();
        let band = |band: usize| picture.pixels().map(move |pixel| usize::from(pixel[band]));
        let values: Vec<f32> = (0..3).flat_map(|b| band(b).map(|level| table[b][level]).collect::<Vec<_>>()).collect();
        Tensor::from_data(TensorData::new(values, [1, 3, SIZE[1], SIZE[0]]), device)
    }

    fn assert_frozen_stages(stages: Vec<Tensor<4>>) {
        let frozen = pretrained::built_in().stages(&rows(&picture()));
        assert_eq!(stages.len(), frozen.len());
        for (stage, frozen) in stages.into_iter().zip(frozen) {
            let [_, channels, height, width] = stage.dims();
            assert_eq!([channels, height, width], [frozen.channels, frozen.height, frozen.width]);
            let values: Vec<f32> = (stage * SHRINK).into_data().try_to_vec().expect("f32");
            let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
            for channel in 0..channels {
                for y in 0..height {
                    for x in 0..width {
                        let got = values[(channel * height + y) * width + x];
                        let want = frozen.row(y)[channel * width + x];
                        assert!((got - want).abs() < 1e-3 * largest, "{channels}: {channel} {y} {x}: {got} {want}");
                    }
                }
            }
        }
    }

    #[test]
    fn stages_are_those_of_the_frozen_encoder() {
        for device in [Device::flex(), Device::flex().autodiff()] {
            let encoder = Lite0::new(pretrained::built_in(), &device);
            assert_frozen_stages(encoder.stages(images(&picture(), &device)));
        }
    }
}
