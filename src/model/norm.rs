//! What normalises a convolution's result.

use burn::Tensor;
use burn::module::{Param, RunningState};
use burn::nn::{BatchNorm, BatchNormConfig, GroupNorm, GroupNormConfig};
use burn::tensor::{Device, TensorData};

use super::transparent::transparent_module;
use crate::domain::config::Norm;
use crate::kernels::norm::Statistics;

/// Normalisation with a scale and a shift for each channel.
#[derive(Clone, Debug)]
pub(super) enum BlockNorm {
    /// Each channel over all images of a batch; of running statistics once it is trained.
    Batch(BatchNorm),
    /// Groups of channels of each image.
    Group(GroupNorm),
}

transparent_module!(BlockNorm { Batch, Group });

impl BlockNorm {
    /// Normalisation that neither scales nor shifts yet.
    pub(super) fn new(kind: Norm, channels: usize, device: &Device) -> Self {
        match kind {
            Norm::Batch => Self::Batch(BatchNormConfig::new(channels).init(device)),
            Norm::Group => Self::Group(GroupNormConfig::new(Norm::groups(channels), channels).init(device)),
        }
    }

    /// With Burn's operators.
    ///
    /// # Shapes
    /// - `x`, result: `[batch, channels, height, width]`
    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Batch(norm) => norm.forward(x),
            Self::Group(norm) => norm.forward(x),
        }
    }

    /// Scale and shift of each channel, `[channels]` each.
    pub(super) fn parameters(&self) -> (Tensor<1>, Tensor<1>) {
        match self {
            Self::Batch(norm) => (norm.gamma.val(), norm.beta.val()),
            Self::Group(norm) => {
                let of = |param: &Option<Param<Tensor<1>>>| param.as_ref().expect("it was built with both").val();
                (of(&norm.gamma), of(&norm.beta))
            }
        }
    }

    /// What is added to the variance.
    pub(super) fn epsilon(&self) -> f64 {
        match self {
            Self::Batch(norm) => norm.epsilon,
            Self::Group(norm) => norm.epsilon,
        }
    }
}

/// Moves the running statistics towards those of a batch, as Burn's own layer does.
pub(super) fn update_running_statistics(norm: &BatchNorm, batch: Statistics) {
    let update = |running: &RunningState<Tensor<1>>, values: Vec<f32>| {
        let old = running.value_sync();
        let len = values.len();
        let new = Tensor::from_data(TensorData::new(values, [len]), &old.device());
        running.update(old.mul_scalar(1.0 - norm.momentum).add(new.mul_scalar(norm.momentum)).detach());
    };
    update(&norm.running_mean, batch.mean);
    update(&norm.running_var, batch.variance);
}
