//! Convolution with a 3×3 window (border of zeros) or a 1×1 one, stride 1, by strips.
//!
//! A strip is some rows of one picture, few enough that their packed copy stays in the second-level cache. Tiles of 8
//! output channels by 3 vectors of pixels run over it; nothing is unrolled into a matrix.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::pack::{Packed, Part, Scratch, pack, with_scratch};
use super::source::Input;
use super::strips::{CHANNELS_AT_ONCE, Piece, Plan, Rows, Target};
use super::weights::{Method, Weights, block};
use super::winograd::{COLUMNS, COMPONENTS, ROWS, pack_transformed, rows_of};
use crate::kernels::norm::{Fold, Moments, Statistics};
use crate::kernels::output::Destination;
use crate::kernels::raw::correlate;
use crate::kernels::simd::dispatch;

/// What happens to a strip after its sums are there, while it is in cache.
#[derive(Clone, Copy)]
pub(crate) enum Finish<'a> {
    /// Nothing.
    Plain,
    /// A number is added to each channel.
    Bias(&'a [f32]),
    /// Batch norm with known statistics, and ReLU.
    Activate(&'a Fold),
    /// Mean and variance of each channel are taken.
    Measure,
}

/// Runs the convolution of `input` with `weights`; the statistics are those of [`Finish::Measure`].
///
/// # Panics
/// When input, weights and target do not fit together.
pub(crate) fn convolve(
    input: &Input<'_>,
    weights: &Weights,
    target: Target<'_>,
    finish: Finish<'_>,
) -> Option<Statistics> {
    assert_eq!(input.shape().channels, weights.order.inputs, "channels and weights disagree");
    let pieces = Plan::new(input.shape(), weights).pieces(target);
    let moments: Vec<(usize, Vec<Moments>)> =
        pieces.into_par_iter().map(|piece| (piece.outputs.start, piece.run(input, weights, finish))).collect();
    matches!(finish, Finish::Measure).then(|| statistics(weights.order.outputs, &moments))
}

fn statistics(channels: usize, pieces: &[(usize, Vec<Moments>)]) -> Statistics {
    let mut merged = vec![Moments::default(); channels];
    for (first, moments) in pieces {
        for (channel, moments) in merged[*first..].iter_mut().zip(moments) {
            *channel = channel.merge(*moments);
        }
    }
    Statistics::from_moments(&merged)
}

impl Piece<'_> {
    /// Computes it; returns the moments of [`Finish::Measure`].
    pub(crate) fn run(mut self, input: &Input<'_>, weights: &Weights, finish: Finish<'_>) -> Vec<Moments> {
        with_scratch(|scratch| dispatch(Work { input, weights, finish, piece: &mut self, scratch }))
    }
}

struct Work<'w, 'a> {
    input: &'w Input<'w>,
    weights: &'w Weights,
    finish: Finish<'w>,
    piece: &'w mut Piece<'a>,
    scratch: &'w mut Scratch,
}

impl WithSimd for Work<'_, '_> {
    type Output = Vec<Moments>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<Moments> {
        match (self.weights.order.taps, block::<S>()) {
            (9, 8) => self.run::<S, 8, 3>(simd),
            (9, _) => self.run::<S, 4, 3>(simd),
            (_, 8) => self.run::<S, 8, 1>(simd),
            (_, _) => self.run::<S, 4, 1>(simd),
        }
    }
}

impl Work<'_, '_> {
    #[inline(always)]
    fn run<S: Simd, const B: usize, const K: usize>(self, simd: S) -> Vec<Moments> {
        let Self { input, weights, finish, piece, scratch } = self;
        let Scratch { rows, input: packing, output, .. } = scratch;
        let (first, outputs) = (piece.outputs.start, piece.outputs.clone());
        match &mut piece.out {
            Rows::Planes(planes) => {
                let strip = StripInput { input, image: piece.image, first: piece.first, rows: piece.rows };
                strip.convolve::<S, B, K>(simd, weights, outputs, rows, packing, planes);
                finish_planes(planes, first, finish)
            }
            Rows::Corners(planes, bias) => {
                let strip = StripInput { input, image: piece.image, first: piece.first, rows: piece.rows };
                let len = piece.rows * input.shape().width;
                output.resize(outputs.len() * len, 0.0);
                let mut channels: Vec<_> =
                    output.chunks_exact_mut(len).map(|rows| Some(Destination::fresh(rows))).collect();
                strip.convolve::<S, B, K>(simd, weights, outputs, rows, packing, &mut channels);
                for (plane, (corners, bias)) in
                    planes.iter_mut().zip(output.chunks_exact(4 * len).zip(&bias[first / 4..]))
                {
                    interleave(corners, input.shape().width, *bias, plane);
                }
                Vec::new()
            }
        }
    }
}

