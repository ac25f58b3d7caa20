//! The gradient of a convolution's weights tap by tap: sums along the pixels, a vector of neighbours at a time.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::backward::{Back, Strip, strip_by_strip};
use super::pack::{Packed, Part, Scratch, pack, pack_plane, with_scratch};
use super::source::Input;
use super::strips::{STRIP_VALUES, strip_rows};
use crate::kernels::memory::Buffer;
use crate::kernels::raw::correlate_planes;
use crate::kernels::simd::{dispatch, lanes};

/// Strip by strip, together with the way back to the input.
pub(crate) fn by_strips(input: &Input<'_>, gradient: &Input<'_>, taps: usize, back: Option<Back<'_>>) -> Buffer {
    let shape = input.shape();
    let channels = shape.channels.max(gradient.shape().channels);
    let pitch = shape.width.next_multiple_of(16) + 16;
    let fitting = (STRIP_VALUES / (channels * pitch)).saturating_sub(2).max(4);
    let rows = back.as_ref().map_or(fitting, |(weights, _)| fitting.min(strip_rows(gradient.shape(), weights)));
    let empty = || Buffer::zeros(gradient.shape().channels * shape.channels * taps);
    let partial = strip_by_strip(gradient, rows, back, empty, |strip, sums| {
        with_scratch(|scratch| dispatch(StripGradient { input, gradient, taps, strip, scratch, sums }));
    });
    let mut partial = partial.into_iter();
    let mut sums = partial.next().unwrap_or_else(empty);
    for more in partial {
        sums.iter_mut().zip(&more[..]).for_each(|(sum, more)| *sum += more);
    }
    sums
}

struct StripGradient<'a> {
    input: &'a Input<'a>,
    gradient: &'a Input<'a>,
    taps: usize,
    strip: Strip,
    scratch: &'a mut Scratch,
    sums: &'a mut [f32],
}

impl WithSimd for StripGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { input, gradient, taps, strip, scratch, sums } = self;
        let part = |channels| Part {
            first_image: strip.image,
            images: 1,
            first_channel: 0,
            channels,
            first_row: strip.first,
            rows: strip.rows,
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

/// By groups of output channels, all pictures at once.
pub(crate) fn by_channels(input: &Input<'_>, gradient: &Input<'_>, taps: usize) -> Buffer {
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
    let mut sums = Buffer::zeros(outputs * inputs * taps);
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
        let lanes = lanes();
        let width = input.shape().width;
        let plane = part.plane(width, lanes);
        let mut data = Buffer::new(part.channels * plane);
        data.par_chunks_mut(plane).enumerate().for_each(|(channel, out)| {
            dispatch(PackPlane { input, part: &part, channel, out });
        });
        Self { data, part, width, lanes }
    }

    fn packed(&self) -> Packed<'_> {
        self.part.of(&self.data, self.width, self.lanes)
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
            (9, 2 | 4) if many => add::<S, 2, 1, 3>(simd, input, inputs.clone(), gradient, next, row, sums),
            (9, 3..) if many => add::<S, 3, 1, 3>(simd, input, inputs.clone(), gradient, next, row, sums),
            (9, _) => add::<S, 1, 1, 3>(simd, input, inputs.clone(), gradient, next, row, sums),
            (_, 8..) if many => add::<S, 8, 3, 1>(simd, input, inputs.clone(), gradient, next, row, sums),
            (_, 4..) => add::<S, 4, 2, 1>(simd, input, inputs.clone(), gradient, next, row, sums),
            (_, _) => add::<S, 1, 3, 1>(simd, input, inputs.clone(), gradient, next, row, sums),
        };
    }
}

/// `B` outputs, `C` inputs at a time and then those left one by one.
#[inline(always)]
fn add<S: Simd, const B: usize, const C: usize, const K: usize>(
    simd: S,
    input: &Packed<'_>,
    inputs: Range<usize>,
    gradient: &Packed<'_>,
    output: usize,
    row: usize,
    sums: &mut [f32],
) -> usize {
    let mut from = inputs.start;
    while from + C <= inputs.end {
        add_tile::<S, B, C, K>(simd, input, from, gradient, output, row, sums);
        from += C;
    }
    for from in from..inputs.end {
        add_tile::<S, B, 1, K>(simd, input, from, gradient, output, row, sums);
    }
    B
}

#[inline(always)]
fn add_tile<S: Simd, const B: usize, const C: usize, const K: usize>(
    simd: S,
    input: &Packed<'_>,
    from: usize,
    gradient: &Packed<'_>,
    output: usize,
    row: usize,
    sums: &mut [f32],
) {
    let tile = correlate_planes::<S, B, C, K>(simd, input, from, gradient, output);
    for (b, tile) in tile.into_iter().enumerate() {
        let sums = &mut sums[(b * row + from) * K * K..][..C * K * K];
        for (sum, lanes) in sums.iter_mut().zip(tile.as_flattened().as_flattened()) {
            *sum += simd.reduce_sum_f32s(*lanes);
        }
    }
}
