//! Fewer multiplications for a 3×3 window: Winograd's F(4, 3) down the columns (Lavin, Gray: "Fast Algorithms for
//! Convolutional Neural Networks", CVPR 2016, in one dimension).
//!
//! Four rows of output need six rows of input, and of the window's three rows six sums: 6 × 3 products in place of 4 × 9.
//! Across the columns nothing changes, so that vectors still run along rows. With input rows `d`, window rows `g` and
//! output rows `y`, as matrices over rows: `y = Aᵀ·((G·g) ⊙ (Bᵀ·d))`, the points being 0, ±1, ±2 and ∞.

use pulp::Simd;

use super::pack::{Packed, Part, pack_plane};
use super::source::Input;
use crate::kernels::memory::cache_lines::reserve;

/// Rows of the window.
pub(crate) const ROWS_OF_WINDOW: usize = 3;
/// Rows of output computed together.
pub(crate) const ROWS: usize = 4;
/// Rows of input they need.
pub(crate) const ROWS_READ: usize = ROWS + ROWS_OF_WINDOW - 1;
/// Sums such rows are made of.
pub(crate) const COMPONENTS: usize = 6;
/// Columns of the window.
pub(crate) const COLUMNS: usize = 3;

/// `G`, which takes the rows of a window to its components.
pub(crate) const WINDOW: [[f32; ROWS_OF_WINDOW]; COMPONENTS] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// Packs `part` of one image as six rows for each four; missing last rows are zeros.
#[inline(always)]
pub(crate) fn pack_transformed<'b, S: Simd>(
    simd: S,
    input: &Input<'_>,
    part: &Part,
    rows: &mut Vec<f32>,
    buffer: &'b mut Vec<f32>,
) -> Packed<'b> {
    let (width, lanes) = (input.shape().width, S::F32_LANES);
    let whole = Part { rows: part.rows.next_multiple_of(ROWS), ..*part };
    let transformed = Part { rows: COMPONENTS * whole.rows / ROWS, border: 0, ..whole };
    let (plane, pitch) = (transformed.plane(width, lanes), transformed.pitch(width, lanes));
    let rows = reserve(rows, whole.plane(width, lanes));
    let data = reserve(buffer, part.channels * plane);
    for (channel, out) in data.chunks_exact_mut(plane).enumerate() {
        pack_plane(input, &whole, channel, lanes, rows);
        let (out, rest) = out.split_at_mut(transformed.rows * pitch);
        for (four, out) in out.chunks_exact_mut(COMPONENTS * pitch).enumerate() {
            transform(simd, &rows[ROWS * four * pitch..][..ROWS_READ * pitch], pitch, out);
        }
        rest.fill(0.0);
    }
    transformed.of(data, width, lanes)
}

/// `Bᵀ·d`: six rows of input to the six rows they are multiplied as.
#[inline(always)]
fn transform<S: Simd>(simd: S, rows: &[f32], pitch: usize, out: &mut [f32]) {
    let mut rows = rows.chunks_exact(pitch).map(|row| S::as_simd_f32s(row).0);
    let d: [_; ROWS_READ] = std::array::from_fn(|_| rows.next().expect("six rows"));
    let mut out = out.chunks_exact_mut(pitch).map(|row| S::as_mut_simd_f32s(row).0);
    let mut v: [_; COMPONENTS] = std::array::from_fn(|_| out.next().expect("room for six components"));
    for x in 0..pitch / S::F32_LANES {
        for (v, value) in v.iter_mut().zip(transformed(simd, [d[0][x], d[1][x], d[2][x], d[3][x], d[4][x], d[5][x]])) {
            v[x] = value;
        }
    }
}

/// The same for one vector of each row.
#[inline(always)]
pub(crate) fn transformed<S: Simd>(simd: S, d: [S::f32s; ROWS_READ]) -> [S::f32s; COMPONENTS] {
    let [d0, d1, d2, d3, d4, d5] = d;
    let (even, odd) = (plus(simd, d4, -4.0, d2), plus(simd, d3, -4.0, d1));
    let (even_two, difference) = (simd.sub_f32s(d4, d2), simd.sub_f32s(d3, d1));
    [
        plus(simd, even_two, 4.0, simd.sub_f32s(d0, d2)),
        simd.add_f32s(even, odd),
        simd.sub_f32s(even, odd),
        plus(simd, even_two, 2.0, difference),
        plus(simd, even_two, -2.0, difference),
        plus(simd, simd.sub_f32s(d5, d3), -4.0, difference),
    ]
}

/// `Aᵀ·m`: the four rows of output from their components.
#[inline(always)]
pub(crate) fn rows_of<S: Simd>(simd: S, m: [S::f32s; COMPONENTS]) -> [S::f32s; ROWS] {
    let (even_one, odd_one) = (simd.add_f32s(m[1], m[2]), simd.sub_f32s(m[1], m[2]));
    let (even_two, odd_two) = (simd.add_f32s(m[3], m[4]), simd.sub_f32s(m[3], m[4]));
    [
        simd.add_f32s(simd.add_f32s(m[0], even_one), even_two),
        plus(simd, odd_one, 2.0, odd_two),
        plus(simd, even_one, 4.0, even_two),
        simd.add_f32s(plus(simd, odd_one, 8.0, odd_two), m[5]),
    ]
}

/// `A·g`: four rows of a gradient to the components they are multiplied as with those of the input.
#[inline(always)]
pub(crate) fn components_of<S: Simd>(simd: S, g: [S::f32s; ROWS]) -> [S::f32s; COMPONENTS] {
    let (even_one, odd_one) = (simd.add_f32s(g[0], g[2]), simd.add_f32s(g[1], g[3]));
    let even_two = plus(simd, g[0], 4.0, g[2]);
    let odd_two = plus(simd, g[1], 4.0, g[3]);
    [
        g[0],
        simd.add_f32s(even_one, odd_one),
        simd.sub_f32s(even_one, odd_one),
        plus(simd, even_two, 2.0, odd_two),
        plus(simd, even_two, -2.0, odd_two),
        g[3],
    ]
}

/// `to + factor·value`. Functions, not closures: those would not be compiled for the vectors of `S`.
#[inline(always)]
fn plus<S: Simd>(simd: S, to: S::f32s, factor: f32, value: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(simd.splat_f32s(factor), value, to)
}