/// Some rows of a picture as a convolution reads them.
struct StripInput<'a> {
    input: &'a Input<'a>,
    image: usize,
    first: usize,
    rows: usize,
}

impl StripInput<'_> {
    /// The strip's rows of the channels `outputs`, whose planes are `out`.
    #[inline(always)]
    fn convolve<S: Simd, const B: usize, const K: usize>(
        &self,
        simd: S,
        weights: &Weights,
        outputs: Range<usize>,
        plane: &mut Vec<f32>,
        packing: &mut Vec<f32>,
        out: &mut [Option<Destination<'_>>],
    ) {
        let channels = self.input.shape().channels;
        for first in (0..channels).step_by(CHANNELS_AT_ONCE) {
            let part = Part {
                first_image: self.image,
                images: 1,
                first_channel: first,
                channels: CHANNELS_AT_ONCE.min(channels - first),
                first_row: self.first,
                rows: self.rows,
                border: K / 2,
                pad: K / 2,
            };
            let blocks = outputs.start / B..outputs.end.div_ceil(B);
            let run = Run { weights, first, blocks, rows: self.rows };
            match weights.method {
                Method::Direct => {
                    let packed = pack(self.input, &part, S::F32_LANES, packing);
                    run.direct::<S, B, K>(simd, &packed, out);
                }
                Method::Winograd => {
                    let packed = pack_transformed(simd, self.input, &part, plane, packing);
                    run.winograd::<S, B>(simd, &packed, out);
                }
            }
        }
    }
}

/// Blocks of output channels that some packed channels, those from `first` on, are summed up for.
struct Run<'a> {
    weights: &'a Weights,
    first: usize,
    blocks: Range<usize>,
    rows: usize,
}

/// Where a tile's vectors go: the place in the plane, and how many lanes of each there are.
type Places<const P: usize> = [(usize, usize); P];

