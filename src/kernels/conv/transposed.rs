//! Transposed 2×2 convolution with stride 2. Each pixel becomes a 2×2 square, so this is a 1×1 convolution to four
//! times the channels, followed by depth-to-space.

use super::backward::backward as conv_backward;
use super::epilogue::Epilogue;
use super::forward::convolve;
use super::layer::{LayerGradients, bias_gradient};
use super::output::ConvOutput;
use super::source::{ConvInput, Prologue, Source};
use super::weights::{PackedWeights, WeightLayout};
use crate::kernels::memory::Buffer;
use crate::kernels::output::Output;
use crate::kernels::shape::Shape;

/// `[in_channels, out_channels, 2, 2]` read as `[in_channels, 4·out_channels]`.
fn layout(in_channels: usize, out_channels: usize) -> WeightLayout {
    WeightLayout {
        out_channels: 4 * out_channels,
        in_channels,
        taps: 1,
        out_stride: 1,
        in_stride: 4 * out_channels,
        flipped: false,
    }
}

/// The shape of the result.
pub fn output_shape(shape: Shape, out_channels: usize) -> Shape {
    Shape { batch: shape.batch, channels: out_channels, height: 2 * shape.height, width: 2 * shape.width }
}

/// Forward pass.
///
/// # Shapes
/// - `x`: `shape`
/// - `weights`: `[in_channels, out_channels, 2, 2]`
/// - result: `[batch, out_channels, 2·height, 2·width]`
///
/// # Panics
/// When the number of weights does not match.
pub fn forward(x: &[f32], shape: Shape, weights: &[f32], bias: &[f32]) -> Buffer {
    let mut out = Buffer::new(output_shape(shape, bias.len()).len());
    let weights = PackedWeights::new(weights, layout(shape.channels, bias.len()));
    let input = ConvInput::new(vec![Source::stored(x, shape)]);
    convolve(&input, &weights, ConvOutput::DepthToSpace(&mut out, bias), Epilogue::None);
    out
}

/// Backward pass from `upstream`, the gradient of the result. Writes the gradient of the input to `of_input`, if given.
///
/// # Shapes
/// - `x` and `of_input`: `shape`
/// - `upstream`: `[batch, out_channels, 2·height, 2·width]`
///
/// # Panics
/// When the sizes do not match.
pub fn backward(
    x: &[f32],
    shape: Shape,
    weights: &[f32],
    out_channels: usize,
    upstream: &[f32],
    of_input: Option<Output<'_>>,
) -> LayerGradients {
    let gradient = Source { prologue: Prologue::SpaceToDepth(upstream), shape: shape.with_channels(4 * out_channels) };
    let gradient = ConvInput::new(vec![gradient]);
    if let Some(output) = of_input {
        let weights = PackedWeights::new(weights, layout(shape.channels, out_channels).backward());
        convolve(&gradient, &weights, ConvOutput::tensor(output, shape), Epilogue::None);
    }
    let x = ConvInput::new(vec![Source::stored(x, shape)]);
    // The weights are stored by input channel: input and gradient change places compared with a convolution.
    let weights = conv_backward(&gradient, &x, 1, None);
    LayerGradients { weights, bias: bias_gradient(upstream, output_shape(shape, out_channels)) }
}
