//! The first layer of an encoder: 3×3 convolution with stride 2, bias and ReLU6. Padding lies right and below.
//!
//! Its input is an image, which needs no gradient. With 27 values under the window, a matrix of them is small enough.

use rayon::prelude::*;

use super::matrix::{Layout, multiply};
use super::memory::Buffer;
use super::shape::Shape;
use super::simd::simd_fn;
use super::sum::sum;

/// Taps of the window.
const TAPS: usize = 9;

/// The shape of the output. Odd last rows and columns are dropped.
pub fn output_shape(shape: Shape, channels: usize) -> Shape {
    Shape { channels, height: shape.height / 2, width: shape.width / 2, ..shape }
}

/// Forward pass.
///
/// # Shapes
/// - `x`: `shape`
/// - `weights`: `[out_channels, in_channels, 3, 3]`
/// - result: [`output_shape`]
///
/// # Panics
/// If the sizes do not match.
pub fn forward(x: &[f32], shape: Shape, weights: &[f32], bias: &[f32]) -> Buffer {
    let out_shape = output_shape(shape, bias.len());
    let (plane, taps) = (out_shape.plane(), shape.channels * TAPS);
    let mut out = Buffer::new(out_shape.len());
    out.par_chunks_mut((out_shape.channels * plane).max(1)).enumerate().for_each(|(image, out)| {
        let under_window = gather(x, shape, image);
        let weights = (weights, Layout::row_major(bias.len(), taps));
        let to = Layout::row_major(bias.len(), plane);
        multiply((out, to), weights, (&under_window, Layout::row_major(taps, plane)), false);
        out.chunks_exact_mut(plane).zip(bias).for_each(|(plane, &bias)| activate(plane, bias));
    });
    out
}

/// Backward pass from `upstream`, the gradient of the output `out`: the gradients of weights and bias.
///
/// # Panics
/// If the sizes do not match.
pub fn backward(x: &[f32], shape: Shape, out: &[f32], out_channels: usize, upstream: &[f32]) -> (Buffer, Vec<f32>) {
    let out_shape = output_shape(shape, out_channels);
    let (plane, taps) = (out_shape.plane(), shape.channels * TAPS);
    let parts: Vec<(Buffer, Vec<f32>)> = (0..shape.batch)
        .into_par_iter()
        .map(|image| {
            let own = out_shape.plane_start(image, 0)..out_shape.plane_start(image + 1, 0);
            let mut gradient = Buffer::new(own.len());
            before_relu6(&upstream[own.clone()], &out[own], &mut gradient);
            let (mut weights, under_window) = (Buffer::new(out_channels * taps), gather(x, shape, image));
            let from = (&gradient[..], Layout::row_major(out_channels, plane));
            let to = Layout::row_major(out_channels, taps);
            let under_window = (&under_window[..], Layout::row_major(taps, plane).transposed());
            multiply((&mut weights, to), from, under_window, false);
            (weights, gradient.chunks_exact(plane.max(1)).map(|plane| sum(plane, |value| value)).collect())
        })
        .collect();
    let (mut weights, mut bias) = (Buffer::zeros(out_channels * taps), vec![0.0; out_channels]);
    for (of_weights, of_bias) in &parts {
        weights.iter_mut().zip(&of_weights[..]).for_each(|(sum, value)| *sum += value);
        bias.iter_mut().zip(of_bias).for_each(|(sum, value)| *sum += value);
    }
    (weights, bias)
}

/// The values under the window for each output pixel: `[in_channels · 9, pixels]`.
fn gather(x: &[f32], shape: Shape, image: usize) -> Buffer {
    let half = output_shape(shape, 1);
    let mut out = Buffer::new(shape.channels * TAPS * half.plane());
    for (tap, to) in out.chunks_exact_mut(half.plane().max(1)).enumerate() {
        let plane = &x[shape.plane_start(image, tap / TAPS)..][..shape.plane()];
        gather_tap(plane, shape, [tap / 3 % 3, tap % 3], to);
    }
    out
}

simd_fn! {
    fn gather_tap<'a, 'b>(_simd: S, plane: &'a [f32], shape: Shape, tap: [usize; 2], out: &'b mut [f32]) {
        for (y, to) in out.chunks_exact_mut(shape.width / 2).enumerate() {
            let source = 2 * y + tap[0];
            if source >= shape.height {
                to.fill(0.0);
                continue;
            }
            let row = &plane[source * shape.width..][..shape.width];
            to.iter_mut().zip(row[tap[1].min(shape.width)..].iter().step_by(2)).for_each(|(to, from)| *to = *from);
            if let Some(last) = to.last_mut().filter(|_| shape.width - 2 + tap[1] >= shape.width) {
                *last = 0.0;
            }
        }
    }
}

simd_fn! {
    fn activate<'a>(_simd: S, plane: &'a mut [f32], bias: f32) {
        plane.iter_mut().for_each(|value| *value = (*value + bias).clamp(0.0, 6.0));
    }
}

simd_fn! {
    fn before_relu6<'a, 'b, 'c>(_simd: S, upstream: &'a [f32], out: &'b [f32], gradient: &'c mut [f32]) {
        for ((gradient, &upstream), &out) in gradient.iter_mut().zip(upstream).zip(out) {
            *gradient = if out > 0.0 && out < 6.0 { upstream } else { 0.0 };
        }
    }
}
