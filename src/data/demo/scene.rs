//! The scenes of the demo project, and how they are rendered to images and masks.

use image::{Rgb, RgbImage};
use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::land::Recipe;
use super::noise::{cell, fractal, step};
use super::paint::{Dot, blend, scale};

/// Side of a scene in pixels.
pub(super) const SIDE: u32 = 256;

/// Supersampling: sample points per pixel in each direction.
const FINE: usize = 3;

/// A neutral scene that the others vary.
const PLAIN: Recipe = Recipe {
    id: "",
    seed: 0,
    axis: [0.96, 0.28],
    river: 0.0,
    lake: 0.0,
    urban: -0.5,
    fields: -0.5,
    forest: -0.05,
    barren: -0.09,
    pivots: false,
    cloud: false,
};

/// Scenes with masks.
pub(super) const LABELLED: [Recipe; 12] = [
    Recipe { id: "1001", seed: 11_000, river: 7.0, fields: 0.12, urban: -0.15, ..PLAIN },
    Recipe { id: "1002", seed: 12_000, lake: 0.27, fields: -0.06, forest: 0.04, axis: [0.8, 0.6], ..PLAIN },
    Recipe { id: "1003", seed: 13_000, river: 9.0, urban: 0.1, fields: 0.02, axis: [1.0, 0.0], ..PLAIN },
    Recipe { id: "1004", seed: 14_000, barren: 0.0, forest: -0.05, fields: -0.1, ..PLAIN },
    Recipe {
        id: "1005",
        seed: 15_000,
        pivots: true,
        fields: 0.08,
        barren: -0.06,
        forest: -0.3,
        axis: [1.0, 0.0],
        ..PLAIN
    },
    // The default validation tile: it contains every scored class.
    Recipe {
        id: "1006",
        seed: 16_200,
        river: 5.0,
        urban: 0.0,
        fields: -0.04,
        forest: 0.02,
        barren: -0.02,
        axis: [0.6, 0.8],
        ..PLAIN
    },
    Recipe { id: "1007", seed: 17_000, urban: -0.02, fields: 0.12, axis: [0.8, -0.6], ..PLAIN },
    Recipe { id: "1008", seed: 18_000, lake: 0.33, urban: -0.02, forest: 0.0, barren: -0.05, ..PLAIN },
    Recipe { id: "1009", seed: 19_000, fields: 0.14, urban: -0.04, forest: -0.02, axis: [0.28, 0.96], ..PLAIN },
    Recipe { id: "1010", seed: 20_000, barren: -0.04, forest: 0.0, river: 6.0, axis: [0.6, -0.8], ..PLAIN },
    Recipe { id: "1011", seed: 21_000, urban: 0.08, fields: 0.03, forest: 0.0, axis: [0.96, -0.28], ..PLAIN },
    Recipe { id: "1012", seed: 22_000, lake: 0.3, fields: 0.03, barren: 0.02, cloud: true, axis: [0.8, 0.6], ..PLAIN },
];

/// Scenes without masks, for prediction.
pub(super) const UNLABELLED: [Recipe; 2] = [
    Recipe { id: "2001", seed: 31_000, river: 8.0, fields: 0.08, urban: 0.0, ..PLAIN },
    Recipe { id: "2002", seed: 32_000, lake: 0.33, forest: 0.03, fields: 0.02, barren: 0.0, axis: [0.6, 0.8], ..PLAIN },
];

/// Class indices of a scene in DeepGlobe's order, row by row.
pub(super) fn cover(recipe: &Recipe) -> Vec<u8> {
    let pixels = (0..SIDE * SIDE).into_par_iter();
    pixels.map(|i| recipe.site(f64::from(i % SIDE) + 0.5, f64::from(i / SIDE) + 0.5).cover as u8).collect()
}

/// Renders the image of a scene.
pub(super) fn picture(recipe: &Recipe) -> RgbImage {
    let side = SIDE as usize * FINE;
    let at = |i: usize| (i as f64 + 0.5) / FINE as f64;
    let mut dots: Vec<Dot> = (0..side * side)
        .into_par_iter()
        .map(|i| {
            let (x, y) = (at(i % side), at(i / side));
            recipe.dot(x, y, &recipe.site(x, y))
        })
        .collect();
    let shadows: Vec<f64> = (0..side * side).into_par_iter().map(|i| shadow(&dots, side, i % side, i / side)).collect();
    for (dot, shade) in dots.iter_mut().zip(shadows) {
        // Shadows are lit only by the blue sky.
        let dark = [dot.color[0] * 0.5, dot.color[1] * 0.56, dot.color[2] * 0.68];
        blend(&mut dot.color, dark, shade);
    }
    RgbImage::from_fn(SIDE, SIDE, |x, y| develop(recipe, &dots, x, y))
}

/// Shadow at a sample point, 0 to 1, cast by taller points to the north-west.
fn shadow(dots: &[Dot], side: usize, x: usize, y: usize) -> f64 {
    let own = dots[y * side + x].height;
    let reach = 5 * FINE;
    let hidden = (1..reach.min(x + 1).min(y + 1)).map(|t| {
        let there = dots[(y - t) * side + x - t].height;
        // The sun is at an elevation where shadows are 1.3 times as long as objects are high.
        there - own - t as f64 * std::f64::consts::SQRT_2 / FINE as f64 / 1.3
    });
    (hidden.fold(0.0, f64::max) * 2.5).min(1.0)
}

/// One pixel of the image: the mean of its sample points, with cloud, haze and sensor noise.
fn develop(recipe: &Recipe, dots: &[Dot], x: u32, y: u32) -> Rgb<u8> {
    let side = SIDE as usize * FINE;
    let mut color = [0.0; 3];
    for i in 0..FINE * FINE {
        let dot = &dots[(y as usize * FINE + i / FINE) * side + x as usize * FINE + i % FINE];
        for (sum, channel) in color.iter_mut().zip(dot.color) {
            *sum += channel / (FINE * FINE) as f64;
        }
    }
    let (px, py) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
    if recipe.cloud {
        let shade = step(0.2, 0.9, recipe.cloud_cover(px - 24.0, py - 20.0));
        scale(&mut color, 1.0 - 0.45 * shade);
        let thick = step(0.25, 0.85, recipe.cloud_cover(px, py));
        let lit = 222.0 + 30.0 * fractal(recipe.seed + 910, px / 18.0, py / 18.0, 4);
        blend(&mut color, [lit, lit, lit + 2.0], thick * 0.97);
    }
    blend(&mut color, [176.0, 186.0, 196.0], 0.06);
    // Every scene has its own brightness.
    scale(&mut color, 0.97 + 0.08 * cell(recipe.seed, 1, 2));
    let grain = |channel: i64| {
        (0..4).map(|k| cell(recipe.seed + 990 + k, i64::from(x) * 3 + channel, i64::from(y))).sum::<f64>() - 2.0
    };
    Rgb([0, 1, 2].map(|i| (color[i] + grain(i as i64) * 3.5).round().clamp(0.0, 255.0) as u8))
}
