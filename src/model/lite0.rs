//! The encoder of EfficientNet-Lite0 (Tan, Le: "EfficientNet", ICML 2019), to be trained on: ReLU6, no squeeze-and-excitation.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::Device;

use super::colors::scale_bands;
use super::convolve::convolve;
use super::input::IN_CHANNELS;
use super::inverted_residual::{InvertedResidual, conv, relu6, same_padding, tensors};
use crate::data::feed::normalize::{MEAN, STD};
use crate::kernels::flex;
use crate::pretrained::lite0;

/// All layers up to the last block; the classifier is left out.
#[derive(Module, Debug)]
pub struct Lite0 {
    stem: Conv2d,
    blocks: Vec<InvertedResidual>,
}

impl Lite0 {
    /// With given weights.
    pub fn new(weights: &lite0::Encoder, device: &Device) -> Self {
        let stem = Conv2dConfig::new([IN_CHANNELS, weights.stem.outputs], [3, 3])
            .with_stride([2, 2])
            .with_padding(same_padding(3, 2));
        Self {
            stem: conv(&stem, &weights.stem.weights, &weights.stem.bias, device),
            blocks: weights.blocks.iter().map(|block| InvertedResidual::new(block, device)).collect(),
        }
    }

    /// The outputs of the last blocks at strides 2, 4, 8, 16 and 32, divided by 8: [`lite0::STAGE_CHANNELS`].
    ///
    /// # Shapes
    /// - `images`: `[batch, 3, height, width]`, sides multiples of [`lite0::STRIDE`], normalised as all networks' input is
    /// - result: `[batch, channels, height / stride, width / stride]` each
    pub fn stages(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let mut current = self.stem(as_lite0_sees(images));
        let mut stages = Vec::new();
        for block in &self.blocks {
            if block.stride() > 1 {
                stages.push(current.clone());
            }
            current = block.forward(current);
        }
        stages.push(current);
        stages
    }

    fn stem(&self, x: Tensor<4>) -> Tensor<4> {
        flex::stem(&x, tensors(&self.stem)).unwrap_or_else(|| relu6(convolve(&self.stem, x)))
    }
}

/// From colours normalised with ImageNet's mean and deviation to the encoder's own (x − 127) / 128, x from 0 to 255. It comes
/// before the padding, which is 0 in the encoder's terms.
fn as_lite0_sees(images: Tensor<4>) -> Tensor<4> {
    let scale = STD.map(|std| std * 255.0 / 128.0);
    let shift = MEAN.map(|mean| (mean * 255.0 - 127.0) / 128.0);
    scale_bands(images, scale, shift)
}
