//! Fewer multiplications for a 3×3 window: Winograd's F(2, 3) down the columns (Lavin, Gray: "Fast Algorithms for
//! Convolutional Neural Networks", CVPR 2016, in one dimension).
//!
//! Two rows of output need four rows of input, and of the window's three rows four sums: 4 × 3 products in place of 2 × 9.
//! Across the columns nothing changes, so that vectors still run along rows. The rounding error grows by less than half.
//!
//! With input rows `d`, window rows `g` and output rows `y`:
//! `m0 = (d0 − d2)·g0`, `m1 = (d1 + d2)·(g0 + g1 + g2)/2`, `m2 = (d2 − d1)·(g0 − g1 + g2)/2`, `m3 = (d1 − d3)·g2`;
//! `y0 = m0 + m1 + m2`, `y1 = m1 − m2 − m3`.

use super::pack::{Packed, Part, pack_plane, reserve};
use super::source::Input;

/// Sums a pair of rows is made of.
pub(crate) const COMPONENTS: usize = 4;
/// Columns of the window.
pub(crate) const COLUMNS: usize = 3;

/// The sign with which each component joins the upper and the lower row of a pair.
pub(crate) const SIGNS: [[i8; 2]; COMPONENTS] = [[1, 0], [1, 1], [1, -1], [0, -1]];

/// A 3×3 window as `[component][column]`.
pub(crate) fn window(taps: &[f32; 9]) -> [[f32; COLUMNS]; COMPONENTS] {
    let row = |of: fn(f32, f32, f32) -> f32| [0, 1, 2].map(|x| of(taps[x], taps[3 + x], taps[6 + x]));
    [
        row(|g0, _, _| g0),
        row(|g0, g1, g2| 0.5 * (g0 + g1 + g2)),
        row(|g0, g1, g2| 0.5 * (g0 - g1 + g2)),
        row(|_, _, g2| g2),
    ]
}

/// Packs `part` of one image as four rows for each pair of rows; an odd last row is paired with zeros.
#[inline(always)]
pub(crate) fn pack_pairs<'b>(
    input: &Input<'_>,
    part: &Part,
    lanes: usize,
    rows: &mut Vec<f32>,
    buffer: &'b mut Vec<f32>,
) -> Packed<'b> {
    let width = input.shape().width;
    let even = Part { rows: part.rows.next_multiple_of(2), ..*part };
    let pairs = Part { rows: COMPONENTS * even.rows / 2, border: 0, ..even };
    let (plane, pitch) = (pairs.plane(width, lanes), pairs.pitch(width, lanes));
    let rows = reserve(rows, even.plane(width, lanes));
    let data = reserve(buffer, part.channels * plane);
    for (channel, out) in data.chunks_exact_mut(plane).enumerate() {
        pack_plane(input, &even, channel, lanes, rows);
        let (whole, rest) = out.split_at_mut(pairs.rows * pitch);
        for (pair, out) in whole.chunks_exact_mut(COMPONENTS * pitch).enumerate() {
            transform(&rows[2 * pair * pitch..][..4 * pitch], pitch, out);
        }
        rest.fill(0.0);
    }
    pairs.of(data, width, lanes)
}

/// Four rows of input to the four rows they are multiplied as.
#[inline(always)]
fn transform(rows: &[f32], pitch: usize, out: &mut [f32]) {
    let row = |index: usize| &rows[index * pitch..][..pitch];
    let (d0, d1, d2, d3) = (row(0), row(1), row(2), row(3));
    let (upper, lower) = out.split_at_mut(2 * pitch);
    let ((v0, v1), (v2, v3)) = (upper.split_at_mut(pitch), lower.split_at_mut(pitch));
    for x in 0..pitch {
        v0[x] = d0[x] - d2[x];
        v1[x] = d1[x] + d2[x];
        v2[x] = d2[x] - d1[x];
        v3[x] = d1[x] - d3[x];
    }
}
