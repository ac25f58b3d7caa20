//! The way back through a convolution: gradients of its weights and of its input.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::forward::{Finish, convolve};
use super::source::Input;
use super::strips::{Target, strips};
use super::weights::{Method, Weights};
use super::{backward_direct, backward_winograd};
use crate::kernels::memory::Buffer;
use crate::kernels::norm::lane_sum;
use crate::kernels::shape::Shape;
use crate::kernels::simd::dispatch;

/// The way back to a convolution's input: its weights from output to input, and where the gradient goes.
pub(crate) type Back<'a> = (Weights, Target<'a>);

/// The gradient of the weights `[outputs, inputs, side, side]` of a convolution of `input`, whose result has `gradient`;
/// that of the input too, where it is wanted.
pub(crate) fn backward(input: &Input<'_>, gradient: &Input<'_>, taps: usize, back: Option<Back<'_>>) -> Buffer {
    let weights = gradient.shape().channels * input.shape().channels * taps;
    let pixels = input.shape().batch * input.shape().plane();
    // Large pictures with few channels are cut into strips, small ones with many into groups of channels.
    let in_strips = weights <= pixels * 16 && weights <= 640 * 1024;
    let back = match back {
        Some((weights, target)) if !in_strips => {
            convolve(gradient, &weights, target, Finish::Plain);
            None
        }
        back => back,
    };
    match (Method::of(taps, input.shape().channels), in_strips) {
        (Method::Direct, true) => backward_direct::by_strips(input, gradient, taps, back),
        (Method::Direct, false) => backward_direct::by_channels(input, gradient, taps),
        (Method::Winograd, true) => backward_winograd::by_strips(input, gradient, back),
        (Method::Winograd, false) => backward_winograd::by_channels(input, gradient),
    }
}

/// Some rows of a picture.
#[derive(Clone, Copy)]
pub(crate) struct Strip {
    pub(crate) image: usize,
    pub(crate) first: usize,
    pub(crate) rows: usize,
}

/// Partial sums kept side by side: the most threads that can share this work, and what their memory is bounded by. Never
/// the number of threads itself: results would depend on it.
const PARTIAL_SUMS: usize = 8;

/// Both gradients strip by strip, each of `rows` rows: what the one reads from memory, the other then finds in cache. `add`
/// adds a strip's share to sums that `empty` makes; the sums of some strips each are the result.
pub(crate) fn strip_by_strip(
    gradient: &Input<'_>,
    rows: usize,
    back: Option<Back<'_>>,
    empty: impl Fn() -> Buffer + Sync,
    add: impl Fn(Strip, &mut Buffer) + Sync,
) -> Vec<Buffer> {
    let shape = gradient.shape();
    let (weights, pieces) = match back {
        Some((weights, target)) => {
            let pieces = strips(shape, &weights, target, rows);
            (Some(weights), pieces.into_iter().map(Some).collect())
        }
        None => (None, (0..shape.batch * shape.height.div_ceil(rows)).map(|_| None).collect::<Vec<_>>()),
    };
    let places = (0..shape.batch).flat_map(|image| (0..shape.height).step_by(rows).map(move |first| (image, first)));
    let mut work: Vec<_> = places.zip(pieces).collect();
    let share = work.len().div_ceil(PARTIAL_SUMS);
    work.par_chunks_mut(share)
        .map(|work| {
            let mut sums = empty();
            for ((image, first), piece) in work {
                if let (Some(piece), Some(weights)) = (piece.take(), &weights) {
                    piece.run(gradient, weights, Finish::Plain);
                }
                add(Strip { image: *image, first: *first, rows: rows.min(shape.height - *first) }, &mut sums);
            }
            sums
        })
        .collect()
}

/// The sum of each channel over the batch: the gradient of a bias.
pub(crate) fn channel_sums(values: &[f32], shape: Shape) -> Vec<f32> {
    let planes: Vec<f64> = values.par_chunks(shape.plane()).map(|values| dispatch(PlaneSum { values })).collect();
    (0..shape.channels).map(|channel| planes.iter().skip(channel).step_by(shape.channels).sum::<f64>() as f32).collect()
}

struct PlaneSum<'a> {
    values: &'a [f32],
}

impl WithSimd for PlaneSum<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f64 {
        // Short runs in f32, their sums in f64.
        self.values.chunks(4096).map(|run| f64::from(lane_sum(run, |value| value))).sum()
    }
}
