//! A vector of input channels, and its contribution to the weights' gradient.
//!
//! Input channels lie side by side in vectors, pixel after pixel. This gives each weight's sum a lane of its own, and
//! the window's columns are neighbouring vectors.

use std::ops::Range;

use pulp::Simd;

use super::pack::pack_plane;
use super::pack_gradient::{RowTiles, region};
use super::source::ConvInput;
use super::strips::Strip;
use super::tile::tile_channels;
use super::weight_sums::SumLayout;
use super::winograd::{COMPONENTS, INPUT_ROWS, TILE_ROWS, WINDOW_COLUMNS, input_transform};
use crate::kernels::memory::cache_lines::reserve;
use crate::kernels::raw::{Pixels, Planes, correlate_pixels};

/// Input channels that share vectors, in one strip.
#[derive(Clone, Copy)]
pub(super) struct ChannelGroup<'a> {
    pub(super) input: &'a ConvInput<'a>,
    pub(super) layout: SumLayout,
    /// Index of the group.
    pub(super) index: usize,
    pub(super) strip: Strip,
}

/// Pixels that are summed in registers before their sums are added to memory. As vectors of 16 lanes they take 16 KiB,
/// part of the first-level cache.
const PIXELS_AT_ONCE: usize = 256;

impl ChannelGroup<'_> {
    /// Adds the strip's contribution to `sums`, the group's; `gradient` is the packed gradient of the output.
    #[inline(always)]
    pub(super) fn add<S: Simd>(
        self,
        simd: S,
        gradient: &[f32],
        tiles: RowTiles,
        rows: &mut Vec<f32>,
        pixels: &mut Vec<f32>,
        sums: &mut [f32],
    ) {
        let pitch = (tiles.width.next_multiple_of(S::F32_LANES) + WINDOW_COLUMNS - 1) * S::F32_LANES;
        let pixels = reserve(pixels, COMPONENTS * tiles.count * pitch);
        self.pack(simd, tiles, pitch, rows, pixels);
        let rows = (PIXELS_AT_ONCE / tiles.width).clamp(1, tiles.count);
        let columns = tiles.width.div_ceil(tiles.width.div_ceil(PIXELS_AT_ONCE));
        for (component, sums) in sums.chunks_exact_mut(self.layout.component()).enumerate() {
            for tile in (0..tiles.count).step_by(rows) {
                for column in (0..tiles.width).step_by(columns) {
                    let x = &pixels[(component * tiles.count + tile) * pitch + column * S::F32_LANES..];
                    let g = &gradient[component * tiles.component() + tile * tiles.pitch + column..];
                    let block = PixelBlock {
                        pixels: Pixels { data: x, pitch },
                        gradient: Planes { data: g, pitch: tiles.pitch, plane: tiles.plane() },
                        rows: rows.min(tiles.count - tile),
                        columns: columns.min(tiles.width - column),
                    };
                    match tile_channels::<S>() {
                        8 => block.add::<S, 8>(simd, sums),
                        _ => block.add::<S, 4>(simd, sums),
                    }
                }
            }
        }
    }

    /// Packs `Bᵀ·d` as `[component][row tile][pixel][channel]`, with one pixel of zero padding on either side of each
    /// row.
    #[inline(always)]
    fn pack<S: Simd>(&self, simd: S, tiles: RowTiles, pitch: usize, rows: &mut Vec<f32>, pixels: &mut [f32]) {
        for row in pixels.chunks_exact_mut(pitch) {
            row[..S::F32_LANES].fill(0.0);
            row[pitch - S::F32_LANES..].fill(0.0);
        }
        let together = if S::F32_LANES.is_multiple_of(TOGETHER) { TOGETHER } else { 1 };
        for first in (0..S::F32_LANES).step_by(together) {
            let channels = first..first + together;
            if together == TOGETHER {
                self.pack_channels::<S, TOGETHER>(simd, channels, tiles, pitch, rows, pixels);
            } else {
                self.pack_channels::<S, 1>(simd, channels, tiles, pitch, rows, pixels);
            }
        }
    }

    #[inline(always)]
    fn pack_channels<S: Simd, const N: usize>(
        &self,
        simd: S,
        channels: Range<usize>,
        tiles: RowTiles,
        pitch: usize,
        rows: &mut Vec<f32>,
        pixels: &mut [f32],
    ) {
        let first = self.index * S::F32_LANES + channels.start;
        let region = region(self.strip, first, 1);
        let (plane, row) = (region.plane(tiles.width, S::F32_LANES), region.pitch(tiles.width, S::F32_LANES));
        let rows = reserve(rows, N * plane);
        for (channel, rows) in rows.chunks_exact_mut(plane).enumerate() {
            if first + channel < self.layout.in_channels {
                pack_plane(self.input, &region, channel, S::F32_LANES, rows);
            } else {
                rows.fill(0.0);
            }
        }
        let rows = S::as_simd_f32s(rows).0;
        let (plane, row) = (plane / S::F32_LANES, row / S::F32_LANES);
        for tile in 0..tiles.count {
            for x in 0..row {
                let mut components = [[simd.splat_f32s(0.0); N]; COMPONENTS];
                for channel in 0..N {
                    let mut d = [simd.splat_f32s(0.0); INPUT_ROWS];
                    for (y, d) in d.iter_mut().enumerate() {
                        *d = rows[channel * plane + (TILE_ROWS * tile + y) * row + x];
                    }
                    for (components, value) in components.iter_mut().zip(input_transform(simd, d)) {
                        components[channel] = value;
                    }
                }
                for (component, values) in components.into_iter().enumerate() {
                    let at = (component * tiles.count + tile) * pitch + (1 + x * S::F32_LANES) * S::F32_LANES;
                    transpose(simd, &values, &mut pixels[at + channels.start..]);
                }
            }
        }
    }
}

