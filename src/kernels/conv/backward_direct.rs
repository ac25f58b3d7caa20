//! Gradient of a convolution's weights, tap by tap: sums along the pixels, a vector of neighbouring pixels at a time.

use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;

use super::backward_strips::{InputGradient, strip_by_strip};
use super::pack::{Region, pack, pack_plane};
use super::source::ConvInput;
use super::strips::{STRIP_VALUES, Strip, strip_rows};
use super::workspace::{Workspace, with_workspace};
use crate::kernels::memory::Buffer;
use crate::kernels::raw::{PackedPlanes, correlate_planes};
use crate::kernels::simd::{lanes, simd_fn};

/// Strip by strip, together with the gradient of the input.
pub(super) fn by_strips(
    input: &ConvInput<'_>,
    gradient: &ConvInput<'_>,
    taps: usize,
    of_input: Option<InputGradient<'_>>,
) -> Buffer {
    let shape = input.shape();
    let channels = shape.channels.max(gradient.shape().channels);
    let pitch = shape.width.next_multiple_of(16) + 16;
    let fitting = (STRIP_VALUES / (channels * pitch)).saturating_sub(2).max(4);
    let rows =
        of_input.as_ref().map_or(fitting, |of_input| fitting.min(strip_rows(gradient.shape(), &of_input.weights)));
    let zeros = || Buffer::zeros(gradient.shape().channels * shape.channels * taps);
    let partial = strip_by_strip(gradient, rows, of_input, zeros, |strip, sums| {
        with_workspace(|workspace| add_strip(input, gradient, taps, strip, workspace, sums));
    });
    let mut partial = partial.into_iter();
    let mut sums = partial.next().unwrap_or_else(zeros);
    for more in partial {
        sums.iter_mut().zip(&more[..]).for_each(|(sum, more)| *sum += more);
    }
    sums
}

simd_fn! {
    /// Adds the contribution of one strip to `sums`.
    fn add_strip<'a>(
        simd: S,
        input: &'a ConvInput<'a>,
        gradient: &'a ConvInput<'a>,
        taps: usize,
        strip: Strip,
        workspace: &'a mut Workspace,
        sums: &'a mut [f32],
    ) {
        let region = |channels| Region {
            first_image: strip.image,
            images: 1,
            first_channel: 0,
            channels,
            first_row: strip.first_row,
            rows: strip.rows,
            halo: usize::from(taps == 9),
            padding: usize::from(taps == 9),
        };
        let input = pack(input, &region(input.shape().channels), S::F32_LANES, &mut workspace.input);
        let gradient = pack(gradient, &region(gradient.shape().channels), S::F32_LANES, &mut workspace.gradient);
        let all = Channels { inputs: 0..input.channels, outputs: 0..gradient.channels, taps };
        all.add(simd, &input, &gradient, sums);
    }
}

/// Output channels a thread processes together, so that all of them read the packed input from cache.
const GROUP: usize = 24;

/// By groups of output channels, all images at once.
pub(super) fn by_channels(input: &ConvInput<'_>, gradient: &ConvInput<'_>, taps: usize) -> Buffer {
    let whole = |input: &ConvInput<'_>| Region {
        first_image: 0,
        images: input.shape().batch,
        first_channel: 0,
        channels: input.shape().channels,
        first_row: 0,
        rows: input.shape().height,
        halo: usize::from(taps == 9),
        padding: usize::from(taps == 9),
    };
    let (inputs, outputs) = (input.shape().channels, gradient.shape().channels);
    let (input, gradient) = (PackedBatch::new(input, whole(input)), PackedBatch::new(gradient, whole(gradient)));
    let mut sums = Buffer::zeros(outputs * inputs * taps);
    let group = GROUP.min(outputs.div_ceil(8).next_multiple_of(6));
    sums.par_chunks_mut(group * inputs * taps).enumerate().for_each(|(index, sums)| {
        let outputs = index * group..((index + 1) * group).min(outputs);
        add_group(&input, &gradient, outputs, taps, sums);
    });
    sums
}

/// All images of a batch, packed.
struct PackedBatch {
    data: Buffer,
    region: Region,
    width: usize,
    lanes: usize,
}

