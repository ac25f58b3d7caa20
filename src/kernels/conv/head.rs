//! The segmentation head: 1×1 convolution with a bias.

use super::backward::backward as conv_backward;
use super::backward_strips::InputGradient;
use super::epilogue::Epilogue;
use super::forward::convolve;
use super::layer::{LayerGradients, bias_gradient};
use super::output::ConvOutput;
use super::source::{ConvInput, Source};
use super::weights::{PackedWeights, WeightLayout};
use crate::kernels::memory::Buffer;
use crate::kernels::output::Output;
use crate::kernels::shape::Shape;

/// Forward pass.
///
/// # Shapes
/// - `x`: `shape`
/// - `weights`: `[out_channels, in_channels]`
/// - result: `[batch, out_channels, height, width]`
///
/// # Panics
/// When the number of weights does not match.
pub fn forward(x: &[f32], shape: Shape, weights: &[f32], bias: &[f32]) -> Buffer {
    let out_shape = shape.with_channels(bias.len());
    let mut out = Buffer::new(out_shape.len());
    let weights = PackedWeights::new(weights, WeightLayout::convolution(bias.len(), shape.channels, 1));
    let input = ConvInput::new(vec![Source::stored(x, shape)]);
    convolve(&input, &weights, ConvOutput::overwrite(&mut out, out_shape), Epilogue::Bias(bias));
    out
}

/// Backward pass from `upstream`, the gradient of the result. Writes the gradient of the input to `of_input`, if given.
///
/// # Shapes
/// - `x` and `of_input`: `shape`
/// - `upstream`: `[batch, out_channels, height, width]`
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
    let out_shape = shape.with_channels(out_channels);
    let gradient = ConvInput::new(vec![Source::stored(upstream, out_shape)]);
    let layout = WeightLayout::convolution(out_channels, shape.channels, 1).backward();
    let of_input = of_input.map(|output| InputGradient {
        weights: PackedWeights::new(weights, layout),
        output: ConvOutput::tensor(output, shape),
    });
    let x = ConvInput::new(vec![Source::stored(x, shape)]);
    let weights = conv_backward(&x, &gradient, 1, of_input);
    LayerGradients { weights, bias: bias_gradient(upstream, out_shape) }
}
