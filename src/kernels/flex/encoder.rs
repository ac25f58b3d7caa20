//! The layers of a pretrained encoder for Burn tensors.

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
use crate::kernels::inverted_residual::{self, Block, Layer, LayerGradients};
use crate::kernels::stem;

/// A convolution's parameters.
pub struct LayerTensors {
    /// `[outputs, inputs / groups, side, side]`
    pub weights: Tensor<4>,
    /// `[outputs]`
    pub bias: Tensor<1>,
}

/// Operands in the order input, then weights and bias of each layer: plain ones, or tracked ones.
enum Operands {
    Plain(Vec<FlexTensor>),
    Tracked(Vec<Tracked>),
}

fn operands(x: &Tensor<4>, layers: &[LayerTensors]) -> Option<Operands> {
    let all_plain = || {
        let parameters = layers.iter().flat_map(|layer| [plain(&layer.weights), plain(&layer.bias)]);
        std::iter::once(plain(x)).chain(parameters).collect::<Option<Vec<_>>>()
    };
    let all_tracked = || {
        let parameters = layers.iter().flat_map(|layer| [tracked(&layer.weights), tracked(&layer.bias)]);
        std::iter::once(tracked(x)).chain(parameters).collect::<Option<Vec<_>>>()
    };
    all_plain().map(Operands::Plain).or_else(|| all_tracked().map(Operands::Tracked))
}

fn saved(operands: &[Tracked]) -> Vec<FlexTensor> {
    operands.iter().map(|operand| contiguous(operand.primitive().clone())).collect()
}

fn nodes(operands: &[Tracked]) -> Vec<NodeGuard> {
    operands.iter().map(Tracked::node).collect()
}

/// An inverted residual block of two or three layers: expansion (if any), depthwise window, projection.
///
/// # Shapes
/// - `x`: `[batch, in, height, width]`, both sides multiples of the stride
/// - result: `[batch, out, height / stride, width / stride]`
pub fn inverted_residual(x: &Tensor<4>, layers: &[LayerTensors], stride: usize) -> Option<Tensor<4>> {
    match operands(x, layers)? {
        Operands::Plain(operands) => {
            let (block, shape) = (block(&operands, stride), shape_of(&operands[0]));
            let out = inverted_residual::forward(values(&operands[0]), shape, &block);
            Some(untracked(out, &block.output_shape(shape).dims()))
        }
        Operands::Tracked(tracked) => {
            let operands = saved(&tracked);
            let (block, shape) = (block(&operands, stride), shape_of(&operands[0]));
            let out = inverted_residual::forward(values(&operands[0]), shape, &block);
            let out = tensor(out, &block.output_shape(shape).dims());
            let (nodes, state) = (nodes(&tracked), BlockState { operands: operands.clone(), stride });
            match operands.len() {
                5 => Some(record::<_, 5, 4>(BlockBackward, nodes, state, out)),
                7 => Some(record::<_, 7, 4>(BlockBackward, nodes, state, out)),
                other => unreachable!("{other} operands of two or three layers"),
            }
        }
    }
}

fn block(operands: &[FlexTensor], stride: usize) -> Block<'_> {
    let layer = |first: usize| Layer { weights: values(&operands[first]), bias: values(&operands[first + 1]) };
    let project = operands.len() - 2;
    let depthwise = project - 2;
    Block {
        expand: (depthwise > 1).then(|| layer(1)),
        depthwise: layer(depthwise),
        project: layer(project),
        side: shape_of(&operands[depthwise]).height,
        stride,
    }
}

#[derive(Debug)]
struct BlockBackward;

#[derive(Debug, Clone)]
struct BlockState {
    operands: Vec<FlexTensor>,
    stride: usize,
}

impl<const N: usize> Backward<Flex, N> for BlockBackward {
    type State = BlockState;

    fn backward(self, ops: Ops<BlockState, N>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = take(&ops, grads);
        let BlockState { operands, stride } = &ops.state;
        let (x, shape) = (values(&operands[0]), shape_of(&operands[0]));
        let mut sum = GradientSum::of_parent(&ops, 0, shape, grads);
        let of_input = sum.as_mut().map(GradientSum::output);
        let gradients = inverted_residual::backward(x, shape, &block(operands, *stride), values(&upstream), of_input);
        if let Some(sum) = sum {
            sum.register(grads);
        }
        let layers = gradients.expand.into_iter().chain([gradients.depthwise, gradients.project]);
        let parameters = operands[1..].chunks_exact(2).zip(ops.parents[1..].chunks_exact(2));
        for (LayerGradients { weights, bias }, (like, nodes)) in layers.zip(parameters) {
            if let Some(node) = &nodes[0] {
                grads.register::<Flex>(node.id, weight_gradient(weights, &like[0]));
            }
            if let Some(node) = &nodes[1] {
                grads.register::<Flex>(node.id, channel_gradient(bias, &like[1]));
            }
        }
    }
}

/// The first layer: 3×3 convolution with stride 2, bias and ReLU6. The image gets no gradient.
///
/// # Shapes
/// - `x`: `[batch, in, height, width]`, both sides even
/// - result: `[batch, out, height / 2, width / 2]`
pub fn stem(x: &Tensor<4>, layer: LayerTensors) -> Option<Tensor<4>> {
    let forward = |operands: &[FlexTensor]| {
        let (shape, bias) = (shape_of(&operands[0]), values(&operands[2]));
        let out = stem::forward(values(&operands[0]), shape, values(&operands[1]), bias);
        (out, stem::output_shape(shape, bias.len()).dims())
    };
    match operands(x, &[layer])? {
        Operands::Plain(operands) => {
            let (out, dims) = forward(&operands);
            Some(untracked(out, &dims))
        }
        Operands::Tracked(tracked) => {
            let operands = saved(&tracked);
            let (out, dims) = forward(&operands);
            let out = tensor(out, &dims);
            let state = StemState { operands, out: out.clone() };
            Some(record::<_, 3, 4>(StemBackward, nodes(&tracked), state, out))
        }
    }
}

#[derive(Debug)]
struct StemBackward;

#[derive(Debug, Clone)]
struct StemState {
    operands: Vec<FlexTensor>,
    out: FlexTensor,
}

impl Backward<Flex, 3> for StemBackward {
    type State = StemState;

    fn backward(self, ops: Ops<StemState, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = take(&ops, grads);
        let StemState { operands, out } = &ops.state;
        let [x, like_weights, like_bias] = [0, 1, 2].map(|index| &operands[index]);
        let channels = values(like_bias).len();
        let (weights, bias) = stem::backward(values(x), shape_of(x), values(out), channels, values(&upstream));
        let [_, of_weights, of_bias] = &ops.parents;
        if let Some(node) = of_weights {
            grads.register::<Flex>(node.id, weight_gradient(weights, like_weights));
        }
        if let Some(node) = of_bias {
            grads.register::<Flex>(node.id, channel_gradient(bias, like_bias));
        }
    }
}
