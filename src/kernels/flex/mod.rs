//! The operators as Burn sees them: tensors of the Flex backend in and out, with gradients where they are tracked.
//!
//! Every function gives `None` for tensors that live elsewhere; the caller then uses Burn's own operators.

mod accumulate;
mod optim;
mod tensors;

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::FloatTensorOps;
use burn::backend::{Autodiff, Flex};
use burn::tensor::{Bytes, DType, Tensor};

use super::block::{self, Measured, Stage};
use super::conv::{head, transposed};
use super::memory::Buffer;
use super::norm::Statistics;
use super::shape::Shape;
use super::{loss, pool};
pub use optim::{AdamMoments, adam, sgd};

use accumulate::{Sum, take};
use tensors::{Tracked, large, plain, shape_of, small, tensor, tracked, untracked, values, whole};

/// Parameters of one convolution and the normalisation after it.
pub struct StageTensors {
    /// `[outputs, inputs, 3, 3]`
    pub weights: Tensor<4>,
    /// `[outputs]`
    pub gamma: Tensor<1>,
    /// `[outputs]`
    pub beta: Tensor<1>,
    /// Added to the variance.
    pub epsilon: f64,
}

/// Most tensors a block can join; more are joined before.
pub const MOST_PARTS: usize = 8;

/// Twice convolution, batch norm with the batch's own statistics, and ReLU, of `parts` joined channel after channel; for
/// tracked tensors. The statistics are those of the two normalisations.
///
/// # Shapes
/// - `parts`: `[batch, _, height, width]` each, at most [`MOST_PARTS`]
/// - result: `[batch, outputs, height, width]`
pub fn conv_block_train(parts: &[Tensor<4>], stages: &[StageTensors; 2]) -> Option<(Tensor<4>, [Statistics; 2])> {
    let operands: Option<Vec<_>> =
        parts.iter().map(tracked).chain(stages.iter().flat_map(StageTensors::tracked)).collect();
    let operands = operands?;
    let epsilon = stages.each_ref().map(|stage| stage.epsilon as f32);
    let saved: Vec<FlexTensor> = operands.iter().map(|operand| whole(operand.primitive().clone())).collect();
    let (parts, params) = saved.split_at(saved.len() - PARAMETERS);
    let (z, measured) = block::forward(&part_slices(parts), stage_slices(params, epsilon));
    let shape = shape_of(&parts[0]).with_channels(values(&params[1]).len());
    let statistics = measured.each_ref().map(|measured| measured.statistics.clone());
    let state = BlockState { saved: saved.clone(), epsilon, measured: Arc::new(measured) };
    let guards: Vec<NodeGuard> = operands.iter().map(Tracked::node).collect();
    let z = tensor(z, &shape.dims());
    let z = match parts.len() {
        1 => record::<_, 7, 4>(BlockBackward, guards, state, z),
        2 => record::<_, 8, 4>(BlockBackward, guards, state, z),
        3 => record::<_, 9, 4>(BlockBackward, guards, state, z),
        4 => record::<_, 10, 4>(BlockBackward, guards, state, z),
        5 => record::<_, 11, 4>(BlockBackward, guards, state, z),
        6 => record::<_, 12, 4>(BlockBackward, guards, state, z),
        7 => record::<_, 13, 4>(BlockBackward, guards, state, z),
        MOST_PARTS => record::<_, 14, 4>(BlockBackward, guards, state, z),
        more => unreachable!("a block joins at most {MOST_PARTS} tensors, not {more}"),
    };
    Some((z, statistics))
}

/// The same with known statistics (mean and variance of each normalisation), for tensors that are not tracked.
pub fn conv_block_infer(
    parts: &[Tensor<4>],
    stages: &[StageTensors; 2],
    statistics: [[Tensor<1>; 2]; 2],
) -> Option<Tensor<4>> {
    let operands: Option<Vec<_>> = parts.iter().map(plain).chain(stages.iter().flat_map(StageTensors::plain)).collect();
    let saved = operands?;
    let (parts, params) = saved.split_at(saved.len() - PARAMETERS);
    let [first, second] = statistics.map(|[mean, variance]| {
        Some(Statistics { mean: values(&plain(&mean)?).to_vec(), variance: values(&plain(&variance)?).to_vec() })
    });
    let epsilon = stages.each_ref().map(|stage| stage.epsilon as f32);
    let z = block::infer(&part_slices(parts), stage_slices(params, epsilon), [&first?, &second?]);
    let shape = shape_of(&parts[0]).with_channels(values(&params[1]).len());
    Some(untracked(z, shape))
}

