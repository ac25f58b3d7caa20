//! 2×2 max-pooling with stride 2.

use rayon::prelude::*;

use super::memory::Buffer;
use super::output::Output;
use super::shape::Shape;
use super::simd::simd_fn;

/// The shape of the result. An odd last row or column is dropped.
pub fn output_shape(shape: Shape) -> Shape {
    Shape { height: shape.height / 2, width: shape.width / 2, ..shape }
}

/// Forward pass: the maximum of each square, and the index of its pixel in the square (0 to 3, row by row).
pub fn forward(x: &[f32], shape: Shape) -> (Buffer, Vec<u8>) {
    let half = output_shape(shape);
    let (mut out, mut indices) = (Buffer::new(half.len()), vec![0; half.len()]);
    if half.plane() > 0 {
        out.par_chunks_mut(half.plane())
            .zip(indices.par_chunks_mut(half.plane()))
            .zip(x.par_chunks(shape.plane()))
            .for_each(|((out, indices), x)| pool_plane(x, shape.width, out, indices));
    }
    (out, indices)
}

simd_fn! {
    fn pool_plane<'a>(_simd: S, x: &'a [f32], width: usize, out: &'a mut [f32], indices: &'a mut [u8]) {
        let half = width / 2;
        let rows = out.chunks_exact_mut(half).zip(indices.chunks_exact_mut(half));
        for ((out, indices), pair) in rows.zip(x.chunks_exact(2 * width)) {
            let (upper, lower) = pair.split_at(width);
            for (((out, largest), upper), lower) in
                out.iter_mut().zip(indices).zip(upper.chunks_exact(2)).zip(lower.chunks_exact(2))
            {
                let (mut best, mut at) = (upper[0], 0);
                for (index, value) in [(1, upper[1]), (2, lower[0]), (3, lower[1])] {
                    // NaN wins, so that a diverged run is noticed.
                    let better = value > best || value.is_nan();
                    best = if better { value } else { best };
                    at = if better { index } else { at };
                }
                (*out, *largest) = (best, at);
            }
        }
    }
}

/// Backward pass from `upstream`, the gradient of the result. Each value goes to the pixel that was the maximum;
/// `indices` are those of the forward pass, `shape` is that of the input.
///
/// # Panics
/// When the sizes do not match.
pub fn backward(upstream: &[f32], indices: &[u8], shape: Shape, of_input: Output<'_>) {
    let half = output_shape(shape);
    let Output { values, accumulate } = of_input;
    assert_eq!(values.len(), shape.len(), "the gradient has another size than the input");
    if half.plane() == 0 {
        if !accumulate {
            values.fill(0.0);
        }
        return;
    }
    values
        .par_chunks_mut(shape.plane())
        .zip(upstream.par_chunks(half.plane()).zip(indices.par_chunks(half.plane())))
        .for_each(|(values, (upstream, indices))| {
            unpool_plane(upstream, indices, shape.width, Output { values, accumulate });
        });
}

simd_fn! {
    fn unpool_plane<'a>(_simd: S, upstream: &'a [f32], indices: &'a [u8], width: usize, of_input: Output<'a>) {
        let half = width / 2;
        let Output { values, accumulate } = of_input;
        if !accumulate {
            values.fill(0.0);
        }
        let squares = upstream.chunks_exact(half).zip(indices.chunks_exact(half));
        for ((upstream, indices), rows) in squares.zip(values.chunks_exact_mut(2 * width)) {
            for (first, row) in [0, 2].into_iter().zip(rows.chunks_exact_mut(width)) {
                for ((pair, &upstream), &index) in row.chunks_exact_mut(2).zip(upstream).zip(indices) {
                    pair[0] += if index == first { upstream } else { 0.0 };
                    pair[1] += if index == first + 1 { upstream } else { 0.0 };
                }
            }
        }
    }
}
