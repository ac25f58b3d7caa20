//! The way back through a convolution: gradients of its weights and of its input.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::arch::dispatch;
use super::conv::{Finish, convolve};
use super::memory::Buffer;
use super::pack::{LINE_VALUES, Packed, Part, Scratch, line_start, pack, pack_plane, with_scratch};
use super::pieces::{STRIP_VALUES, Target, strip_rows, strips};
use super::raw::correlate_planes;
use super::shape::Shape;
use super::source::Input;
use super::weights::Weights;

/// The way back to a convolution's input: its weights from output to input, and where the gradient goes.
pub(crate) type Back<'a> = (Weights, Target<'a>);

/// The gradient of the weights `[outputs, inputs, side, side]` of a convolution of `input`, whose result has `gradient`;
/// that of the input too, where it is wanted.
pub(crate) fn backward(input: &Input<'_>, gradient: &Input<'_>, taps: usize, back: Option<Back<'_>>) -> Vec<f32> {
    let weights = gradient.shape().channels * input.shape().channels * taps;
    let pixels = input.shape().batch * input.shape().plane();
    // Large pictures with few channels are cut into strips, small ones with many into groups of channels.
    if weights <= pixels * 16 && weights <= 640 * 1024 {
        return by_strips(input, gradient, taps, back);
    }
    if let Some((weights, target)) = back {
        convolve(gradient, &weights, target, Finish::Plain);
    }
    by_channels(input, gradient, taps)
}

/// Partial sums kept side by side: the most threads that can share this work, and what their memory is bounded by. Never
/// the number of threads itself: results would depend on it.
const PARTIAL_SUMS: usize = 8;

/// Both gradients strip by strip: what the one reads from memory, the other then finds in cache.
fn by_strips(input: &Input<'_>, gradient: &Input<'_>, taps: usize, back: Option<Back<'_>>) -> Vec<f32> {
    let shape = input.shape();
    let channels = shape.channels.max(gradient.shape().channels);
    let pitch = shape.width.next_multiple_of(16) + 16;
    let fitting = (STRIP_VALUES / (channels * pitch)).saturating_sub(2).max(4);
    let rows = back.as_ref().map_or(fitting, |(weights, _)| fitting.min(strip_rows(gradient.shape(), weights)));
    let (weights, pieces) = match back {
        Some((weights, target)) => {
            let pieces = strips(gradient.shape(), &weights, target, rows);
            (Some(weights), pieces.into_iter().map(Some).collect())
        }
        None => (None, (0..shape.batch * shape.height.div_ceil(rows)).map(|_| None).collect::<Vec<_>>()),
    };
    let places = (0..shape.batch).flat_map(|image| (0..shape.height).step_by(rows).map(move |row| (image, row)));
    let mut work: Vec<_> = places.zip(pieces).collect();
    let share = work.len().div_ceil(PARTIAL_SUMS);
    let partial: Vec<Vec<f32>> = work
        .par_chunks_mut(share)
        .map(|strips| {
            let mut sums = vec![0.0; gradient.shape().channels * shape.channels * taps];
            for ((image, first), piece) in strips {
                if let (Some(piece), Some(weights)) = (piece.take(), &weights) {
                    piece.run(gradient, weights, Finish::Plain);
                }
                let (image, first, rows) = (*image, *first, rows.min(shape.height - *first));
                with_scratch(|scratch| {
                    dispatch(StripGradient { input, gradient, taps, image, first, rows, scratch, sums: &mut sums });
                });
            }
            sums
        })
        .collect();
    let mut partial = partial.into_iter();
    let mut sums = partial.next().unwrap_or_default();
    for more in partial {
        sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    }
    sums
}

struct StripGradient<'a> {
    input: &'a Input<'a>,
    gradient: &'a Input<'a>,
    taps: usize,
    image: usize,
    first: usize,
    rows: usize,
    scratch: &'a mut Scratch,
    sums: &'a mut [f32],
}

impl WithSimd for StripGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { input, gradient, taps, image, first, rows, scratch, sums } = self;
        let part = |channels| Part {
            first_image: image,
            images: 1,
            first_channel: 0,
            channels,
            first_row: first,
            rows,
            border: usize::from(taps == 9),
            pad: usize::from(taps == 9),
        };
        let input = pack(input, &part(input.shape().channels), S::F32_LANES, &mut scratch.input);
        let gradient = pack(gradient, &part(gradient.shape().channels), S::F32_LANES, &mut scratch.gradient);
        add_gradients(simd, &input, 0..input.channels, &gradient, 0..gradient.channels, taps, input.channels, sums);
    }
}

/// Output channels a thread works on together, so that packed input is read from cache by all of them.
const GROUP: usize = 24;

