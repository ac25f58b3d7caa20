//! The loop of register tiles over a packed strip.

use std::ops::Range;

use pulp::Simd;

use super::weights::PackedWeights;
use super::winograd::{COMPONENTS, TILE_ROWS, WINDOW_COLUMNS, output_transform};
use crate::kernels::output::Output;
use crate::kernels::raw::{PackedPlanes, correlate};

/// Sums over one packed chunk of input channels, for some channel tiles of a strip.
pub(super) struct TileLoop<'a> {
    pub(super) weights: &'a PackedWeights,
    /// The first input channel of the chunk. The first chunk overwrites the output, the others accumulate.
    pub(super) first_input: usize,
    pub(super) tiles: Range<usize>,
    /// Rows of the strip.
    pub(super) rows: usize,
}

/// For each of a tile's vectors: its place in the output plane, and how many of its lanes are pixels.
type Places<const P: usize> = [(usize, usize); P];

impl TileLoop<'_> {
    /// Direct convolution with a `K`×`K` window; `output` has one entry for each channel of the tiles.
    #[inline(always)]
    pub(super) fn direct<S: Simd, const B: usize, const K: usize>(
        &self,
        simd: S,
        packed: &PackedPlanes<'_>,
        output: &mut [Option<Output<'_>>],
    ) {
        let vectors = packed.width.div_ceil(S::F32_LANES) * packed.rows;
        for (tile, output) in self.tiles.clone().zip(output.chunks_mut(B)) {
            if output.iter().all(Option::is_none) {
                continue;
            }
            let weights = self.weights.of_tile(tile, 0, self.first_input);
            let mut vector = 0;
            while vector < vectors {
                match vectors - vector {
                    1 => self.direct_tile::<S, B, 1, K>(simd, packed, weights, vector, output),
                    2 => self.direct_tile::<S, B, 2, K>(simd, packed, weights, vector, output),
                    _ => self.direct_tile::<S, B, 3, K>(simd, packed, weights, vector, output),
                }
                vector += 3;
            }
        }
    }

    #[inline(always)]
    fn direct_tile<S: Simd, const B: usize, const P: usize, const K: usize>(
        &self,
        simd: S,
        packed: &PackedPlanes<'_>,
        weights: &[f32],
        vector: usize,
        output: &mut [Option<Output<'_>>],
    ) {
        let (from, to) = places::<S, P>(packed, vector, 1, 1);
        let sums = correlate::<S, B, P, K, K>(simd, packed, from, weights);
        for (plane, sums) in output.iter_mut().zip(sums) {
            let Some(plane) = plane else { continue };
            for (&to, sum) in to.iter().zip(sums) {
                write(simd, plane.values, to, sum, self.first_input > 0 || plane.accumulate);
            }
        }
    }

    /// Winograd's algorithm; `packed` holds transformed rows.
    #[inline(always)]
    pub(super) fn winograd<S: Simd, const B: usize>(
        &self,
        simd: S,
        packed: &PackedPlanes<'_>,
        output: &mut [Option<Output<'_>>],
    ) {
        let vectors = packed.width.div_ceil(S::F32_LANES) * packed.rows / COMPONENTS;
        let mut sums = ComponentSums([[[simd.splat_f32s(0.0); 3]; B]; COMPONENTS]);
        for (tile, output) in self.tiles.clone().zip(output.chunks_mut(B)) {
            if output.iter().all(Option::is_none) {
                continue;
            }
            let mut vector = 0;
            while vector < vectors {
                match vectors - vector {
                    1 => self.winograd_tile::<S, B, 1>(simd, packed, tile, vector, &mut sums, output),
                    2 => self.winograd_tile::<S, B, 2>(simd, packed, tile, vector, &mut sums, output),
                    _ => self.winograd_tile::<S, B, 3>(simd, packed, tile, vector, &mut sums, output),
                }
                vector += 3;
            }
        }
    }

    /// One row tile of `P` vectors. All components are computed first; they wait in `sums`, as not all fit the
    /// registers.
    #[inline(always)]
    fn winograd_tile<S: Simd, const B: usize, const P: usize>(
        &self,
        simd: S,
        packed: &PackedPlanes<'_>,
        tile: usize,
        vector: usize,
        sums: &mut ComponentSums<S, B>,
        output: &mut [Option<Output<'_>>],
    ) {
        let (from, to) = places::<S, P>(packed, vector, COMPONENTS, TILE_ROWS);
        for (component, sums) in sums.0.iter_mut().enumerate() {
            let mut from = from;
            from.iter_mut().for_each(|from| *from += component * packed.pitch);
            let weights = self.weights.of_tile(tile, component, self.first_input);
            let of_component = correlate::<S, B, P, 1, WINDOW_COLUMNS>(simd, packed, from, weights);
            for (sums, values) in sums.iter_mut().zip(of_component) {
                sums[..P].copy_from_slice(&values);
            }
        }
        for (b, plane) in output.iter_mut().enumerate() {
            let Some(plane) = plane else { continue };
            let accumulate = self.first_input > 0 || plane.accumulate;
            for (p, &(at, count)) in to.iter().enumerate() {
                let m = &sums.0;
                let components = [m[0][b][p], m[1][b][p], m[2][b][p], m[3][b][p], m[4][b][p], m[5][b][p]];
                let rows = output_transform(simd, components);
                let first = at / packed.width;
                for (row, sum) in rows.into_iter().enumerate().take(self.rows - first) {
                    write(simd, plane.values, (at + row * packed.width, count), sum, accumulate);
                }
            }
        }
    }
}

/// The components of a tile's sums. Aligned, so that no vector crosses a cache line.
#[repr(align(64))]
struct ComponentSums<S: Simd, const B: usize>([[[S::f32s; 3]; B]; COMPONENTS]);

/// Where `P` vectors from `vector` on are read in a packed strip, and where they are written: `read` packed rows
/// produce `written` rows of the output.
#[inline(always)]
fn places<S: Simd, const P: usize>(
    packed: &PackedPlanes<'_>,
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

/// Writes or accumulates a vector of sums at a place.
#[inline(always)]
fn write<S: Simd>(simd: S, plane: &mut [f32], (at, count): (usize, usize), sum: S::f32s, accumulate: bool) {
    let values = &mut plane[at..at + count];
    if count == S::F32_LANES {
        let place = &mut S::as_mut_simd_f32s(values).0[0];
        *place = if accumulate { simd.add_f32s(*place, sum) } else { sum };
    } else {
        let sum = if accumulate { simd.add_f32s(simd.partial_load_f32s(values), sum) } else { sum };
        simd.partial_store_f32s(values, sum);
    }
}