/// Maximum of each 2×2 square.
///
/// # Shapes
/// - `x`: `[batch, channels, height, width]`
/// - result: `[batch, channels, height / 2, width / 2]`
pub fn max_pool(x: &Tensor<4>) -> Option<Tensor<4>> {
    if let Some(x) = plain(x) {
        let shape = shape_of(&x);
        return Some(untracked(pool::forward(values(&x), shape).0, pool::halved(shape)));
    }
    let x = tracked(x)?;
    let shape = shape_of(x.primitive());
    let (out, which) = pool::forward(values(&whole(x.primitive().clone())), shape);
    let out = tensor(out, &pool::halved(shape).dims());
    Some(record::<_, 1, 4>(PoolBackward, vec![x.node()], PoolState { which: Arc::new(which), shape }, out))
}

/// Transposed 2×2 convolution, stride 2.
///
/// # Shapes
/// - `x`: `[batch, inputs, height, width]`
/// - `weights`: `[inputs, outputs, 2, 2]`
/// - `bias`: `[outputs]`
/// - result: `[batch, outputs, 2·height, 2·width]`
pub fn double(x: &Tensor<4>, weights: &Tensor<4>, bias: &Tensor<1>) -> Option<Tensor<4>> {
    layer(LayerKind::Double, x, weights, bias)
}

/// 1×1 convolution.
///
/// # Shapes
/// - `x`: `[batch, inputs, height, width]`
/// - `weights`: `[outputs, inputs, 1, 1]`
/// - `bias`: `[outputs]`
/// - result: `[batch, outputs, height, width]`
pub fn head(x: &Tensor<4>, weights: &Tensor<4>, bias: &Tensor<1>) -> Option<Tensor<4>> {
    layer(LayerKind::Head, x, weights, bias)
}

/// Partial cross-entropy (see [`loss`]).
///
/// # Shapes
/// - `logits`: `[batch, classes, height, width]`
/// - `indices`: `[batch, height, width]`
/// - result: `[1]`
pub fn partial_cross_entropy(logits: &Tensor<4>, indices: &[u8], class_weights: &[f32]) -> Option<Tensor<1>> {
    let logits = tracked(logits)?;
    let shape = shape_of(logits.primitive());
    let values = whole(logits.primitive().clone());
    let (loss, gradient) = loss::partial_cross_entropy(self::values(&values), shape, indices, class_weights);
    let loss = FlexTensor::new(Bytes::from_elems(vec![loss]), Layout::contiguous([1].into()), DType::F32);
    Some(record::<_, 1, 1>(LossBackward, vec![logits.node()], tensor(gradient, &shape.dims()), loss))
}

/// Weights, gamma and beta of two stages.
const PARAMETERS: usize = 6;

impl StageTensors {
    fn tracked(&self) -> [Option<Tracked>; 3] {
        [tracked(&self.weights), tracked(&self.gamma), tracked(&self.beta)]
    }

    fn plain(&self) -> [Option<FlexTensor>; 3] {
        [plain(&self.weights), plain(&self.gamma), plain(&self.beta)]
    }
}

fn part_slices(parts: &[FlexTensor]) -> Vec<block::Part<'_>> {
    parts.iter().map(|part| (values(part), shape_of(part))).collect()
}

fn stage_slices(params: &[FlexTensor], epsilon: [f32; 2]) -> [Stage<'_>; 2] {
    [0, 1].map(|index| {
        let [weights, gamma, beta] = [0, 1, 2].map(|offset| values(&params[3 * index + offset]));
        Stage { weights, gamma, beta, epsilon: epsilon[index] }
    })
}

#[derive(Debug)]
struct BlockBackward;

#[derive(Debug, Clone)]
struct BlockState {
    /// The parts, then the parameters.
    saved: Vec<FlexTensor>,
    epsilon: [f32; 2],
    measured: Arc<[Measured; 2]>,
}

impl<const N: usize> Backward<Flex, N> for BlockBackward {
    type State = BlockState;

