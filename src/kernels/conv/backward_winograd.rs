//! The gradient of a 3×3 convolution's weights by Winograd's F(4, 3) turned round: where `y = Aᵀ·((G·g) ⊙ (Bᵀ·d))`, the
//! gradient of `g` is `Gᵀ·((A·dy) ⊙ (Bᵀ·d))`. The products are summed over all pictures before `Gᵀ` is applied once.
//!
//! Input channels stand side by side in vectors, pixel after pixel, so that each weight's sum has a lane of its own and the
//! window's columns are the neighbouring vectors; the gradient's values are spread over vectors as they are read.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::backward::{Back, Strip, strip_by_strip};
use super::pack::{Part, Scratch, pack_plane, with_scratch};
use super::source::Input;
use super::strips::{STRIP_VALUES, strip_rows};
use super::weights::{block, block_size};
use super::winograd::{COLUMNS, COMPONENTS, ROWS, ROWS_READ, WINDOW, components_of, transformed};
use crate::kernels::memory::Buffer;
use crate::kernels::memory::cache_lines::{self, reserve};
use crate::kernels::raw::{Pixels, Planes, correlate_pixels};
use crate::kernels::shape::Shape;
use crate::kernels::simd::{dispatch, lanes};

/// Strip by strip, together with the way back to the input.
pub(crate) fn by_strips(input: &Input<'_>, gradient: &Input<'_>, back: Option<Back<'_>>) -> Buffer {
    let order = Order::new(input.shape().channels, gradient.shape().channels);
    let pitch = gradient.shape().width.next_multiple_of(16);
    let fitting = STRIP_VALUES * ROWS / COMPONENTS / (gradient.shape().channels * pitch);
    let rows = back.as_ref().map_or(fitting, |(weights, _)| fitting.min(strip_rows(gradient.shape(), weights)));
    let rows = if rows < gradient.shape().height { rows / ROWS * ROWS } else { rows.next_multiple_of(ROWS) }.max(ROWS);
    let partial = strip_by_strip(
        gradient,
        rows,
        back,
        || Buffer::zeros(order.len()),
        |strip, sums| {
            with_scratch(|scratch| dispatch(StripGradient { input, gradient, order, strip, scratch, sums }));
        },
    );
    order.weights(&partial)
}

/// By groups of input channels, all pictures at once.
pub(crate) fn by_channels(input: &Input<'_>, gradient: &Input<'_>) -> Buffer {
    let order = Order::new(input.shape().channels, gradient.shape().channels);
    let fours = Fours::new(gradient.shape(), gradient.shape().height);
    let picture = order.outputs_padded() * fours.plane();
    let mut packed = Buffer::new(gradient.shape().batch * picture);
    packed.par_chunks_mut(fours.plane()).enumerate().for_each(|(index, out)| {
        let (image, channel) = (index / order.outputs_padded(), index % order.outputs_padded());
        with_scratch(|scratch| {
            dispatch(PackGradient { gradient, image, channel, fours, rows: &mut scratch.rows, out });
        });
    });
    let mut sums = Buffer::new(order.len());
    let groups = order.groups().div_ceil(2 * rayon::current_num_threads());
    sums.par_chunks_mut(groups * order.group()).enumerate().for_each(|(index, sums)| {
        sums.fill(0.0);
        for (image, packed) in packed.chunks_exact(picture).enumerate() {
            for (group, sums) in (index * groups..).zip(sums.chunks_exact_mut(order.group())) {
                let strip = Strip { image, first: 0, rows: gradient.shape().height };
                let input = Group { input, order, group, strip };
                with_scratch(|scratch| dispatch(GroupGradient { input, packed, fours, scratch, sums }));
            }
        }
    });
    order.weights(&[sums])
}

/// The order of the sums: `[group of inputs][component][output][column][input of the group]`.
#[derive(Clone, Copy)]
struct Order {
    inputs: usize,
    outputs: usize,
    lanes: usize,
    block: usize,
}

