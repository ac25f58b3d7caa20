//! Labelled pixels with their features: all that is kept of a tile to learn from it.

use std::collections::{BTreeMap, HashMap};

use half::f16;
use half::slice::HalfFloatSliceExt as _;

use super::feature_map::Moments;
use super::tile_features::{FeatureGroup, TileFeatures};
use crate::domain::UNLABELLED;

/// A labelled pixel of a tile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelledPixel {
    /// Column.
    pub x: u32,
    /// Row.
    pub y: u32,
    /// Class of the project.
    pub class: u8,
    /// Number of the click or stroke on its tile that labelled it.
    pub click: u32,
    /// How much it counts: 1, or more if it stands for others under its click.
    pub weight: f32,
}

impl LabelledPixel {
    /// Labelled pixels of rows of `width` labels, at most `most` of each class, evenly spread over those of the class. Each is a click
    /// of its own.
    pub fn spread(labels: &[u8], width: u32, most: usize) -> Vec<Self> {
        let mut by_class = BTreeMap::<u8, Vec<usize>>::new();
        for (at, &class) in labels.iter().enumerate().filter(|(_, class)| **class != UNLABELLED) {
            by_class.entry(class).or_default().push(at);
        }
        let mut pixels = Vec::new();
        for (class, all) in by_class {
            let taken = all.len().min(most);
            for at in (0..taken).map(|i| all[i * all.len() / taken] as u32) {
                let click = pixels.len() as u32;
                pixels.push(Self { x: at % width, y: at / width, class, click, weight: 1.0 });
            }
        }
        pixels
    }
}

/// Labelled pixels of a tile. Three kilobytes each, so those of many tiles fit in memory.
#[derive(Clone, Debug)]
pub struct TileSamples {
    /// `[pixels, features]`, as stored.
    pub(super) features: Vec<f16>,
    /// Column and row of each pixel.
    places: Vec<[u32; 2]>,
    /// How much each pixel counts.
    pub(super) weights: Vec<f32>,
    /// Class of the project for each pixel.
    pub(super) classes: Vec<u8>,
    /// Number of the click or stroke for each pixel, ascending.
    pub(super) clicks: Vec<u32>,
    /// Pixels of the tile, labelled or not.
    pub(super) tile_pixels: f64,
    /// Moments of each feature over the tile.
    pub(super) moments: Vec<Moments>,
    pub(super) groups: Vec<FeatureGroup>,
}

impl TileSamples {
    /// Clicks or strokes they come from.
    pub fn clicks(&self) -> usize {
        self.clicks.chunk_by(|a, b| a == b).count()
    }

    /// Reads the features of labelled pixels, which are in the order of their clicks.
    pub fn new(tile: &TileFeatures, pixels: &[LabelledPixel]) -> Self {
        Self::renewed(tile, pixels, None)
    }

    /// The same; features of pixels that `earlier`, of the same tile, has are copied, which is much faster.
    pub fn renewed(tile: &TileFeatures, pixels: &[LabelledPixel], earlier: Option<&Self>) -> Self {
        let (groups, moments) = (tile.groups(), tile.moments().to_vec());
        let count = moments.len();
        let (mut features, mut row) = (vec![f16::ZERO; pixels.len() * count], vec![0.0; count]);
        let known: HashMap<[u32; 2], usize> = earlier
            .map(|earlier| (0..).zip(&earlier.places).map(|(i, place)| (*place, i)).collect())
            .unwrap_or_default();
        for (pixel, stored) in pixels.iter().zip(features.chunks_mut(count)) {
            match earlier.zip(known.get(&[pixel.x, pixel.y])) {
                Some((earlier, &place)) => stored.copy_from_slice(&earlier.features[place * count..][..count]),
                None => {
                    tile.at_pixel([pixel.x as usize, pixel.y as usize], &mut row);
                    stored.convert_from_f32_slice(&row);
                }
            }
        }
        let weights = pixels.iter().map(|pixel| pixel.weight).collect();
        let classes = pixels.iter().map(|pixel| pixel.class).collect();
        let clicks = pixels.iter().map(|pixel| pixel.click).collect();
        let places = pixels.iter().map(|pixel| [pixel.x, pixel.y]).collect();
        Self { features, places, weights, classes, clicks, tile_pixels: tile.pixels(), moments, groups }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_of_a_class_are_spread_over_all_of_it() {
        let mut labels = vec![UNLABELLED; 40];
        (0..40).step_by(2).for_each(|at| labels[at] = 3);
        labels[13] = 1;
        let pixels = LabelledPixel::spread(&labels, 10, 4);
        let places: Vec<_> = pixels.iter().map(|pixel| (pixel.class, pixel.x, pixel.y)).collect();
        assert_eq!(places, [(1, 3, 1), (3, 0, 0), (3, 0, 1), (3, 0, 2), (3, 0, 3)]);
        assert_eq!(pixels.iter().map(|pixel| pixel.click).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }
}
