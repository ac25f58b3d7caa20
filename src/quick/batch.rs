//! What one fit learns from: scaled features, classes and weights of labelled pixels.

use std::ops::Range;

use half::slice::HalfFloatSliceExt as _;

use super::logistic::Samples;
use super::samples::TileSamples;
use super::scaling::Scaling;

/// Pixels that a fit learns from, about: more would make a click wait.
const PIXELS: usize = 1000;
/// Pixels of a click that are learned from, however many clicks there are.
const LEAST_PER_CLICK: usize = 4;

/// Features that are learned from.
pub(super) struct Taken<'a> {
    /// Where they lie among all.
    pub(super) values: Range<usize>,
    /// How each of them is scaled.
    pub(super) scaling: &'a [Scaling],
}

impl<'a> Taken<'a> {
    /// All features.
    pub(super) fn all(scaling: &'a [Scaling]) -> Self {
        Self { values: 0..scaling.len(), scaling }
    }
}

/// Labelled pixels of clicks on several tiles.
pub(super) struct Batch {
    /// `[pixels, features]`, scaled.
    features: Vec<f32>,
    /// The place of each pixel's class.
    labels: Vec<u8>,
    /// How much each pixel counts.
    weights: Vec<f32>,
}

impl Batch {
    /// The pixels of some clicks. With many clicks only some pixels of each are taken, which then count more. `shares`: how much
    /// the pixels of each tile count. `classes` are those that occur, ascending.
    pub(super) fn of(
        (tiles, shares): (&[&TileSamples], &[f32]),
        clicks: &[ClickPixels],
        taken: &Taken<'_>,
        classes: &[u8],
    ) -> Self {
        let most = (PIXELS / clicks.len().max(1)).max(LEAST_PER_CLICK);
        let mut batch = Self { features: Vec::new(), labels: Vec::new(), weights: Vec::new() };
        for click in clicks {
            let (tile, count) = (tiles[click.tile], click.pixels.len());
            let kept = count.min(most);
            for pixel in (0..kept).map(|i| click.pixels.start + i * count / kept) {
                batch.push_features(tile, pixel, taken);
                batch.labels.push(classes.binary_search(&click.class).unwrap_or(0) as u8);
                batch.weights.push(shares[click.tile] * tile.weights[pixel] * count as f32 / kept as f32);
            }
        }
        batch
    }

    fn push_features(&mut self, tile: &TileSamples, pixel: usize, Taken { values, scaling }: &Taken<'_>) {
        let start = self.features.len();
        self.features.resize(start + scaling.len(), 0.0);
        let row = &mut self.features[start..];
        tile.features[pixel * tile.moments.len()..][values.clone()].convert_to_f32_slice(row);
        row.iter_mut().zip(*scaling).for_each(|(value, scaling)| *value = (*value - scaling.mean) * scaling.factor);
    }

    pub(super) fn samples(&self) -> Samples<'_> {
        Samples { features: &self.features, labels: &self.labels, weights: &self.weights }
    }

    /// `[pixels, features]`, scaled.
    pub(super) fn features(&self) -> &[f32] {
        &self.features
    }
}

/// The pixels of a click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickPixels {
    /// Place of its tile.
    pub tile: usize,
    /// Its number on the tile.
    pub click: u32,
    /// Its class.
    pub class: u8,
    /// Its pixels among those of the tile.
    pub(super) pixels: Range<usize>,
}

/// The clicks on some tiles, in order.
pub fn clicks_on(tiles: &[&TileSamples]) -> Vec<ClickPixels> {
    let on_tile = |(place, tile): (usize, &&TileSamples)| {
        let mut end = 0;
        let click = |numbers: &[u32]| {
            let pixels = end..end + numbers.len();
            end = pixels.end;
            ClickPixels { tile: place, click: numbers[0], class: tile.classes[pixels.start], pixels }
        };
        tile.clicks.chunk_by(|a, b| a == b).map(click).collect::<Vec<_>>()
    };
    tiles.iter().enumerate().flat_map(on_tile).collect()
}