impl Order {
    fn new(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs, lanes: lanes(), block: block_size() }
    }

    fn groups(&self) -> usize {
        self.inputs.div_ceil(self.lanes)
    }

    /// Outputs in whole blocks.
    fn outputs_padded(&self) -> usize {
        self.outputs.next_multiple_of(self.block)
    }

    /// Sums of a component of a group.
    fn component(&self) -> usize {
        self.outputs_padded() * COLUMNS * self.lanes
    }

    /// Sums of a group.
    fn group(&self) -> usize {
        COMPONENTS * self.component()
    }

    fn len(&self) -> usize {
        self.groups() * self.group()
    }

    /// `Gᵀ` of the sums of all `partial` ones: the gradient, `[outputs, inputs, 3, 3]`.
    fn weights(&self, partial: &[Buffer]) -> Buffer {
        let mut weights = Buffer::new(self.outputs * self.inputs * 9);
        weights.par_chunks_mut(self.inputs * 9).enumerate().for_each(|(output, weights)| {
            dispatch(OutputWeights { order: self, partial, output, weights });
        });
        weights
    }
}

struct OutputWeights<'a> {
    order: &'a Order,
    partial: &'a [Buffer],
    output: usize,
    weights: &'a mut [f32],
}

impl WithSimd for OutputWeights<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { order, partial, output, weights } = self;
        for (group, weights) in weights.chunks_mut(S::F32_LANES * 9).enumerate() {
            let mut taps = [simd.splat_f32s(0.0); 9];
            for (component, factors) in WINDOW.iter().enumerate() {
                let at = group * order.group() + component * order.component() + output * COLUMNS * S::F32_LANES;
                for column in 0..COLUMNS {
                    let mut sum = simd.splat_f32s(0.0);
                    for sums in partial {
                        let (share, _) = S::as_simd_f32s(&sums[at + column * S::F32_LANES..][..S::F32_LANES]);
                        sum = simd.add_f32s(sum, share[0]);
                    }
                    for (row, factor) in factors.iter().enumerate() {
                        let tap = &mut taps[row * COLUMNS + column];
                        *tap = simd.mul_add_e_f32s(simd.splat_f32s(*factor), sum, *tap);
                    }
                }
            }
            for (tap, values) in taps.iter().enumerate() {
                let values: &[f32] = bytemuck::cast_slice(std::slice::from_ref(values));
                for (weights, value) in weights.chunks_exact_mut(9).zip(values) {
                    weights[tap] = *value;
                }
            }
        }
    }
}

/// How a gradient is packed: `[output][component][four rows][column]`.
#[derive(Clone, Copy)]
struct Fours {
    width: usize,
    /// Fours of rows.
    count: usize,
    pitch: usize,
}

impl Fours {
    fn new(shape: Shape, rows: usize) -> Self {
        // The widest vectors; a multiple of all others.
        Self { width: shape.width, count: rows.div_ceil(ROWS), pitch: shape.width.next_multiple_of(16) }
    }

    fn component(&self) -> usize {
        self.count * self.pitch
    }

    fn plane(&self) -> usize {
        cache_lines::apart(COMPONENTS * self.component())
    }
}

struct StripGradient<'a> {
    input: &'a Input<'a>,
    gradient: &'a Input<'a>,
    order: Order,
    strip: Strip,
    scratch: &'a mut Scratch,
    sums: &'a mut [f32],
}

impl WithSimd for StripGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { input, gradient, order, strip, scratch, sums } = self;
        let Scratch { rows, input: pixels, gradient: packing, .. } = scratch;
        let fours = Fours::new(gradient.shape(), strip.rows);
        let packed = reserve(packing, order.outputs_padded() * fours.plane());
        for (channel, out) in packed.chunks_exact_mut(fours.plane()).enumerate() {
            pack_gradient(simd, gradient, strip, channel, fours, rows, out);
        }
        for (group, sums) in sums.chunks_exact_mut(order.group()).enumerate() {
            Group { input, order, group, strip }.add(simd, packed, fours, rows, pixels, sums);
        }
    }
}

struct GroupGradient<'a> {
    input: Group<'a>,
    packed: &'a [f32],
    fours: Fours,
    scratch: &'a mut Scratch,
    sums: &'a mut [f32],
}

impl WithSimd for GroupGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { input, packed, fours, scratch, sums } = self;
        input.add(simd, packed, fours, &mut scratch.rows, &mut scratch.input, sums);
    }
}

struct PackGradient<'a> {
    gradient: &'a Input<'a>,
    image: usize,
    channel: usize,
    fours: Fours,
    rows: &'a mut Vec<f32>,
    out: &'a mut [f32],
}

