//! Winograd's F(4, 3) down the columns of a 3×3 window: half the multiplications (Lavin, Gray: "Fast Algorithms for
//! Convolutional Neural Networks", CVPR 2016, in one dimension).
//!
//! A row tile of four output rows reads six input rows. Direct convolution takes 4 × 9 products per pixel column; here
//! six components take three products each, 6 × 3. Nothing changes across the columns, so vectors still run along rows.
//! With input rows `d`, window rows `g` and output rows `y`, as matrices over rows: `y = Aᵀ·((G·g) ⊙ (Bᵀ·d))`. The
//! interpolation points are 0, ±1, ±2 and ∞.

use pulp::Simd;

/// Rows of the window.
const WINDOW_ROWS: usize = 3;
/// Columns of the window.
pub(super) const WINDOW_COLUMNS: usize = 3;
/// Output rows of a row tile.
pub(super) const TILE_ROWS: usize = 4;
/// Input rows a row tile reads.
pub(super) const INPUT_ROWS: usize = TILE_ROWS + WINDOW_ROWS - 1;
/// Transformed rows of a row tile. Each is convolved separately with a transformed row of the window.
pub(super) const COMPONENTS: usize = 6;

/// `G`: the window's rows to its components.
pub(super) const WINDOW_TRANSFORM: [[f32; WINDOW_ROWS]; COMPONENTS] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// `Bᵀ·d`: six input rows to components, one vector of each row.
#[inline(always)]
pub(super) fn input_transform<S: Simd>(simd: S, d: [S::f32s; INPUT_ROWS]) -> [S::f32s; COMPONENTS] {
    let [d0, d1, d2, d3, d4, d5] = d;
    let (even, odd) = (add_scaled(simd, d4, -4.0, d2), add_scaled(simd, d3, -4.0, d1));
    let (even_two, difference) = (simd.sub_f32s(d4, d2), simd.sub_f32s(d3, d1));
    [
        add_scaled(simd, even_two, 4.0, simd.sub_f32s(d0, d2)),
        simd.add_f32s(even, odd),
        simd.sub_f32s(even, odd),
        add_scaled(simd, even_two, 2.0, difference),
        add_scaled(simd, even_two, -2.0, difference),
        add_scaled(simd, simd.sub_f32s(d5, d3), -4.0, difference),
    ]
}

/// `Aᵀ·m`: components to four output rows.
#[inline(always)]
pub(super) fn output_transform<S: Simd>(simd: S, m: [S::f32s; COMPONENTS]) -> [S::f32s; TILE_ROWS] {
    let (even_one, odd_one) = (simd.add_f32s(m[1], m[2]), simd.sub_f32s(m[1], m[2]));
    let (even_two, odd_two) = (simd.add_f32s(m[3], m[4]), simd.sub_f32s(m[3], m[4]));
    [
        simd.add_f32s(simd.add_f32s(m[0], even_one), even_two),
        add_scaled(simd, odd_one, 2.0, odd_two),
        add_scaled(simd, even_one, 4.0, even_two),
        simd.add_f32s(add_scaled(simd, odd_one, 8.0, odd_two), m[5]),
    ]
}

/// `A·g`: four rows of the output's gradient to components, to be multiplied with those of the input.
#[inline(always)]
pub(super) fn gradient_transform<S: Simd>(simd: S, g: [S::f32s; TILE_ROWS]) -> [S::f32s; COMPONENTS] {
    let (even_one, odd_one) = (simd.add_f32s(g[0], g[2]), simd.add_f32s(g[1], g[3]));
    let even_two = add_scaled(simd, g[0], 4.0, g[2]);
    let odd_two = add_scaled(simd, g[1], 4.0, g[3]);
    [
        g[0],
        simd.add_f32s(even_one, odd_one),
        simd.sub_f32s(even_one, odd_one),
        add_scaled(simd, even_two, 2.0, odd_two),
        add_scaled(simd, even_two, -2.0, odd_two),
        g[3],
    ]
}

/// `sum + factor·value`. A function and not a closure: a closure is not compiled for the instruction set of `S`.
#[inline(always)]
fn add_scaled<S: Simd>(simd: S, sum: S::f32s, factor: f32, value: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(simd.splat_f32s(factor), value, sum)
}
