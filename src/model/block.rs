//! The building blocks of both networks.
//!
//! On the CPU each block runs as one of our own operators (`kernels`), on other devices as Burn's.

use burn::Tensor;
use burn::module::{Module, Param, RunningState};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, TensorData, activation};

use crate::kernels::flex::{self, StageTensors};
use crate::kernels::norm::Statistics;

/// Twice 3×3 convolution, batch normalisation and ReLU. The convolutions have no bias: normalisation would cancel it.
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

    fn tensors(&self) -> StageTensors {
        StageTensors {
            weights: self.conv.weight.val(),
            gamma: self.norm.gamma.val(),
            beta: self.norm.beta.val(),
            epsilon: self.norm.epsilon,
        }
    }

    /// Moves the running statistics towards those of a batch, as Burn's own layer does.
    fn update_running_statistics(&self, batch: Statistics) {
        let update = |running: &RunningState<Tensor<1>>, values: Vec<f32>| {
            let old = running.value_sync();
            let len = values.len();
            let new = Tensor::from_data(TensorData::new(values, [len]), &old.device());
            running.update(old.mul_scalar(1.0 - self.norm.momentum).add(new.mul_scalar(self.norm.momentum)).detach());
        };
        update(&self.norm.running_mean, batch.mean);
        update(&self.norm.running_var, batch.variance);
    }
}

impl ConvBlock {
    /// A block from `from` to `to` channels, with random weights.
    pub fn new(from: usize, to: usize, device: &Device) -> Self {
        Self { first: ConvNorm::new(from, to, device), second: ConvNorm::new(to, to, device) }
    }

    /// Forward pass of `inputs`, concatenated along the channels.
    ///
    /// # Shapes
    /// - `inputs`: `[batch, _, height, width]`, together with `from` channels
    /// - result: `[batch, to, height, width]`
    pub fn forward(&self, inputs: Vec<Tensor<4>>) -> Tensor<4> {
        let inputs = if inputs.len() > flex::MAX_INPUTS { vec![Tensor::cat(inputs, 1)] } else { inputs };
        self.on_cpu(&inputs).unwrap_or_else(|| self.second.forward(self.first.forward(Tensor::cat(inputs, 1))))
    }

    fn on_cpu(&self, inputs: &[Tensor<4>]) -> Option<Tensor<4>> {
        let stages = [&self.first, &self.second];
        let tensors = stages.map(ConvNorm::tensors);
        let training = stages.map(|stage| inputs[0].device().is_autodiff() && stage.norm.training.is_enabled());
        match training {
            [true, true] => {
                let (z, statistics) = flex::conv_block_train(inputs, &tensors)?;
                for (stage, statistics) in stages.into_iter().zip(statistics) {
                    stage.update_running_statistics(statistics);
                }
                Some(z)
            }
            [false, false] => {
                let running = stages.map(|stage| [stage.norm.running_mean.value(), stage.norm.running_var.value()]);
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
    on_cpu.unwrap_or_else(|| head.forward(x))
}
