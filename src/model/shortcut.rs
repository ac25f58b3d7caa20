//! A linear map from the encoder's stages straight to the logits, past the decoder.
//!
//! With few labels a linear classifier on the stages of a pretrained encoder is ahead of any decoder that starts from random
//! weights. The network begins where such a classifier is, and the decoder learns what to add.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::module::conv_transpose2d;
use burn::tensor::ops::ConvTransposeOptions;
use burn::tensor::{Device, TensorData};

use super::block::apply_head;
use super::convolve::numbers;
use crate::kernels::flex;
use crate::pretrained::lite0::STAGE_CHANNELS;

/// A linear classifier on the stages of the encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct StageHead {
    /// `[classes, channels]`: the channels of all stages, the finest stage first, in the network's units
    /// ([`super::lite0::Lite0::stages`]).
    pub weights: Vec<f32>,
    /// One per class.
    pub biases: Vec<f32>,
}

/// One 1×1 convolution a stage, whose results are interpolated and added up.
#[derive(Module, Debug)]
pub(super) struct Shortcut {
    /// The finest stage first.
    maps: Vec<Conv2d>,
}

impl Shortcut {
    /// A map that is 0 everywhere.
    pub(super) fn zeros(classes: usize, device: &Device) -> Self {
        let maps = STAGE_CHANNELS.map(|channels| zero_conv(channels, classes, device));
        Self { maps: maps.into() }
    }

    /// The map of a classifier.
    pub(super) fn of(head: &StageHead, device: &Device) -> Self {
        let classes = head.biases.len();
        let width: usize = STAGE_CHANNELS.iter().sum();
        let mut shortcut = Self::zeros(classes, device);
        let mut first = 0;
        for (map, channels) in shortcut.maps.iter_mut().zip(STAGE_CHANNELS) {
            let rows = head.weights.chunks_exact(width).flat_map(|row| &row[first..first + channels]);
            let weights = TensorData::new(rows.copied().collect::<Vec<f32>>(), [classes, channels, 1, 1]);
            map.weight = Param::from_data(weights, device);
            first += channels;
        }
        // The biases pass all interpolations unchanged, so those of one stage serve for all.
        let biases = TensorData::new(head.biases.clone(), [classes]);
        shortcut.maps[0].bias = Some(Param::from_data(biases, device));
        shortcut
    }

    /// The convolutions.
    pub(super) fn heads(&mut self) -> Vec<&mut Conv2d> {
        self.maps.iter_mut().collect()
    }

    /// Logits of the pixels.
    ///
    /// # Shapes
    /// - `stages`: `[batch, channels, height / stride, width / stride]` each, strides 2, 4, 8, …
    /// - result: `[batch, classes, height, width]`
    pub(super) fn forward(&self, stages: &[Tensor<4>]) -> Tensor<4> {
        let logits = |(map, stage): (&Conv2d, &Tensor<4>)| apply_head(map, stage.clone());
        let by_stage = self.maps.iter().zip(stages).rev().map(logits);
        let finest = by_stage.reduce(|coarser, finer| double(coarser) + finer);
        double(finest.expect("the encoder has stages"))
    }
}

/// A 1×1 convolution whose weights and biases are 0.
pub(super) fn zero_conv(from: usize, classes: usize, device: &Device) -> Conv2d {
    let mut conv = Conv2dConfig::new([from, classes], [1, 1]).init(device);
    conv.weight = Param::from_tensor(Tensor::zeros([classes, from, 1, 1], device));
    conv.bias = Some(Param::from_tensor(Tensor::zeros([classes], device)));
    conv
}

/// Doubles height and width, bilinear.
///
/// # Shapes
/// - `x`: `[batch, channels, height, width]`
/// - result: `[batch, channels, 2·height, 2·width]`
fn double(x: Tensor<4>) -> Tensor<4> {
    flex::double(&x).unwrap_or_else(|| by_burn(x))
}

/// A transposed convolution with fixed weights, because bilinear interpolation has no backward pass on GPUs.
fn by_burn(x: Tensor<4>) -> Tensor<4> {
    let [_, channels, height, width] = x.dims();
    let bordered = repeat_border(repeat_border(x, 2), 3);
    let kernel = [0.25, 0.75, 0.75, 0.25_f32];
    let weights: Vec<f32> = kernel.iter().flat_map(|a| kernel.map(|b| a * b)).collect();
    let weights = Tensor::<4>::from_data(TensorData::new(weights, [1, 1, 4, 4]), &bordered.device());
    let weights = weights.cast(numbers(&bordered));
    let options = ConvTransposeOptions::new([2, 2], [1, 1], [0, 0], [1, 1], channels);
    let doubled = conv_transpose2d(bordered, weights.repeat_dim(0, channels), None, options);
    doubled.narrow(2, 2, 2 * height).narrow(3, 2, 2 * width)
}

/// Repeats the first and the last slice along a dimension.
fn repeat_border(x: Tensor<4>, dim: usize) -> Tensor<4> {
    let last = x.dims()[dim] - 1;
    Tensor::cat(vec![x.clone().narrow(dim, 0, 1), x.clone(), x.narrow(dim, last, 1)], dim)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;

    fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().expect("f32")
    }

    /// What runs on the CPU is what runs on GPUs, values and gradients.
    #[test]
    fn the_kernel_doubles_as_burn_s_operators_do() {
        let device = Device::flex().autodiff();
        device.seed(4);
        let x = Tensor::<4>::random([2, 3, 4, 5], Distribution::Default, &device);
        let factors = Tensor::<4>::random([2, 3, 8, 10], Distribution::Default, &device);
        let pass = |double: fn(Tensor<4>) -> Tensor<4>| {
            let x = x.clone().detach().require_grad();
            let out = double(x.clone());
            let gradients = (out.clone() * factors.clone()).sum().backward();
            [floats(out), floats(x.grad(&gradients).expect("tracked"))]
        };
        for (ours, burns) in pass(double).iter().flatten().zip(pass(by_burn).iter().flatten()) {
            assert!((ours - burns).abs() < 1e-5, "{ours} for {burns}");
        }
    }

    #[test]
    fn a_classifier_s_logits_are_those_of_its_stages_added_up() {
        let device = Device::flex();
        let width: usize = STAGE_CHANNELS.iter().sum();
        let weights: Vec<f32> = (0..2 * width).map(|at| (at % 7) as f32 - 3.0).collect();
        let head = StageHead { weights: weights.clone(), biases: vec![0.5, -2.0] };
        let constant = |stage: usize| {
            let side = 32 >> stage;
            Tensor::<4>::full([1, STAGE_CHANNELS[stage], side, 2 * side], (stage + 1) as f32 / 8.0, &device)
        };
        let stages: Vec<Tensor<4>> = (0..STAGE_CHANNELS.len()).map(constant).collect();
        let logits = Shortcut::of(&head, &device).forward(&stages);
        assert_eq!(logits.dims(), [1, 2, 64, 128]);
        let value = |channel: usize| {
            let stage = (0..5).find(|stage| channel < STAGE_CHANNELS[..=*stage].iter().sum()).expect("a stage");
            (stage + 1) as f32 / 8.0
        };
        let logits = floats(logits);
        for (class, logits) in logits.chunks(64 * 128).enumerate() {
            let row = &weights[class * width..(class + 1) * width];
            let want: f32 = row.iter().enumerate().map(|(at, weight)| weight * value(at)).sum();
            let want = want + head.biases[class];
            assert!(logits.iter().all(|logit| (logit - want).abs() < 1e-2), "{want}: {}", logits[0]);
        }
    }
}
