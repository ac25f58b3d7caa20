//! The softmax of a batch row by row, for losses that look at more than one pixel at a time, and the way back to the logits.

use rayon::prelude::*;

use super::exponential::exp_or_zero;
use crate::kernels::memory::Buffer;
use crate::kernels::shape::Shape;
use crate::kernels::simd::simd_fn;

/// Probabilities of the competing classes; those of the others are 0. NaN is kept.
///
/// # Shapes
/// - `logits`: `shape`
/// - result: `[batch · height, classes, width]`
pub(super) fn of(logits: &[f32], shape: Shape, competes: &[bool]) -> Buffer {
    let Shape { channels, height, width, .. } = shape;
    let mut rows = Buffer::zeros(shape.len());
    rows.par_chunks_mut(channels * width).enumerate().for_each(|(row, to)| {
        let (image, y) = (row / height, row % height);
        let of_class = |class: usize| &logits[shape.plane_start(image, class) + y * width..][..width];
        let of_classes: Vec<&[f32]> = (0..channels).map(of_class).collect();
        softmax(&of_classes, competes, &mut to.chunks_mut(width).collect::<Vec<_>>());
    });
    rows
}

/// Turns probabilities into the gradient of their logits. What is in no cell has none.
///
/// # Shapes
/// - `rows`: `[batch · height, classes, width]` of `shape`
/// - `slopes`, by the probabilities of a pixel of each cell: `[batch · (height / grid), classes, width / grid]`
pub(super) fn to_gradient(rows: &mut [f32], shape: Shape, slopes: &[f32], grid: usize) {
    let Shape { channels, height, width, .. } = shape;
    let of_row = channels * (width / grid);
    rows.par_chunks_mut(channels * width).enumerate().for_each(|(row, values)| {
        let (image, y) = (row / height, row % height / grid);
        if y < height / grid {
            let start = (image * (height / grid) + y) * of_row;
            backward(values, &slopes[start..start + of_row], width, grid);
        } else {
            values.fill(0.0);
        }
    });
}

/// Row by row to plane by plane.
///
/// # Shapes
/// - `rows`: `[batch · height, classes, width]` of `shape`
/// - result: `shape`
pub(super) fn in_planes(rows: &[f32], shape: Shape) -> Buffer {
    let Shape { channels, height, width, .. } = shape;
    let mut planes = Buffer::new(shape.len());
    planes.par_chunks_mut(shape.plane()).enumerate().for_each(|(place, plane)| {
        let (image, class) = (place / channels, place % channels);
        for (y, to) in plane.chunks_mut(width).enumerate() {
            let start = ((image * height + y) * channels + class) * width;
            to.copy_from_slice(&rows[start..start + width]);
        }
    });
    planes
}

simd_fn! {
    fn softmax<'a, 'b, 'c>(_simd: S, logits: &'a [&'b [f32]], competes: &'a [bool], to: &'a mut [&'c mut [f32]]) {
        let width = to.first().map_or(0, |to| to.len());
        let (mut largest, mut sum) = (vec![f32::NEG_INFINITY; width], vec![0.0; width]);
        for (logits, _) in logits.iter().zip(competes).filter(|(_, competes)| **competes) {
            for (largest, logit) in largest.iter_mut().zip(*logits) {
                *largest = if *logit > *largest { *logit } else { *largest };
            }
        }
        for ((to, logits), _) in to.iter_mut().zip(logits).zip(competes).filter(|(_, competes)| **competes) {
            for (((to, logit), largest), sum) in to.iter_mut().zip(*logits).zip(&largest).zip(&mut sum) {
                *to = exp_or_zero(*logit - *largest);
                *sum += *to;
            }
        }
        for (to, _) in to.iter_mut().zip(competes).filter(|(_, competes)| **competes) {
            to.iter_mut().zip(&sum).for_each(|(to, sum)| *to /= *sum);
        }
    }
}

simd_fn! {
    /// Turns the probabilities of a row, `[classes, width]`, into the gradient of their logits; `slopes` are `[classes, width / grid]`.
    fn backward<'a>(_simd: S, values: &'a mut [f32], slopes: &'a [f32], width: usize, grid: usize) {
        let (mut spread, mut mean) = (vec![0.0; values.len()], vec![0.0; width]);
        for (spread, slopes) in spread.chunks_exact_mut(width).zip(slopes.chunks_exact(width / grid)) {
            spread.chunks_exact_mut(grid).zip(slopes).for_each(|(pixels, slope)| pixels.fill(*slope));
        }
        for (values, slopes) in values.chunks_exact(width).zip(spread.chunks_exact(width)) {
            for ((mean, value), slope) in mean.iter_mut().zip(values).zip(slopes) {
                *mean += value * slope;
            }
        }
        for (values, slopes) in values.chunks_exact_mut(width).zip(spread.chunks_exact(width)) {
            for ((value, slope), mean) in values.iter_mut().zip(slopes).zip(&mean) {
                *value *= slope - mean;
            }
        }
    }
}