impl PackedBatch {
    fn new(input: &ConvInput<'_>, region: Region) -> Self {
        let lanes = lanes();
        let width = input.shape().width;
        let plane = region.plane(width, lanes);
        let mut data = Buffer::new(region.channels * plane);
        data.par_chunks_mut(plane).enumerate().for_each(|(channel, out)| {
            pack_channel(input, &region, channel, out);
        });
        Self { data, region, width, lanes }
    }

    fn view(&self) -> PackedPlanes<'_> {
        self.region.view(&self.data, self.width, self.lanes)
    }
}

simd_fn! {
    fn pack_channel<'a>(_simd: S, input: &'a ConvInput<'a>, region: &'a Region, channel: usize, out: &'a mut [f32]) {
        pack_plane(input, region, channel, S::F32_LANES, out);
    }
}

simd_fn! {
    /// Adds the gradients of a group of output channels to `sums`, which starts with the group's first.
    fn add_group<'a>(
        simd: S,
        input: &'a PackedBatch,
        gradient: &'a PackedBatch,
        outputs: Range<usize>,
        taps: usize,
        sums: &'a mut [f32],
    ) {
        let (input, gradient) = (input.view(), gradient.view());
        let at_once = (STRIP_VALUES / input.plane).max(1);
        for first in (0..input.channels).step_by(at_once) {
            let inputs = first..(first + at_once).min(input.channels);
            Channels { inputs, outputs: outputs.clone(), taps }.add(simd, &input, &gradient, sums);
        }
    }
}

/// The channels between which weights get their gradient.
struct Channels {
    inputs: Range<usize>,
    outputs: Range<usize>,
    /// Taps of the window: 9 or 1.
    taps: usize,
}

impl Channels {
    /// Adds the gradients of all weights between the channels; `sums` starts with the first output channel and has a
    /// row for all input channels.
    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, input: &PackedPlanes<'_>, gradient: &PackedPlanes<'_>, sums: &mut [f32]) {
        let start = self.outputs.start;
        let mut next = start;
        while next < self.outputs.end {
            let left = self.outputs.end - next;
            let sums = &mut sums[(next - start) * input.channels * self.taps..];
            let many = S::REGISTER_COUNT >= 32;
            next += match (self.taps, left) {
                // Four channels are two pairs: with a single one the arithmetic would wait for loads.
                (9, 2 | 4) if many => self.add_outputs::<S, 2, 1, 3>(simd, input, gradient, next, sums),
                (9, 3..) if many => self.add_outputs::<S, 3, 1, 3>(simd, input, gradient, next, sums),
                (9, _) => self.add_outputs::<S, 1, 1, 3>(simd, input, gradient, next, sums),
                (_, 8..) if many => self.add_outputs::<S, 8, 3, 1>(simd, input, gradient, next, sums),
                (_, 4..) => self.add_outputs::<S, 4, 2, 1>(simd, input, gradient, next, sums),
                (_, _) => self.add_outputs::<S, 1, 3, 1>(simd, input, gradient, next, sums),
            };
        }
    }

    /// `B` output channels from `output` on: `C` input channels at a time, and those left one by one. Returns `B`.
    #[inline(always)]
    fn add_outputs<S: Simd, const B: usize, const C: usize, const K: usize>(
        &self,
        simd: S,
        input: &PackedPlanes<'_>,
        gradient: &PackedPlanes<'_>,
        output: usize,
        sums: &mut [f32],
    ) -> usize {
        let mut from = self.inputs.start;
        while from + C <= self.inputs.end {
            add_tile::<S, B, C, K>(simd, input, from, gradient, output, sums);
            from += C;
        }
        for from in from..self.inputs.end {
            add_tile::<S, B, 1, K>(simd, input, from, gradient, output, sums);
        }
        B
    }
}

#[inline(always)]
fn add_tile<S: Simd, const B: usize, const C: usize, const K: usize>(
    simd: S,
    input: &PackedPlanes<'_>,
    from: usize,
    gradient: &PackedPlanes<'_>,
    output: usize,
    sums: &mut [f32],
) {
    let tile = correlate_planes::<S, B, C, K>(simd, input, from, gradient, output);
    for (b, tile) in tile.into_iter().enumerate() {
        let sums = &mut sums[(b * input.channels + from) * K * K..][..C * K * K];
        for (sum, lanes) in sums.iter_mut().zip(tile.as_flattened().as_flattened()) {
            *sum += simd.reduce_sum_f32s(*lanes);
        }
    }
}
