//! Layers with weights and a bias, for Burn tensors.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::accumulate::{GradientSum, take};
use super::graph::record;
use super::tensors::{
    Tracked, channel_gradient, contiguous, plain, shape_of, tensor, tracked, untracked, values, weight_gradient,
};
use crate::kernels::conv::{head, nearest, transposed};
use crate::kernels::memory::Buffer;
use crate::kernels::shape::Shape;

/// Transposed 2×2 convolution with stride 2.
///
/// # Shapes
/// - `x`: `[batch, in_channels, height, width]`
/// - `weights`: `[in_channels, out_channels, 2, 2]`
/// - `bias`: `[out_channels]`
/// - result: `[batch, out_channels, 2·height, 2·width]`
pub fn transposed_conv(x: &Tensor<4>, weights: &Tensor<4>, bias: &Tensor<1>) -> Option<Tensor<4>> {
    forward(LayerKind::Transposed, x, weights, bias)
}

/// The segmentation head: 1×1 convolution.
///
/// # Shapes
/// - `x`: `[batch, in_channels, height, width]`
/// - `weights`: `[out_channels, in_channels, 1, 1]`
/// - `bias`: `[out_channels]`
/// - result: `[batch, out_channels, height, width]`
pub fn head(x: &Tensor<4>, weights: &Tensor<4>, bias: &Tensor<1>) -> Option<Tensor<4>> {
    forward(LayerKind::Head, x, weights, bias)
}

/// Each pixel four times, then a 3×3 convolution.
///
/// # Shapes
/// - `x`: `[batch, in_channels, height, width]`
/// - `weights`: `[out_channels, in_channels, 3, 3]`
/// - `bias`: `[out_channels]`
/// - result: `[batch, out_channels, 2·height, 2·width]`
pub fn nearest_conv(x: &Tensor<4>, weights: &Tensor<4>, bias: &Tensor<1>) -> Option<Tensor<4>> {
    forward(LayerKind::Nearest, x, weights, bias)
}

#[derive(Debug, Clone, Copy)]
enum LayerKind {
    Transposed,
    Nearest,
    Head,
}

impl LayerKind {
    fn forward(self, x: &[f32], shape: Shape, weights: &[f32], bias: &[f32]) -> (Buffer, Shape) {
        match self {
            Self::Transposed => {
                (transposed::forward(x, shape, weights, bias), transposed::output_shape(shape, bias.len()))
            }
            Self::Nearest => (nearest::forward(x, shape, weights, bias), transposed::output_shape(shape, bias.len())),
            Self::Head => (head::forward(x, shape, weights, bias), shape.with_channels(bias.len())),
        }
    }
}

fn forward(kind: LayerKind, x: &Tensor<4>, weights: &Tensor<4>, bias: &Tensor<1>) -> Option<Tensor<4>> {
    if let (Some(x), Some(weights), Some(bias)) = (plain(x), plain(weights), plain(bias)) {
        let (out, shape) = kind.forward(values(&x), shape_of(&x), values(&weights), values(&bias));
        return Some(untracked(out, &shape.dims()));
    }
    let operands = [tracked(x)?, tracked(weights)?, tracked(bias)?];
    let saved = operands.each_ref().map(|operand| contiguous(operand.primitive().clone()));
    let [x, weights, bias] = &saved;
    let (out, shape) = kind.forward(values(x), shape_of(x), values(weights), values(bias));
    let nodes = operands.iter().map(Tracked::node).collect();
    let state = LayerState { kind, operands: saved };
    Some(record::<_, 3, 4>(LayerBackward, nodes, state, tensor(out, &shape.dims())))
}

#[derive(Debug)]
struct LayerBackward;

#[derive(Debug, Clone)]
struct LayerState {
    kind: LayerKind,
    /// Input, weights, bias.
    operands: [FlexTensor; 3],
}

impl Backward<Flex, 3> for LayerBackward {
    type State = LayerState;

    fn backward(self, ops: Ops<LayerState, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = take(&ops, grads);
        let LayerState { kind, operands: [x, weights, bias] } = &ops.state;
        let backward = match kind {
            LayerKind::Transposed => transposed::backward,
            LayerKind::Nearest => nearest::backward,
            LayerKind::Head => head::backward,
        };
        let out_channels = values(bias).len();
        let mut sum = GradientSum::of_parent(&ops, 0, shape_of(x), grads);
        let of_input = sum.as_mut().map(GradientSum::output);
        let gradients = backward(values(x), shape_of(x), values(weights), out_channels, values(&upstream), of_input);
        if let Some(sum) = sum {
            sum.register(grads);
        }
        let [_, of_weights, of_bias] = &ops.parents;
        if let Some(node) = of_weights {
            grads.register::<Flex>(node.id, weight_gradient(gradients.weights, weights));
        }
        if let Some(node) = of_bias {
            grads.register::<Flex>(node.id, channel_gradient(gradients.bias, bias));
        }
    }
}
