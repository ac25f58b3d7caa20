//! Packing of the output's gradient for the weights' gradient: `A·dy`, plane by plane.

use pulp::Simd;

use super::pack::{Region, pack_plane};
use super::source::ConvInput;
use super::strips::Strip;
use super::winograd::{COMPONENTS, TILE_ROWS, gradient_transform};
use crate::kernels::memory::cache_lines::{reserve, stagger};
use crate::kernels::shape::Shape;

/// Layout of a packed gradient: `[output channel][component][row tile][column]`.
#[derive(Clone, Copy)]
pub(super) struct RowTiles {
    pub(super) width: usize,
    /// Number of row tiles.
    pub(super) count: usize,
    /// Values from a row tile to the next.
    pub(super) pitch: usize,
}

impl RowTiles {
    pub(super) fn new(shape: Shape, rows: usize) -> Self {
        // 16 lanes are the widest vector, and a multiple of all others.
        Self { width: shape.width, count: rows.div_ceil(TILE_ROWS), pitch: shape.width.next_multiple_of(16) }
    }

    /// Values of a component of a channel.
    pub(super) fn component(&self) -> usize {
        self.count * self.pitch
    }

    /// Values from a channel to the next.
    pub(super) fn plane(&self) -> usize {
        stagger(COMPONENTS * self.component())
    }
}

/// The row tiles of one channel of a strip, with `halo` rows above and below.
pub(super) fn region(strip: Strip, channel: usize, halo: usize) -> Region {
    Region {
        first_image: strip.image,
        images: 1,
        first_channel: channel,
        channels: 1,
        first_row: strip.first_row,
        rows: strip.rows.next_multiple_of(TILE_ROWS),
        halo,
        padding: 0,
    }
}

/// Packs one channel of a strip; padding channels are zero-filled.
#[inline(always)]
pub(super) fn pack_gradient<S: Simd>(
    simd: S,
    gradient: &ConvInput<'_>,
    strip: Strip,
    channel: usize,
    tiles: RowTiles,
    rows: &mut Vec<f32>,
    out: &mut [f32],
) {
    if channel >= gradient.shape().channels {
        return out.fill(0.0);
    }
    let region = region(strip, channel, 0);
    let (width, pitch) = (tiles.width, region.pitch(tiles.width, S::F32_LANES));
    let rows = reserve(rows, region.plane(width, S::F32_LANES));
    pack_plane(gradient, &region, 0, S::F32_LANES, rows);
    for (tile, rows) in rows.chunks_exact(TILE_ROWS * pitch).enumerate().take(tiles.count) {
        let mut rows = rows.chunks_exact(pitch).map(|row| S::as_simd_f32s(row).0);
        let g: [_; TILE_ROWS] = std::array::from_fn(|_| rows.next().expect("a row tile has four rows"));
        for (x, &upper) in g[0].iter().enumerate() {
            let components = gradient_transform(simd, [upper, g[1][x], g[2][x], g[3][x]]);
            for (component, values) in components.into_iter().enumerate() {
                let at = component * tiles.component() + tile * tiles.pitch + x * S::F32_LANES;
                S::as_mut_simd_f32s(&mut out[at..at + S::F32_LANES]).0[0] = values;
            }
        }
    }
}