fn by_channels(input: &Input<'_>, gradient: &Input<'_>, taps: usize) -> Vec<f32> {
    let whole = |input: &Input<'_>| Part {
        first_image: 0,
        images: input.shape().batch,
        first_channel: 0,
        channels: input.shape().channels,
        first_row: 0,
        rows: input.shape().height,
        border: usize::from(taps == 9),
        pad: usize::from(taps == 9),
    };
    let (inputs, outputs) = (input.shape().channels, gradient.shape().channels);
    let (input, gradient) = (Whole::new(input, whole(input)), Whole::new(gradient, whole(gradient)));
    let mut sums = vec![0.0; outputs * inputs * taps];
    let group = GROUP.min(outputs.div_ceil(8).next_multiple_of(6));
    sums.par_chunks_mut(group * inputs * taps).enumerate().for_each(|(index, sums)| {
        let outputs = index * group..((index + 1) * group).min(outputs);
        dispatch(GroupGradient { input: &input, gradient: &gradient, outputs, taps, sums });
    });
    sums
}

/// All pictures of a batch, packed.
struct Whole {
    data: Buffer,
    part: Part,
    width: usize,
    lanes: usize,
}

impl Whole {
    fn new(input: &Input<'_>, part: Part) -> Self {
        let lanes = dispatch(Lanes);
        let width = input.shape().width;
        let plane = part.plane(width, lanes);
        let mut data = Buffer::new(part.channels * plane + LINE_VALUES);
        let start = line_start(&data);
        data[start..start + part.channels * plane].par_chunks_mut(plane).enumerate().for_each(|(channel, out)| {
            dispatch(PackPlane { input, part: &part, channel, out });
        });
        Self { data, part, width, lanes }
    }

    fn packed(&self) -> Packed<'_> {
        self.part.of(&self.data[line_start(&self.data)..], self.width, self.lanes)
    }
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    fn with_simd<S: Simd>(self, _simd: S) -> usize {
        S::F32_LANES
    }
}

struct PackPlane<'a> {
    input: &'a Input<'a>,
    part: &'a Part,
    channel: usize,
    out: &'a mut [f32],
}

impl WithSimd for PackPlane<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        pack_plane(self.input, self.part, self.channel, S::F32_LANES, self.out);
    }
}

struct GroupGradient<'a> {
    input: &'a Whole,
    gradient: &'a Whole,
    outputs: Range<usize>,
    taps: usize,
    sums: &'a mut [f32],
}

impl WithSimd for GroupGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (input, gradient) = (self.input.packed(), self.gradient.packed());
        let at_once = (STRIP_VALUES / input.plane).max(1);
        for first in (0..input.channels).step_by(at_once) {
            let inputs = first..(first + at_once).min(input.channels);
            add_gradients(simd, &input, inputs, &gradient, self.outputs.clone(), self.taps, input.channels, self.sums);
        }
    }
}

/// Adds the gradients of the weights from `inputs` to `outputs`; `sums` starts with the first of `outputs`.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "two packed operands, two ranges, one result")]
fn add_gradients<S: Simd>(
    simd: S,
    input: &Packed<'_>,
    inputs: Range<usize>,
    gradient: &Packed<'_>,
    outputs: Range<usize>,
    taps: usize,
    row: usize,
    sums: &mut [f32],
) {
    let start = outputs.start;
    let mut next = start;
    while next < outputs.end {
        let left = outputs.end - next;
        let sums = &mut sums[(next - start) * row * taps..];
        let many = S::REGISTER_COUNT >= 32;
        next += match (taps, left) {
            // Four channels are two pairs: a single one would leave the arithmetic waiting for loads.
            (9, 2 | 4) if many => add::<S, 2, 3>(simd, input, inputs.clone(), gradient, next, row, sums),
            (9, 3..) if many => add::<S, 3, 3>(simd, input, inputs.clone(), gradient, next, row, sums),
            (9, _) => add::<S, 1, 3>(simd, input, inputs.clone(), gradient, next, row, sums),
            (_, 8..) => add::<S, 8, 1>(simd, input, inputs.clone(), gradient, next, row, sums),
            (_, _) => add::<S, 1, 1>(simd, input, inputs.clone(), gradient, next, row, sums),
        };
    }
}

#[inline(always)]
fn add<S: Simd, const B: usize, const K: usize>(
    simd: S,
    input: &Packed<'_>,
    inputs: Range<usize>,
    gradient: &Packed<'_>,
    output: usize,
    row: usize,
    sums: &mut [f32],
) -> usize {
    for from in inputs {
        let tile = correlate_planes::<S, B, K>(simd, input, from, gradient, output);
        for (b, tile) in tile.into_iter().enumerate() {
            let sums = &mut sums[(b * row + from) * K * K..][..K * K];
            for (sum, lanes) in sums.iter_mut().zip(tile.as_flattened()) {
                *sum += simd.reduce_sum_f32s(*lanes);
            }
        }
    }
    B
}

/// The sum of each channel over the batch: the gradient of a bias.
pub(crate) fn channel_sums(values: &[f32], shape: Shape) -> Vec<f32> {
    let sum = |plane: &[f32]| plane.chunks(1024).map(|run| f64::from(run.iter().sum::<f32>())).sum::<f64>();
    let planes: Vec<f64> = values.par_chunks(shape.plane()).map(sum).collect();
    (0..shape.channels).map(|channel| planes.iter().skip(channel).step_by(shape.channels).sum::<f64>() as f32).collect()
}
