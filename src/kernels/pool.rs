//! Max-pooling of 2×2 squares.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::memory::Buffer;
use super::output::Destination;
use super::shape::Shape;
use super::simd::dispatch;

/// The size of the result: an odd last row or column belongs to no square.
pub fn halved(shape: Shape) -> Shape {
    Shape { height: shape.height / 2, width: shape.width / 2, ..shape }
}

/// The largest of each square, and which of its four pixels (row by row) that is.
pub fn forward(x: &[f32], shape: Shape) -> (Buffer, Vec<u8>) {
    let half = halved(shape);
    let (mut out, mut which) = (Buffer::new(half.len()), vec![0; half.len()]);
    if half.plane() > 0 {
        out.par_chunks_mut(half.plane())
            .zip(which.par_chunks_mut(half.plane()))
            .zip(x.par_chunks(shape.plane()))
            .for_each(|((out, which), x)| dispatch(Plane { x, width: shape.width, out, which }));
    }
    (out, which)
}

struct Plane<'a> {
    x: &'a [f32],
    width: usize,
    out: &'a mut [f32],
    which: &'a mut [u8],
}

impl WithSimd for Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let half = self.width / 2;
        let rows = self.out.chunks_exact_mut(half).zip(self.which.chunks_exact_mut(half));
        for ((out, which), pair) in rows.zip(self.x.chunks_exact(2 * self.width)) {
            let (upper, lower) = pair.split_at(self.width);
            for (((out, which), upper), lower) in
                out.iter_mut().zip(which).zip(upper.chunks_exact(2)).zip(lower.chunks_exact(2))
            {
                let (mut best, mut at) = (upper[0], 0);
                for (index, value) in [(1, upper[1]), (2, lower[0]), (3, lower[1])] {
                    // NaN wins, so that a diverged run is seen.
                    let better = value > best || value.is_nan();
                    best = if better { value } else { best };
                    at = if better { index } else { at };
                }
                (*out, *which) = (best, at);
            }
        }
    }
}

/// The gradient of the input from that of the result, to `destination`: all of it to the pixel that was largest.
///
/// # Panics
/// When the pieces do not fit together.
pub fn backward(upstream: &[f32], which: &[u8], shape: Shape, destination: Destination<'_>) {
    let half = halved(shape);
    let Destination { values, add } = destination;
    assert_eq!(values.len(), shape.len(), "a gradient of another shape");
    if half.plane() == 0 {
        if !add {
            values.fill(0.0);
        }
        return;
    }
    values
        .par_chunks_mut(shape.plane())
        .zip(upstream.par_chunks(half.plane()).zip(which.par_chunks(half.plane())))
        .for_each(|(out, (upstream, which))| dispatch(PlaneGradient { upstream, which, width: shape.width, add, out }));
}

struct PlaneGradient<'a> {
    upstream: &'a [f32],
    which: &'a [u8],
    width: usize,
    add: bool,
    out: &'a mut [f32],
}

impl WithSimd for PlaneGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let half = self.width / 2;
        if !self.add {
            self.out.fill(0.0);
        }
        for ((upstream, which), rows) in self
            .upstream
            .chunks_exact(half)
            .zip(self.which.chunks_exact(half))
            .zip(self.out.chunks_exact_mut(2 * self.width))
        {
            for (first, out) in [0, 2].into_iter().zip(rows.chunks_exact_mut(self.width)) {
                for ((pair, &upstream), &which) in out.chunks_exact_mut(2).zip(upstream).zip(which) {
                    pair[0] += if which == first { upstream } else { 0.0 };
                    pair[1] += if which == first + 1 { upstream } else { 0.0 };
                }
            }
        }
    }
}
