//! The parts both networks are built of.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, activation};

/// Twice: 3×3 convolution, batch normalisation, ReLU. The convolutions have no bias: normalisation would cancel it.
#[derive(Module, Debug)]
pub struct ConvBlock {
    first: ConvNorm,
    second: ConvNorm,
}

#[derive(Module, Debug)]
struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
}

impl ConvNorm {
    fn new(from: usize, to: usize, device: &Device) -> Self {
        let conv = Conv2dConfig::new([from, to], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
        Self { conv: conv.with_bias(false).init(device), norm: BatchNormConfig::new(to).init(device) }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        activation::relu(self.norm.forward(self.conv.forward(x)))
    }
}

impl ConvBlock {
    /// A block from `from` to `to` channels.
    pub fn new(from: usize, to: usize, device: &Device) -> Self {
        Self { first: ConvNorm::new(from, to, device), second: ConvNorm::new(to, to, device) }
    }

    /// # Shapes
    /// - `x`: `[batch, from, height, width]`
    /// - result: `[batch, to, height, width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.second.forward(self.first.forward(x))
    }
}

/// Halves the resolution: the maximum of each 2×2 square.
pub fn half() -> MaxPool2d {
    MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init()
}

/// Doubles the resolution from `from` to `to` channels: transposed 2×2 convolution, stride 2.
pub fn double(from: usize, to: usize, device: &Device) -> ConvTranspose2d {
    ConvTranspose2dConfig::new([from, to], [2, 2]).with_stride([2, 2]).init(device)
}

/// The last layer: 1×1 convolution to one logit per class.
pub fn head(from: usize, classes: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([from, classes], [1, 1]).init(device)
}
