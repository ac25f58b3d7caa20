//! Labelled pixels with their features: all that is kept of a tile to learn from it.

use std::collections::HashMap;

use half::f16;
use half::slice::HalfFloatSliceExt as _;

use super::feature_map::Moments;
use super::tile_features::{FeatureGroup, TileFeatures};

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
