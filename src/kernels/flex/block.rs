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
use crate::kernels::group_block;
use crate::kernels::memory::Buffer;
use crate::kernels::norm::Statistics;
use crate::kernels::shape::Shape;

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
    let operands = Operands::tracked(inputs, stages)?;
    let (inputs, parameters) = operands.saved.split_at(operands.saved.len() - PARAMETERS);
    let (z, saved) = block::forward(&views(inputs), stage_views(parameters, operands.epsilon, None));
    let statistics = saved.each_ref().map(|stage| stage.statistics.clone());
    Some((operands.record(None, z, vec![saved]), statistics))
}

/// Twice convolution, group norm with `groups` groups and ReLU, of `inputs` concatenated along the channels.
///
/// # Shapes
/// - `inputs`: `[batch, _, height, width]` each, at most [`MAX_INPUTS`]
/// - result: `[batch, out_channels, height, width]`
pub fn conv_block_of_groups(inputs: &[Tensor<4>], stages: &[StageTensors; 2], groups: usize) -> Option<Tensor<4>> {
    if let Some(operands) = Operands::tracked(inputs, stages) {
        let (inputs, parameters) = operands.saved.split_at(operands.saved.len() - PARAMETERS);
        let (z, saved) = group_block::forward(&views(inputs), stage_views(parameters, operands.epsilon, Some(groups)));
        return Some(operands.record(Some(groups), z, saved));
    }
    let (operands, epsilon) = plain_operands(inputs, stages)?;
    let (inputs, parameters) = operands.split_at(operands.len() - PARAMETERS);
    let (z, _) = group_block::forward(&views(inputs), stage_views(parameters, epsilon, Some(groups)));
    Some(untracked(z, &result_shape(inputs, parameters).dims()))
}

/// Inputs and parameters of a block whose gradients are tracked.
struct Operands {
    nodes: Vec<NodeGuard>,
    /// The inputs, then the parameters.
    saved: Vec<FlexTensor>,
    epsilon: [f32; 2],
}

impl Operands {
    fn tracked(inputs: &[Tensor<4>], stages: &[StageTensors; 2]) -> Option<Self> {
        let operands = inputs.iter().map(tracked).chain(stages.iter().flat_map(StageTensors::tracked));
        let operands: Vec<Tracked> = operands.collect::<Option<_>>()?;
        let epsilon = stages.each_ref().map(|stage| stage.epsilon as f32);
        let saved = operands.iter().map(|operand| contiguous(operand.primitive().clone())).collect();
        Some(Self { nodes: operands.iter().map(Tracked::node).collect(), saved, epsilon })
    }

    /// Records the block's result `z`; `images` is what was saved of each image, or of the batch.
    fn record(self, groups: Option<usize>, z: Buffer, images: Vec<[SavedStage; 2]>) -> Tensor<4> {
        let Self { nodes, saved, epsilon } = self;
        let (inputs, parameters) = saved.split_at(saved.len() - PARAMETERS);
        let (count, z) = (inputs.len(), tensor(z, &result_shape(inputs, parameters).dims()));
        record_block(count, nodes, BlockState { operands: saved, epsilon, groups, images: Arc::new(images) }, z)
    }
}

fn record_block(inputs: usize, nodes: Vec<NodeGuard>, state: BlockState, z: FlexTensor) -> Tensor<4> {
    match inputs {
        1 => record::<_, 7, 4>(BlockBackward, nodes, state, z),
        2 => record::<_, 8, 4>(BlockBackward, nodes, state, z),
        3 => record::<_, 9, 4>(BlockBackward, nodes, state, z),
        4 => record::<_, 10, 4>(BlockBackward, nodes, state, z),
        5 => record::<_, 11, 4>(BlockBackward, nodes, state, z),
        6 => record::<_, 12, 4>(BlockBackward, nodes, state, z),
        7 => record::<_, 13, 4>(BlockBackward, nodes, state, z),
        MAX_INPUTS => record::<_, 14, 4>(BlockBackward, nodes, state, z),
        more => unreachable!("a block concatenates at most {MAX_INPUTS} inputs, not {more}"),
    }
}

/// Inputs and parameters of a block whose gradients are not tracked, and what is added to the variances.
fn plain_operands(inputs: &[Tensor<4>], stages: &[StageTensors; 2]) -> Option<(Vec<FlexTensor>, [f32; 2])> {
    let operands = inputs.iter().map(plain).chain(stages.iter().flat_map(StageTensors::plain));
    Some((operands.collect::<Option<_>>()?, stages.each_ref().map(|stage| stage.epsilon as f32)))
}

fn result_shape(inputs: &[FlexTensor], parameters: &[FlexTensor]) -> Shape {
    shape_of(&inputs[0]).with_channels(values(&parameters[1]).len())
}

/// The same with known statistics (mean and variance of each normalisation), for tensors without gradient tracking.
pub fn conv_block_infer(
    inputs: &[Tensor<4>],
    stages: &[StageTensors; 2],
    statistics: [[Tensor<1>; 2]; 2],
) -> Option<Tensor<4>> {
    let (operands, epsilon) = plain_operands(inputs, stages)?;
    let (inputs, parameters) = operands.split_at(operands.len() - PARAMETERS);
    let [first, second] = statistics.map(|[mean, variance]| {
        Some(Statistics { mean: values(&plain(&mean)?).to_vec(), variance: values(&plain(&variance)?).to_vec() })
    });
    let z = block::infer(&views(inputs), stage_views(parameters, epsilon, None), [&first?, &second?]);
    Some(untracked(z, &result_shape(inputs, parameters).dims()))
}

fn views(inputs: &[FlexTensor]) -> Vec<TensorView<'_>> {
    inputs.iter().map(|input| (values(input), shape_of(input))).collect()
}

fn stage_views(parameters: &[FlexTensor], epsilon: [f32; 2], groups: Option<usize>) -> [Stage<'_>; 2] {
    [0, 1].map(|index| {
        let [weights, gamma, beta] = [0, 1, 2].map(|offset| values(&parameters[3 * index + offset]));
        Stage { weights, gamma, beta, epsilon: epsilon[index], groups }
    })
}

#[derive(Debug)]
struct BlockBackward;

#[derive(Debug, Clone)]
struct BlockState {
    /// The inputs, then the parameters.
    operands: Vec<FlexTensor>,
    epsilon: [f32; 2],
    /// Of group norm.
    groups: Option<usize>,
    /// Of the whole batch with batch norm, of each image with group norm.
    images: Arc<Vec<[SavedStage; 2]>>,
}

impl<const N: usize> Backward<Flex, N> for BlockBackward {
    type State = BlockState;

    fn backward(self, ops: Ops<BlockState, N>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = take(&ops, grads);
        let BlockState { operands, epsilon, groups, images } = &ops.state;
        let (inputs, parameters) = operands.split_at(N - PARAMETERS);
        let mut sums: Vec<Option<GradientSum>> = inputs
            .iter()
            .enumerate()
            .map(|(index, input)| GradientSum::of_parent(&ops, index, shape_of(input), grads))
            .collect();
        let of_inputs = sums.iter_mut().map(|sum| sum.as_mut().map(GradientSum::output)).collect();
        let (views, stages) = (views(inputs), stage_views(parameters, *epsilon, *groups));
        let of_stages = match groups {
            None => block::backward(&views, of_inputs, stages, &images[0], values(&upstream)),
            Some(_) => group_block::backward(&views, of_inputs, stages, images, values(&upstream)),
        };
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