impl Run<'_> {
    #[inline(always)]
    fn direct<S: Simd, const B: usize, const K: usize>(
        &self,
        simd: S,
        packed: &Packed<'_>,
        out: &mut [Option<Destination<'_>>],
    ) {
        let vectors = packed.width.div_ceil(S::F32_LANES) * packed.rows;
        for (block, out) in self.blocks.clone().zip(out.chunks_mut(B)) {
            if out.iter().all(Option::is_none) {
                continue;
            }
            let weights = self.weights.of(block, 0, self.first);
            let mut vector = 0;
            while vector < vectors {
                match vectors - vector {
                    1 => self.tile::<S, B, 1, K>(simd, packed, weights, vector, out),
                    2 => self.tile::<S, B, 2, K>(simd, packed, weights, vector, out),
                    _ => self.tile::<S, B, 3, K>(simd, packed, weights, vector, out),
                }
                vector += 3;
            }
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const B: usize, const P: usize, const K: usize>(
        &self,
        simd: S,
        packed: &Packed<'_>,
        weights: &[f32],
        vector: usize,
        out: &mut [Option<Destination<'_>>],
    ) {
        let (from, to) = places::<S, P>(packed, vector, 1, 1);
        let sums = correlate::<S, B, P, K, K>(simd, packed, from, weights);
        for (plane, sums) in out.iter_mut().zip(sums) {
            let Some(plane) = plane else { continue };
            for (&to, sum) in to.iter().zip(sums) {
                write(simd, plane.values, to, sum, self.first > 0 || plane.add);
            }
        }
    }

    #[inline(always)]
    fn winograd<S: Simd, const B: usize>(&self, simd: S, packed: &Packed<'_>, out: &mut [Option<Destination<'_>>]) {
        let vectors = packed.width.div_ceil(S::F32_LANES) * packed.rows / COMPONENTS;
        let mut sums = Components([[[simd.splat_f32s(0.0); 3]; B]; COMPONENTS]);
        for (block, out) in self.blocks.clone().zip(out.chunks_mut(B)) {
            if out.iter().all(Option::is_none) {
                continue;
            }
            let mut vector = 0;
            while vector < vectors {
                match vectors - vector {
                    1 => self.four_rows::<S, B, 1>(simd, packed, block, vector, &mut sums, out),
                    2 => self.four_rows::<S, B, 2>(simd, packed, block, vector, &mut sums, out),
                    _ => self.four_rows::<S, B, 3>(simd, packed, block, vector, &mut sums, out),
                }
                vector += 3;
            }
        }
    }

    /// Four rows of some vectors: all components first, which then wait in `sums`, since not all fit the registers.
    #[inline(always)]
    fn four_rows<S: Simd, const B: usize, const P: usize>(
        &self,
        simd: S,
        packed: &Packed<'_>,
        block: usize,
        vector: usize,
        sums: &mut Components<S, B>,
        out: &mut [Option<Destination<'_>>],
    ) {
        let (from, to) = places::<S, P>(packed, vector, COMPONENTS, ROWS);
        for (component, sums) in sums.0.iter_mut().enumerate() {
            let mut from = from;
            from.iter_mut().for_each(|from| *from += component * packed.pitch);
            let weights = self.weights.of(block, component, self.first);
            let of_component = correlate::<S, B, P, 1, COLUMNS>(simd, packed, from, weights);
            for (sums, values) in sums.iter_mut().zip(of_component) {
                sums[..P].copy_from_slice(&values);
            }
        }
        for (b, plane) in out.iter_mut().enumerate() {
            let Some(plane) = plane else { continue };
            let add = self.first > 0 || plane.add;
            for (p, &(at, count)) in to.iter().enumerate() {
                let m = &sums.0;
                let rows = rows_of(simd, [m[0][b][p], m[1][b][p], m[2][b][p], m[3][b][p], m[4][b][p], m[5][b][p]]);
                let first = at / packed.width;
                for (row, sum) in rows.into_iter().enumerate().take(self.rows - first) {
                    write(simd, plane.values, (at + row * packed.width, count), sum, add);
                }
            }
        }
    }
}

/// The sums of a tile, component by component, each vector within one line of the cache.
#[repr(align(64))]
struct Components<S: Simd, const B: usize>([[[S::f32s; 3]; B]; COMPONENTS]);

/// Where `P` vectors from `vector` on are read in a packed strip, and where they stand in the output: `read` packed rows
/// belong to `written` rows of the output.
#[inline(always)]
fn places<S: Simd, const P: usize>(
    packed: &Packed<'_>,
    vector: usize,
    read: usize,
    written: usize,
) -> ([usize; P], Places<P>) {
    let per_row = packed.width.div_ceil(S::F32_LANES);
    let mut from = [0; P];
    let mut to = [(0, 0); P];
    for p in 0..P {
        let (row, column) = ((vector + p) / per_row, (vector + p) % per_row * S::F32_LANES);
        from[p] = packed.first_window() + read * row * packed.pitch + column;
        to[p] = (written * row * packed.width + column, S::F32_LANES.min(packed.width - column));
    }
    (from, to)
}

/// Writes a vector of sums, or adds it to what is there.
#[inline(always)]
fn write<S: Simd>(simd: S, plane: &mut [f32], (at, count): (usize, usize), sum: S::f32s, add: bool) {
    let values = &mut plane[at..at + count];
    if count == S::F32_LANES {
        let place = &mut S::as_mut_simd_f32s(values).0[0];
        *place = if add { simd.add_f32s(*place, sum) } else { sum };
    } else {
        let sum = if add { simd.add_f32s(simd.partial_load_f32s(values), sum) } else { sum };
        simd.partial_store_f32s(values, sum);
    }
}

#[inline(always)]
fn finish_planes(planes: &mut [Option<Destination<'_>>], first: usize, finish: Finish<'_>) -> Vec<Moments> {
    let mut moments = Vec::new();
    for (offset, plane) in planes.iter_mut().enumerate() {
        let Some(Destination { values: plane, add }) = plane else { continue };
        assert!(!*add || matches!(finish, Finish::Plain), "only plain sums are added to others");
        match finish {
            Finish::Plain => {}
            Finish::Bias(bias) => plane.iter_mut().for_each(|value| *value += bias[first + offset]),
            Finish::Activate(fold) => fold.activate(first + offset, plane),
            Finish::Measure => moments.push(Moments::of(plane)),
        }
    }
    moments
}

/// Four planes of `width` columns become the 2×2 squares of one.
#[inline(always)]
fn interleave(corners: &[f32], width: usize, bias: f32, out: &mut [f32]) {
    let len = corners.len() / 4;
    for (y, out) in out.chunks_exact_mut(2 * width).enumerate() {
        let row = |corner: usize| &corners[corner * len + y / 2 * width..][..width];
        let (left, right) = (row(y % 2 * 2), row(y % 2 * 2 + 1));
        for ((pair, left), right) in out.chunks_exact_mut(2).zip(left).zip(right) {
            pair[0] = left + bias;
            pair[1] = right + bias;
        }
    }
}