    fn backward(self, ops: Ops<BlockState, N>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = take(&ops, grads);
        let BlockState { saved, epsilon, measured } = &ops.state;
        let (parts, params) = saved.split_at(N - PARAMETERS);
        let mut sums: Vec<Option<Sum>> =
            parts.iter().enumerate().map(|(index, part)| Sum::of(&ops, index, shape_of(part), grads)).collect();
        let destinations = sums.iter_mut().map(|sum| sum.as_mut().map(Sum::destination)).collect();
        let stages = stage_slices(params, *epsilon);
        let of_stages = block::backward(&part_slices(parts), destinations, stages, measured, values(&upstream));
        sums.into_iter().flatten().for_each(|sum| sum.register(grads));
        let gradients = of_stages.into_iter().zip(params.chunks_exact(PARAMETERS / 2)).flat_map(|(of, like)| {
            [large(of.weights, &like[0]), small(of.norm.gamma, &like[1]), small(of.norm.beta, &like[2])]
        });
        for (node, gradient) in ops.parents[parts.len()..].iter().zip(gradients) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct PoolBackward;

#[derive(Debug, Clone)]
struct PoolState {
    which: Arc<Vec<u8>>,
    shape: Shape,
}

impl Backward<Flex, 1> for PoolBackward {
    type State = PoolState;

    fn backward(self, ops: Ops<PoolState, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = take(&ops, grads);
        let PoolState { which, shape } = &ops.state;
        if let Some(mut sum) = Sum::of(&ops, 0, *shape, grads) {
            pool::backward(values(&upstream), which, *shape, sum.destination());
            sum.register(grads);
        }
    }
}

/// Layers with weights and a bias.
#[derive(Debug, Clone, Copy)]
enum LayerKind {
    Double,
    Head,
}

impl LayerKind {
    fn forward(self, x: &[f32], shape: Shape, weights: &[f32], bias: &[f32]) -> (Buffer, Shape) {
        match self {
            Self::Double => (transposed::forward(x, shape, weights, bias), transposed::doubled(shape, bias.len())),
            Self::Head => (head::forward(x, shape, weights, bias), shape.with_channels(bias.len())),
        }
    }
}

fn layer(kind: LayerKind, x: &Tensor<4>, weights: &Tensor<4>, bias: &Tensor<1>) -> Option<Tensor<4>> {
    if let (Some(x), Some(weights), Some(bias)) = (plain(x), plain(weights), plain(bias)) {
        let (out, shape) = kind.forward(values(&x), shape_of(&x), values(&weights), values(&bias));
        return Some(untracked(out, shape));
    }
    let operands = [tracked(x)?, tracked(weights)?, tracked(bias)?];
    let saved = operands.each_ref().map(|operand| whole(operand.primitive().clone()));
    let [x, weights, bias] = &saved;
    let (out, shape) = kind.forward(values(x), shape_of(x), values(weights), values(bias));
    let guards = operands.iter().map(Tracked::node).collect();
    Some(record::<_, 3, 4>(LayerBackward, guards, LayerState { kind, saved }, tensor(out, &shape.dims())))
}

#[derive(Debug)]
struct LayerBackward;

#[derive(Debug, Clone)]
struct LayerState {
    kind: LayerKind,
    /// Input, weights, bias.
    saved: [FlexTensor; 3],
}

impl Backward<Flex, 3> for LayerBackward {
    type State = LayerState;

    fn backward(self, ops: Ops<LayerState, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = take(&ops, grads);
        let LayerState { kind, saved: [x, weights, bias] } = &ops.state;
        let backward = match kind {
            LayerKind::Double => transposed::backward,
            LayerKind::Head => head::backward,
        };
        let outputs = values(bias).len();
        let mut sum = Sum::of(&ops, 0, shape_of(x), grads);
        let destination = sum.as_mut().map(Sum::destination);
        let gradients = backward(values(x), shape_of(x), values(weights), outputs, values(&upstream), destination);
        if let Some(sum) = sum {
            sum.register(grads);
        }
        let [_, of_weights, of_bias] = &ops.parents;
        if let Some(node) = of_weights {
            grads.register::<Flex>(node.id, large(gradients.weights, weights));
        }
        if let Some(node) = of_bias {
            grads.register::<Flex>(node.id, small(gradients.bias, bias));
        }
    }
}

#[derive(Debug)]
struct LossBackward;

impl Backward<Flex, 1> for LossBackward {
    /// The gradient of the logits where that of the loss is 1.
    type State = FlexTensor;

    fn backward(self, ops: Ops<FlexTensor, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = values(&take(&ops, grads))[0];
        let [parent] = ops.parents;
        if let Some(node) = parent {
            let gradient = if upstream == 1.0 { ops.state } else { Flex::float_mul_scalar(ops.state, upstream.into()) };
            grads.register::<Flex>(node.id, gradient);
        }
    }
}

/// Puts an operator's result into the graph of gradients.
fn record<O, const N: usize, const D: usize>(
    operator: O,
    guards: Vec<NodeGuard>,
    state: O::State,
    result: FlexTensor,
) -> Tensor<D>
where
    O: Backward<Flex, N>,
{
    let guards: [NodeGuard; N] =
        guards.try_into().unwrap_or_else(|guards: Vec<_>| unreachable!("{} operands for {N}", guards.len()));
    let recorded = match operator.prepare::<NoCheckpointing>(guards).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(state, result),
        OpsKind::UnTracked(prepared) => prepared.finish(result),
    };
    Tensor::from_primitive::<Autodiff<Flex>>(recorded)
}