impl WithSimd for PackGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { gradient, image, channel, fours, rows, out } = self;
        let strip = Strip { image, first: 0, rows: gradient.shape().height };
        pack_gradient(simd, gradient, strip, channel, fours, rows, out);
    }
}

/// `A·dy` of one channel; zeros for channels there are not.
#[inline(always)]
fn pack_gradient<S: Simd>(
    simd: S,
    gradient: &Input<'_>,
    strip: Strip,
    channel: usize,
    fours: Fours,
    rows: &mut Vec<f32>,
    out: &mut [f32],
) {
    if channel >= gradient.shape().channels {
        return out.fill(0.0);
    }
    let part = part(strip, channel, 0);
    let (width, pitch) = (fours.width, part.pitch(fours.width, S::F32_LANES));
    let rows = reserve(rows, part.plane(width, S::F32_LANES));
    pack_plane(gradient, &part, 0, S::F32_LANES, rows);
    for (four, rows) in rows.chunks_exact(ROWS * pitch).enumerate().take(fours.count) {
        let mut rows = rows.chunks_exact(pitch).map(|row| S::as_simd_f32s(row).0);
        let g: [_; ROWS] = std::array::from_fn(|_| rows.next().expect("four rows"));
        for (x, &upper) in g[0].iter().enumerate() {
            let components = components_of(simd, [upper, g[1][x], g[2][x], g[3][x]]);
            for (component, values) in components.into_iter().enumerate() {
                let at = component * fours.component() + four * fours.pitch + x * S::F32_LANES;
                S::as_mut_simd_f32s(&mut out[at..at + S::F32_LANES]).0[0] = values;
            }
        }
    }
}

/// The strip's whole fours of rows of one channel, with `border` rows above and below.
fn part(strip: Strip, channel: usize, border: usize) -> Part {
    Part {
        first_image: strip.image,
        images: 1,
        first_channel: channel,
        channels: 1,
        first_row: strip.first,
        rows: strip.rows.next_multiple_of(ROWS),
        border,
        pad: 0,
    }
}

/// Input channels that share vectors.
#[derive(Clone, Copy)]
struct Group<'a> {
    input: &'a Input<'a>,
    order: Order,
    group: usize,
    strip: Strip,
}

/// Pixels summed up before their sums are added to those in memory; as vectors of the widest kind they fill a part of the
/// first-level cache.
const PIXELS_AT_ONCE: usize = 256;