/// Channels that are transposed together.
const TOGETHER: usize = 4;

/// Writes vectors of pixels, one for each channel, as neighbouring channels of each pixel.
#[inline(always)]
fn transpose<S: Simd>(simd: S, values: &[S::f32s], out: &mut [f32]) {
    let &[a, b, c, d] = values else {
        // Vectors with a single lane need no transposition.
        return out[..values.len()].copy_from_slice(bytemuck::cast_slice(values));
    };
    // Quarter `q` of vector `k` holds the channels of pixel `4·q + k`.
    for (k, vector) in simd.deinterleave_shfl_f32s([a, b, c, d]).iter().enumerate() {
        let (quarters, _) = bytemuck::cast_slice::<S::f32s, f32>(std::slice::from_ref(vector)).as_chunks::<TOGETHER>();
        for (quarter, values) in quarters.iter().enumerate() {
            out[(TOGETHER * quarter + k) * S::F32_LANES..][..TOGETHER].copy_from_slice(values);
        }
    }
}

/// Some rows and columns of a group's pixels and of the gradient.
struct PixelBlock<'a> {
    pixels: Pixels<'a>,
    gradient: Planes<'a>,
    rows: usize,
    columns: usize,
}

impl PixelBlock<'_> {
    /// Adds its products to the sums of a component, `B` output channels at a time.
    #[inline(always)]
    fn add<S: Simd, const B: usize>(&self, simd: S, sums: &mut [f32]) {
        for (tile, sums) in S::as_mut_simd_f32s(sums).0.chunks_exact_mut(B * WINDOW_COLUMNS).enumerate() {
            let gradient = Planes { data: &self.gradient.data[tile * B * self.gradient.plane..], ..self.gradient };
            let tile = correlate_pixels::<S, B, WINDOW_COLUMNS>(simd, &self.pixels, &gradient, self.rows, self.columns);
            for (sum, products) in sums.iter_mut().zip(tile.as_flattened()) {
                *sum = simd.add_f32s(*sum, *products);
            }
        }
    }
}
