//! The convolution block for Burn tensors (see [`crate::kernels::block`]).

use std::sync::Arc;

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops};
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::accumulate::{GradientSum, take};
use super::graph::record;
use super::tensors::{
    Tracked, channel_gradient, contiguous, plain, shape_of, tensor, tracked, untracked, values, weight_gradient,
};
use crate::kernels::block::{self, SavedStage, Stage, TensorView};
use crate::kernels::norm::Statistics;

/// Parameters of one convolution and the normalisation after it.
pub struct StageTensors {
    /// `[out_channels, in_channels, 3, 3]`
    pub weights: Tensor<4>,
    /// `[out_channels]`
    pub gamma: Tensor<1>,
    /// `[out_channels]`
    pub beta: Tensor<1>,
    /// Added to the variance.
    pub epsilon: f64,
}

impl StageTensors {
    fn tracked(&self) -> [Option<Tracked>; 3] {
        [tracked(&self.weights), tracked(&self.gamma), tracked(&self.beta)]
    }

    fn plain(&self) -> [Option<FlexTensor>; 3] {
        [plain(&self.weights), plain(&self.gamma), plain(&self.beta)]
    }
}

/// The largest number of inputs a block can concatenate itself.
pub const MAX_INPUTS: usize = 8;

/// Number of parameter tensors: weights, gamma and beta of two stages.
const PARAMETERS: usize = 6;

/// Twice convolution, batch norm with the batch's own statistics and ReLU, of `inputs` concatenated along the channels;
/// for tracked tensors. Also returns the statistics of both normalisations.
///
/// # Shapes
/// - `inputs`: `[batch, _, height, width]` each, at most [`MAX_INPUTS`]
/// - result: `[batch, out_channels, height, width]`
pub fn conv_block_train(inputs: &[Tensor<4>], stages: &[StageTensors; 2]) -> Option<(Tensor<4>, [Statistics; 2])> {
    let operands: Option<Vec<_>> =
        inputs.iter().map(tracked).chain(stages.iter().flat_map(StageTensors::tracked)).collect();
    let operands = operands?;
    let epsilon = stages.each_ref().map(|stage| stage.epsilon as f32);
    let saved: Vec<FlexTensor> = operands.iter().map(|operand| contiguous(operand.primitive().clone())).collect();
    let (inputs, parameters) = saved.split_at(saved.len() - PARAMETERS);
    let (z, stages) = block::forward(&views(inputs), stage_views(parameters, epsilon));
    let shape = shape_of(&inputs[0]).with_channels(values(&parameters[1]).len());
    let statistics = stages.each_ref().map(|stage| stage.statistics.clone());
    let state = BlockState { operands: saved.clone(), epsilon, stages: Arc::new(stages) };
    let nodes: Vec<NodeGuard> = operands.iter().map(Tracked::node).collect();
    let z = tensor(z, &shape.dims());
    let z = match inputs.len() {
        1 => record::<_, 7, 4>(BlockBackward, nodes, state, z),
        2 => record::<_, 8, 4>(BlockBackward, nodes, state, z),
        3 => record::<_, 9, 4>(BlockBackward, nodes, state, z),
        4 => record::<_, 10, 4>(BlockBackward, nodes, state, z),
        5 => record::<_, 11, 4>(BlockBackward, nodes, state, z),
        6 => record::<_, 12, 4>(BlockBackward, nodes, state, z),
        7 => record::<_, 13, 4>(BlockBackward, nodes, state, z),
        MAX_INPUTS => record::<_, 14, 4>(BlockBackward, nodes, state, z),
        more => unreachable!("a block concatenates at most {MAX_INPUTS} inputs, not {more}"),
    };
    Some((z, statistics))
}

/// The same with known statistics (mean and variance of each normalisation), for tensors without gradient tracking.
pub fn conv_block_infer(
    inputs: &[Tensor<4>],
    stages: &[StageTensors; 2],
    statistics: [[Tensor<1>; 2]; 2],
) -> Option<Tensor<4>> {
    let operands: Option<Vec<_>> =
        inputs.iter().map(plain).chain(stages.iter().flat_map(StageTensors::plain)).collect();
    let operands = operands?;
    let (inputs, parameters) = operands.split_at(operands.len() - PARAMETERS);
    let [first, second] = statistics.map(|[mean, variance]| {
        Some(Statistics { mean: values(&plain(&mean)?).to_vec(), variance: values(&plain(&variance)?).to_vec() })
    });
    let epsilon = stages.each_ref().map(|stage| stage.epsilon as f32);
    let z = block::infer(&views(inputs), stage_views(parameters, epsilon), [&first?, &second?]);
    let shape = shape_of(&inputs[0]).with_channels(values(&parameters[1]).len());
    Some(untracked(z, &shape.dims()))
}

fn views(inputs: &[FlexTensor]) -> Vec<TensorView<'_>> {
    inputs.iter().map(|input| (values(input), shape_of(input))).collect()
}

fn stage_views(parameters: &[FlexTensor], epsilon: [f32; 2]) -> [Stage<'_>; 2] {
    [0, 1].map(|index| {
        let [weights, gamma, beta] = [0, 1, 2].map(|offset| values(&parameters[3 * index + offset]));
        Stage { weights, gamma, beta, epsilon: epsilon[index] }
    })
}

#[derive(Debug)]
struct BlockBackward;

#[derive(Debug, Clone)]
struct BlockState {
    /// The inputs, then the parameters.
    operands: Vec<FlexTensor>,
    epsilon: [f32; 2],
    stages: Arc<[SavedStage; 2]>,
}

impl<const N: usize> Backward<Flex, N> for BlockBackward {
    type State = BlockState;

    fn backward(self, ops: Ops<BlockState, N>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = take(&ops, grads);
        let BlockState { operands, epsilon, stages } = &ops.state;
        let (inputs, parameters) = operands.split_at(N - PARAMETERS);
        let mut sums: Vec<Option<GradientSum>> = inputs
            .iter()
            .enumerate()
            .map(|(index, input)| GradientSum::of_parent(&ops, index, shape_of(input), grads))
            .collect();
        let of_inputs = sums.iter_mut().map(|sum| sum.as_mut().map(GradientSum::output)).collect();
        let views = (views(inputs), stage_views(parameters, *epsilon));
        let of_stages = block::backward(&views.0, of_inputs, views.1, stages, values(&upstream));
        sums.into_iter().flatten().for_each(|sum| sum.register(grads));
        let gradients = of_stages.into_iter().zip(parameters.chunks_exact(PARAMETERS / 2)).flat_map(|(stage, like)| {
            [
                weight_gradient(stage.weights, &like[0]),
                channel_gradient(stage.norm.gamma, &like[1]),
                channel_gradient(stage.norm.beta, &like[2]),
            ]
        });
        for (node, gradient) in ops.parents[inputs.len()..].iter().zip(gradients) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, gradient);
            }
        }
    }
}
