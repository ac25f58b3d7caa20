//! Packing for Winograd's algorithm: strips as transformed rows.

use pulp::Simd;

use super::pack::{Region, pack_plane};
use super::source::ConvInput;
use super::winograd::{COMPONENTS, INPUT_ROWS, TILE_ROWS, input_transform};
use crate::kernels::memory::cache_lines::reserve;
use crate::kernels::raw::PackedPlanes;

/// Packs `region` of one image, six transformed rows for each row tile. Rows missing from the last tile count as zeros.
#[inline(always)]
pub(super) fn pack_transformed<'b, S: Simd>(
    simd: S,
    input: &ConvInput<'_>,
    region: &Region,
    rows: &mut Vec<f32>,
    buffer: &'b mut Vec<f32>,
) -> PackedPlanes<'b> {
    let (width, lanes) = (input.shape().width, S::F32_LANES);
    let whole = Region { rows: region.rows.next_multiple_of(TILE_ROWS), ..*region };
    let transformed = Region { rows: COMPONENTS * whole.rows / TILE_ROWS, halo: 0, ..whole };
    let (plane, pitch) = (transformed.plane(width, lanes), transformed.pitch(width, lanes));
    let rows = reserve(rows, whole.plane(width, lanes));
    let data = reserve(buffer, region.channels * plane);
    for (channel, out) in data.chunks_exact_mut(plane).enumerate() {
        pack_plane(input, &whole, channel, lanes, rows);
        let (out, rest) = out.split_at_mut(transformed.rows * pitch);
        for (tile, out) in out.chunks_exact_mut(COMPONENTS * pitch).enumerate() {
            transform_row_tile(simd, &rows[TILE_ROWS * tile * pitch..][..INPUT_ROWS * pitch], pitch, out);
        }
        rest.fill(0.0);
    }
    transformed.view(data, width, lanes)
}

/// `Bᵀ·d` of whole rows.
#[inline(always)]
fn transform_row_tile<S: Simd>(simd: S, rows: &[f32], pitch: usize, out: &mut [f32]) {
    let mut rows = rows.chunks_exact(pitch).map(|row| S::as_simd_f32s(row).0);
    let d: [_; INPUT_ROWS] = std::array::from_fn(|_| rows.next().expect("a row tile reads six rows"));
    let mut out = out.chunks_exact_mut(pitch).map(|row| S::as_mut_simd_f32s(row).0);
    let mut v: [_; COMPONENTS] = std::array::from_fn(|_| out.next().expect("a row tile has six components"));
    for x in 0..pitch / S::F32_LANES {
        let components = input_transform(simd, [d[0][x], d[1][x], d[2][x], d[3][x], d[4][x], d[5][x]]);
        for (v, value) in v.iter_mut().zip(components) {
            v[x] = value;
        }
    }
}
