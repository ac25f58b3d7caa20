//! Transposed 2×2 convolution with stride 2: every pixel becomes a 2×2 square, so it is a 1×1 convolution to four times the
//! channels whose result is interleaved.

use super::backward::{self, channel_sums};
use super::forward::{Finish, convolve};
use super::source::{Input, Source, Values};
use super::strips::Target;
use super::weights::{Order, Weights};
use crate::kernels::memory::Buffer;
use crate::kernels::output::Destination;
use crate::kernels::shape::Shape;

/// Gradients of a layer's weights and bias.
pub struct LayerGradients {
    /// In the order of the weights.
    pub weights: Buffer,
    /// One for each output.
    pub bias: Vec<f32>,
}

/// `[inputs, outputs, 2, 2]` read as `[inputs, outputs · 4]`.
fn order(inputs: usize, outputs: usize) -> Order {
    Order { outputs: 4 * outputs, inputs, taps: 1, output_stride: 1, input_stride: 4 * outputs, flipped: false }
}

/// The size of the result.
pub fn doubled(shape: Shape, outputs: usize) -> Shape {
    Shape { batch: shape.batch, channels: outputs, height: 2 * shape.height, width: 2 * shape.width }
}

/// # Shapes
/// - `x`: `shape`
/// - `weights`: `[inputs, outputs, 2, 2]`
/// - result: `[batch, outputs, 2·height, 2·width]`
///
/// # Panics
/// When the weights do not fit.
pub fn forward(x: &[f32], shape: Shape, weights: &[f32], bias: &[f32]) -> Buffer {
    let mut out = Buffer::new(doubled(shape, bias.len()).len());
    let weights = Weights::new(weights, order(shape.channels, bias.len()));
    let input = Input::new(vec![Source::plain(x, shape)]);
    convolve(&input, &weights, Target::Corners(&mut out, bias), Finish::Plain);
    out
}

/// Gradients from that of the result, `[batch, outputs, 2·height, 2·width]`; that of the input goes to `destination`.
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
    let corners = Source { values: Values::Corners(upstream), shape: shape.with_channels(4 * outputs) };
    let corners = Input::new(vec![corners]);
    if let Some(destination) = destination {
        let weights = Weights::new(weights, order(shape.channels, outputs).backward());
        convolve(&corners, &weights, Target::destination(destination, shape), Finish::Plain);
    }
    let x = Input::new(vec![Source::plain(x, shape)]);
    // The weights are stored input by input: the corners stand where a convolution has its input.
    let weights = backward::backward(&corners, &x, 1, None);
    LayerGradients { weights, bias: channel_sums(upstream, doubled(shape, outputs)) }
}
