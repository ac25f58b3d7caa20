//! 1×1 convolution with a bias: the last layer.

use super::backward::{self, channel_sums};
use super::forward::{Finish, convolve};
use super::source::{Input, Source};
use super::strips::Target;
use super::transposed::LayerGradients;
use super::weights::{Order, Weights};
use crate::kernels::memory::Buffer;
use crate::kernels::output::Destination;
use crate::kernels::shape::Shape;

/// # Shapes
/// - `x`: `shape`
/// - `weights`: `[outputs, inputs]`
/// - result: `[batch, outputs, height, width]`
///
/// # Panics
/// When the weights do not fit.
pub fn forward(x: &[f32], shape: Shape, weights: &[f32], bias: &[f32]) -> Buffer {
    let outputs = shape.with_channels(bias.len());
    let mut out = Buffer::new(outputs.len());
    let weights = Weights::new(weights, Order::convolution(bias.len(), shape.channels, 1));
    let input = Input::new(vec![Source::plain(x, shape)]);
    convolve(&input, &weights, Target::one(&mut out, outputs), Finish::Bias(bias));
    out
}

/// Gradients from that of the result, `[batch, outputs, height, width]`; that of the input goes to `destination`.
///
/// # Panics
/// When the pieces do not fit together.
pub fn backward(
    x: &[f32],
    shape: Shape,
    weights: &[f32],
    outputs: usize,
    upstream: &[f32],
    destination: Option<Destination<'_>>,
) -> LayerGradients {
    let result = shape.with_channels(outputs);
    let gradient = Input::new(vec![Source::plain(upstream, result)]);
    let order = Order::convolution(outputs, shape.channels, 1).backward();
    let back = destination.map(|input| (Weights::new(weights, order), Target::destination(input, shape)));
    let x = Input::new(vec![Source::plain(x, shape)]);
    let weights = backward::backward(&x, &gradient, 1, back);
    LayerGradients { weights, bias: channel_sums(upstream, result) }
}
