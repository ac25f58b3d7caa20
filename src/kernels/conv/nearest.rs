//! Each pixel four times, then a 3×3 convolution with a bias (Odena, Dumoulin, Olah: "Deconvolution and Checkerboard Artifacts",
//! Distill 2016). The doubled image is never stored: its rows are made as they are packed.

use rayon::prelude::*;

use super::backward::backward as conv_backward;
use super::backward_strips::InputGradient;
use super::epilogue::Epilogue;
use super::forward::convolve;
use super::layer::{LayerGradients, bias_gradient};
use super::output::ConvOutput;
use super::source::{ConvInput, Prologue, Source};
use super::transposed::output_shape;
use super::weights::{PackedWeights, WeightLayout};
use crate::kernels::memory::Buffer;
use crate::kernels::output::Output;
use crate::kernels::shape::Shape;
use crate::kernels::simd::simd_fn;

/// Taps of the window.
const TAPS: usize = 9;

/// Forward pass.
///
/// # Shapes
/// - `x`: `shape`
/// - `weights`: `[out_channels, in_channels, 3, 3]`
/// - result: `[batch, out_channels, 2·height, 2·width]`
///
/// # Panics
/// When the number of weights does not match.
pub fn forward(x: &[f32], shape: Shape, weights: &[f32], bias: &[f32]) -> Buffer {
    let out_shape = output_shape(shape, bias.len());
    let mut out = Buffer::new(out_shape.len());
    let weights = PackedWeights::new(weights, WeightLayout::convolution(bias.len(), shape.channels, TAPS));
    convolve(&doubled(x, shape), &weights, ConvOutput::overwrite(&mut out, out_shape), Epilogue::Bias(bias));
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
    let (wide, out_shape) = (output_shape(shape, shape.channels), output_shape(shape, out_channels));
    let gradient = ConvInput::new(vec![Source::stored(upstream, out_shape)]);
    let layout = WeightLayout::convolution(out_channels, shape.channels, TAPS).backward();
    let mut of_doubled = of_input.is_some().then(|| Buffer::new(wide.len()));
    let of_wide = of_doubled.as_mut().map(|values| InputGradient {
        weights: PackedWeights::new(weights, layout),
        output: ConvOutput::overwrite(values, wide),
    });
    let weights = conv_backward(&doubled(x, shape), &gradient, TAPS, of_wide);
    if let (Some(of_doubled), Some(of_input)) = (of_doubled, of_input) {
        sum_squares(&of_doubled, shape, of_input);
    }
    LayerGradients { weights, bias: bias_gradient(upstream, out_shape) }
}

/// An image of twice the height and width, each pixel of `x` four times.
fn doubled(x: &[f32], shape: Shape) -> ConvInput<'_> {
    ConvInput::new(vec![Source { prologue: Prologue::Doubled(x), shape: output_shape(shape, shape.channels) }])
}

/// The gradient of a pixel is the sum over the square that it has become; `shape` is that of the input.
fn sum_squares(of_doubled: &[f32], shape: Shape, of_input: Output<'_>) {
    let Output { values, accumulate } = of_input;
    let planes = values.par_chunks_mut(shape.plane()).zip(of_doubled.par_chunks(4 * shape.plane()));
    planes.for_each(|(values, doubled)| sum_squares_of_plane(doubled, shape.width, Output { values, accumulate }));
}

simd_fn! {
    fn sum_squares_of_plane<'a>(_simd: S, doubled: &'a [f32], width: usize, of_input: Output<'a>) {
        let Output { values, accumulate } = of_input;
        for (row, rows) in values.chunks_exact_mut(width).zip(doubled.chunks_exact(4 * width)) {
            let (upper, lower) = rows.split_at(2 * width);
            let squares = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
            for (value, ([a, b], [c, d])) in row.iter_mut().zip(squares) {
                let sum = (a + b) + (c + d);
                *value = if accumulate { *value + sum } else { sum };
            }
        }
    }
}
