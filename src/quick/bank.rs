//! A filter bank: colour, and at σ 1, 2, 4, 8, 16 pixels Gaussian colour, gradient magnitude, Laplacian, local standard
//! deviation and the eigenvalues of the structure tensor. What σ ≥ 4 leaves is smooth: it is computed at a quarter of the size.

use half::f16;
use half::slice::HalfFloatSliceExt as _;
use rayon::prelude::*;

use super::feature_map::{FeatureMap, Source};
use super::shrink::halved;
use crate::kernels::blur::{Plane, blur, reach};

/// Features of the bank.
pub(super) const BANK: usize = 3 + 5 * PER_SIGMA;
/// Features at each σ.
const PER_SIGMA: usize = 8;
/// Rows computed at a time.
const STRIP: usize = 128;

/// Planes of a picture, values from 0 to 1: red, green, blue.
pub(super) type Colors = [Plane; 3];

/// The bank of a tile, as maps at full and at quarter size.
pub(super) fn bank(colors: &Colors) -> Vec<FeatureMap> {
    let quarter = colors.each_ref().map(|plane| halved(&halved(plane)));
    vec![filtered(colors, &[1.0, 2.0], true, 1), filtered(&quarter, &[1.0, 2.0, 4.0], false, 4)]
}

fn filtered(colors: &Colors, sigmas: &[f32], with_colors: bool, stride: usize) -> FeatureMap {
    let (width, height) = (colors[0].width, colors[0].height);
    let channels = PER_SIGMA * sigmas.len() + if with_colors { 3 } else { 0 };
    let mut values = vec![f16::ZERO; channels * width * height];
    let row_len = channels * width;
    values.par_chunks_mut(row_len * STRIP).enumerate().for_each(|(strip, out)| {
        let rows = strip * STRIP..(strip * STRIP + out.len() / row_len);
        let mut put = |channel: usize, plane: &Plane, margin: usize| {
            for (i, row) in out.chunks_mut(row_len).enumerate() {
                row[channel * width..][..width].convert_from_f32_slice(plane.row(margin + i));
            }
        };
        let mut channel = 0;
        if with_colors {
            for color in colors {
                put(channel, &cut(color, rows.start, rows.len(), 0), 0);
                channel += 1;
            }
        }
        for &sigma in sigmas {
            let margin = reach(sigma) + reach(sigma / 2.0) + 1;
            let strip = colors.each_ref().map(|color| cut(color, rows.start, rows.len(), margin));
            for plane in at_sigma(&strip, sigma) {
                put(channel, &plane, margin);
                channel += 1;
            }
        }
    });
    FeatureMap { channels, width, height, stride, source: Source::Bank, values }
}

/// Rows of a plane with a margin above and below; beyond the border the border repeats.
fn cut(plane: &Plane, start: usize, rows: usize, margin: usize) -> Plane {
    let mut values = Vec::with_capacity((rows + 2 * margin) * plane.width);
    for y in 0..rows + 2 * margin {
        let source = (start + y).saturating_sub(margin).min(plane.height - 1);
        values.extend_from_slice(plane.row(source));
    }
    Plane { width: plane.width, height: rows + 2 * margin, values }
}

fn at_sigma(colors: &Colors, sigma: f32) -> [Plane; PER_SIGMA] {
    let [red, green, blue] = colors.each_ref().map(|color| blur(color, sigma));
    let mean = |[r, g, b]: [&Plane; 3]| r.zip_with(g, |r, g| r + g).zip_with(b, |sum, b| (sum + b) / 3.0);
    let gray = mean(colors.each_ref());
    let smooth = mean([&red, &green, &blue]);
    let squares = blur(&gray.zip_with(&gray, |a, b| a * b), sigma);
    let deviation = squares.zip_with(&smooth, |square, mean| (square - mean * mean).max(0.0).sqrt());
    let [dx, dy] = gradient(&smooth);
    let magnitude = dx.zip_with(&dy, |x, y| (x * x + y * y).sqrt());
    let laplacian = laplacian(&smooth);
    let [gx, gy] = gradient(&blur(&gray, sigma / 2.0));
    let [a, b, c] = [gx.zip_with(&gx, |x, y| x * y), gx.zip_with(&gy, |x, y| x * y), gy.zip_with(&gy, |x, y| x * y)]
        .map(|plane| blur(&plane, sigma));
    let middle = a.zip_with(&c, |a, c| (a + c) / 2.0);
    let root = a.zip_with(&c, |a, c| (a - c) / 2.0).zip_with(&b, |d, b| (d * d + b * b).sqrt());
    let [large, small] = [middle.zip_with(&root, |m, r| m + r), middle.zip_with(&root, |m, r| m - r)];
    [red, green, blue, magnitude, laplacian, deviation, large, small]
}

/// Differences of neighbours along both axes.
fn gradient(plane: &Plane) -> [Plane; 2] {
    let (width, height) = (plane.width, plane.height);
    let (mut dx, mut dy) = (Plane::zeros(width, height), Plane::zeros(width, height));
    for y in 0..height {
        let (row, above, below) = (plane.row(y), plane.row(y.saturating_sub(1)), plane.row((y + 1).min(height - 1)));
        {
            let to = &mut dy.values[y * width..(y + 1) * width];
            for x in 0..width {
                to[x] = (below[x] - above[x]) / 2.0;
            }
            let to = &mut dx.values[y * width..(y + 1) * width];
            for x in 1..width.saturating_sub(1) {
                to[x] = (row[x + 1] - row[x - 1]) / 2.0;
            }
            to[0] = (row[1.min(width - 1)] - row[0]) / 2.0;
            to[width - 1] = (row[width - 1] - row[width.saturating_sub(2)]) / 2.0;
        }
    }
    [dx, dy]
}

fn laplacian(plane: &Plane) -> Plane {
    let (width, height) = (plane.width, plane.height);
    let mut out = Plane::zeros(width, height);
    for y in 0..height {
        let (row, above, below) = (plane.row(y), plane.row(y.saturating_sub(1)), plane.row((y + 1).min(height - 1)));
        let to = &mut out.values[y * width..(y + 1) * width];
        {
            for x in 0..width {
                let (left, right) = (row[x.saturating_sub(1)], row[(x + 1).min(width - 1)]);
                to[x] = above[x] + below[x] + left + right - 4.0 * row[x];
            }
        }
    }
    out
}