impl Group<'_> {
    /// Adds the strip's share; `packed` is the gradient's.
    #[inline(always)]
    fn add<S: Simd>(
        self,
        simd: S,
        packed: &[f32],
        fours: Fours,
        rows: &mut Vec<f32>,
        pixels: &mut Vec<f32>,
        sums: &mut [f32],
    ) {
        let pitch = (fours.width.next_multiple_of(S::F32_LANES) + COLUMNS - 1) * S::F32_LANES;
        let pixels = reserve(pixels, COMPONENTS * fours.count * pitch);
        self.pack(simd, fours, pitch, rows, pixels);
        let rows = (PIXELS_AT_ONCE / fours.width).clamp(1, fours.count);
        let columns = fours.width.div_ceil(fours.width.div_ceil(PIXELS_AT_ONCE));
        for (component, sums) in sums.chunks_exact_mut(self.order.component()).enumerate() {
            for four in (0..fours.count).step_by(rows) {
                for column in (0..fours.width).step_by(columns) {
                    let x = &pixels[(component * fours.count + four) * pitch + column * S::F32_LANES..];
                    let g = &packed[component * fours.component() + four * fours.pitch + column..];
                    let piece = Piece {
                        pixels: Pixels { data: x, pitch },
                        values: Planes { data: g, pitch: fours.pitch, plane: fours.plane() },
                        rows: rows.min(fours.count - four),
                        columns: columns.min(fours.width - column),
                    };
                    match block::<S>() {
                        8 => piece.add::<S, 8>(simd, sums),
                        _ => piece.add::<S, 4>(simd, sums),
                    }
                }
            }
        }
    }

    /// `Bᵀ·d` as `[component][four rows][pixel][channel]`, with a pixel of zeros on either side of each row.
    #[inline(always)]
    fn pack<S: Simd>(&self, simd: S, fours: Fours, pitch: usize, rows: &mut Vec<f32>, pixels: &mut [f32]) {
        for row in pixels.chunks_exact_mut(pitch) {
            row[..S::F32_LANES].fill(0.0);
            row[pitch - S::F32_LANES..].fill(0.0);
        }
        let together = if S::F32_LANES.is_multiple_of(TOGETHER) { TOGETHER } else { 1 };
        for first in (0..S::F32_LANES).step_by(together) {
            let channels = first..first + together;
            if together == TOGETHER {
                self.pack_channels::<S, TOGETHER>(simd, channels, fours, pitch, rows, pixels);
            } else {
                self.pack_channels::<S, 1>(simd, channels, fours, pitch, rows, pixels);
            }
        }
    }

    #[inline(always)]
    fn pack_channels<S: Simd, const N: usize>(
        &self,
        simd: S,
        channels: Range<usize>,
        fours: Fours,
        pitch: usize,
        rows: &mut Vec<f32>,
        pixels: &mut [f32],
    ) {
        let first = self.group * S::F32_LANES + channels.start;
        let part = part(self.strip, first, 1);
        let (plane, row) = (part.plane(fours.width, S::F32_LANES), part.pitch(fours.width, S::F32_LANES));
        let rows = reserve(rows, N * plane);
        for (channel, rows) in rows.chunks_exact_mut(plane).enumerate() {
            if first + channel < self.order.inputs {
                pack_plane(self.input, &part, channel, S::F32_LANES, rows);
            } else {
                rows.fill(0.0);
            }
        }
        let rows = S::as_simd_f32s(rows).0;
        let (plane, row) = (plane / S::F32_LANES, row / S::F32_LANES);
        for four in 0..fours.count {
            for x in 0..row {
                let mut components = [[simd.splat_f32s(0.0); N]; COMPONENTS];
                for channel in 0..N {
                    let mut d = [simd.splat_f32s(0.0); ROWS_READ];
                    for (y, d) in d.iter_mut().enumerate() {
                        *d = rows[channel * plane + (ROWS * four + y) * row + x];
                    }
                    for (components, value) in components.iter_mut().zip(transformed(simd, d)) {
                        components[channel] = value;
                    }
                }
                for (component, values) in components.into_iter().enumerate() {
                    let at = (component * fours.count + four) * pitch + (1 + x * S::F32_LANES) * S::F32_LANES;
                    turn(simd, &values, &mut pixels[at + channels.start..]);
                }
            }
        }
    }
}

/// Channels whose pixels are turned together from planes to vectors.
const TOGETHER: usize = 4;

/// Writes vectors of pixels, one a channel, as neighbouring channels of each pixel.
#[inline(always)]
fn turn<S: Simd>(simd: S, values: &[S::f32s], out: &mut [f32]) {
    let &[a, b, c, d] = values else {
        // Vectors of one value have nothing to turn.
        return out[..values.len()].copy_from_slice(bytemuck::cast_slice(values));
    };
    // Each quarter of vector `k` becomes the channels of one of its pixels: `4·quarter + k`.
    for (k, vector) in simd.deinterleave_shfl_f32s([a, b, c, d]).iter().enumerate() {
        let (quarters, _) = bytemuck::cast_slice::<S::f32s, f32>(std::slice::from_ref(vector)).as_chunks::<TOGETHER>();
        for (quarter, values) in quarters.iter().enumerate() {
            out[(TOGETHER * quarter + k) * S::F32_LANES..][..TOGETHER].copy_from_slice(values);
        }
    }
}

/// Some rows and columns of a group's pixels and of the gradient's.
struct Piece<'a> {
    pixels: Pixels<'a>,
    values: Planes<'a>,
    rows: usize,
    columns: usize,
}

impl Piece<'_> {
    /// Adds its sums to those of a component.
    #[inline(always)]
    fn add<S: Simd, const B: usize>(&self, simd: S, sums: &mut [f32]) {
        for (block, sums) in S::as_mut_simd_f32s(sums).0.chunks_exact_mut(B * COLUMNS).enumerate() {
            let values = Planes { data: &self.values.data[block * B * self.values.plane..], ..self.values };
            let tile = correlate_pixels::<S, B, COLUMNS>(simd, &self.pixels, &values, self.rows, self.columns);
            for (sum, share) in sums.iter_mut().zip(tile.as_flattened()) {
                *sum = simd.add_f32s(*sum, *share);
            }
        }
    }
}
