//! The building blocks of the networks.
//!
//! On the CPU each block runs as one of our own operators (`kernels`), on other devices as Burn's.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::{Device, FloatDType, activation};

use super::convolve::{convolve, convolve_together, numbers};
use super::norm::{BlockNorm, update_running_statistics};
use crate::domain::config::Norm;
use crate::kernels::flex::{self, StageTensors};

/// Twice 3×3 convolution, normalisation and ReLU. The convolutions have no bias: normalisation has a shift of its own.
#[derive(Module, Debug)]
pub struct ConvBlock {
    first: ConvNorm,
    second: ConvNorm,
}

#[derive(Module, Debug)]
struct ConvNorm {
    conv: Conv2d,
    norm: BlockNorm,
}

impl ConvNorm {
    fn new(kind: Norm, from: usize, to: usize, device: &Device) -> Self {
        let conv = Conv2dConfig::new([from, to], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
        Self { conv: conv.with_bias(false).init(device), norm: BlockNorm::new(kind, to, device) }
    }

    /// Statistics are in f32 always, the result is in the type of `inputs`.
    fn forward(&self, inputs: Vec<Tensor<4>>) -> Tensor<4> {
        let numbers = numbers(&inputs[0]);
        let normalised = self.norm.forward(convolve_together(&self.conv, inputs).cast(FloatDType::F32));
        activation::relu(normalised.cast(numbers))
    }

    fn tensors(&self) -> StageTensors {
        let (gamma, beta) = self.norm.parameters();
        StageTensors { weights: self.conv.weight.val(), gamma, beta, epsilon: self.norm.epsilon() }
    }
}

impl ConvBlock {
    /// A block from `from` to `to` channels, with random weights.
    pub fn new(norm: Norm, from: usize, to: usize, device: &Device) -> Self {
        Self { first: ConvNorm::new(norm, from, to, device), second: ConvNorm::new(norm, to, to, device) }
    }

    /// Forward pass of `inputs`, concatenated along the channels.
    ///
    /// # Shapes
    /// - `inputs`: `[batch, _, height, width]`, together with `from` channels
    /// - result: `[batch, to, height, width]`
    pub fn forward(&self, inputs: Vec<Tensor<4>>) -> Tensor<4> {
        let inputs = if inputs.len() > flex::MAX_INPUTS { vec![Tensor::cat(inputs, 1)] } else { inputs };
        self.on_cpu(&inputs).unwrap_or_else(|| self.by_burn(inputs))
    }

    fn by_burn(&self, inputs: Vec<Tensor<4>>) -> Tensor<4> {
        self.second.forward(vec![self.first.forward(inputs)])
    }

    fn on_cpu(&self, inputs: &[Tensor<4>]) -> Option<Tensor<4>> {
        match [&self.first.norm, &self.second.norm] {
            [BlockNorm::Batch(first), BlockNorm::Batch(second)] => self.of_batch(inputs, [first, second]),
            [BlockNorm::Group(norm), BlockNorm::Group(_)] => {
                flex::conv_block_of_groups(inputs, &self.tensors(), norm.num_groups)
            }
            _ => None,
        }
    }

    fn tensors(&self) -> [StageTensors; 2] {
        [&self.first, &self.second].map(ConvNorm::tensors)
    }

    fn of_batch(&self, inputs: &[Tensor<4>], norms: [&BatchNorm; 2]) -> Option<Tensor<4>> {
        let tensors = self.tensors();
        let training = norms.map(|norm| inputs[0].device().is_autodiff() && norm.training.is_enabled());
        match training {
            [true, true] => {
                let (z, statistics) = flex::conv_block_train(inputs, &tensors)?;
                for (norm, statistics) in norms.into_iter().zip(statistics) {
                    update_running_statistics(norm, statistics);
                }
                Some(z)
            }
            [false, false] => {
                let running = norms.map(|norm| [norm.running_mean.value(), norm.running_var.value()]);
                flex::conv_block_infer(inputs, &tensors, running)
            }
            _ => None,
        }
    }
}

/// 2×2 max-pooling with stride 2.
pub fn max_pool() -> MaxPool2d {
    MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init()
}

/// Halves height and width.
///
/// # Shapes
/// - `x`: `[batch, channels, height, width]`
/// - result: `[batch, channels, height / 2, width / 2]`
pub fn downsample(max_pool: &MaxPool2d, x: Tensor<4>) -> Tensor<4> {
    flex::max_pool(&x).unwrap_or_else(|| max_pool.forward(x))
}

/// The segmentation head: 1×1 convolution to one logit per class.
pub fn head(from: usize, classes: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([from, classes], [1, 1]).init(device)
}

/// Computes the logits.
///
/// # Shapes
/// - `x`: `[batch, from, height, width]`
/// - result: `[batch, classes, height, width]`
pub fn apply_head(head: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let bias = head.bias.as_ref().map(Param::val);
    let on_cpu = bias.and_then(|bias| flex::head(&x, &head.weight.val(), &bias));
    on_cpu.unwrap_or_else(|| convolve(head, x))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;

    fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().expect("f32")
    }

    /// What runs on the CPU is what runs on GPUs: values, and gradients of inputs and weights.
    #[test]
    fn the_kernels_compute_a_block_as_burn_s_operators_do() {
        let device = Device::flex().autodiff();
        device.seed(4);
        let inputs = [3, 2].map(|channels| Tensor::<4>::random([2, channels, 6, 8], Distribution::Default, &device));
        let factors = Tensor::<4>::random([2, 12, 6, 8], Distribution::Default, &device);
        for norm in [Norm::Batch, Norm::Group] {
            let block = ConvBlock::new(norm, 5, 12, &device);
            let pass = |forward: fn(&ConvBlock, Vec<Tensor<4>>) -> Tensor<4>| {
                let inputs = inputs.clone().map(|input| input.detach().require_grad());
                let out = forward(&block, inputs.to_vec());
                let gradients = (out.clone() * factors.clone()).sum().backward();
                let mut found = vec![floats(out)];
                found.extend(inputs.iter().map(|input| floats(input.grad(&gradients).expect("tracked"))));
                for stage in [&block.first, &block.second] {
                    let (gamma, beta) = stage.norm.parameters();
                    found.push(floats(stage.conv.weight.val().grad(&gradients).expect("tracked")));
                    found.extend([gamma, beta].map(|param| floats(param.grad(&gradients).expect("tracked"))));
                }
                found.concat()
            };
            let ours = pass(|block, inputs| block.on_cpu(&inputs).expect("on the CPU"));
            let burns = pass(ConvBlock::by_burn);
            assert_eq!(ours.len(), burns.len());
            for (ours, burns) in ours.iter().zip(&burns) {
                assert!((ours - burns).abs() < 1e-3 * burns.abs().max(1.0), "{norm:?}: {ours} for {burns}");
            }
        }
    }
}
