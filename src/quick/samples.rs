//! Labelled pixels with their features: all that is kept of a tile to learn from it.

use super::feature_map::Moments;
use super::tile_features::{FeatureGroup, TileFeatures};

/// A labelled pixel of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelledPixel {
    /// Column.
    pub x: u32,
    /// Row.
    pub y: u32,
    /// Class of the project.
    pub class: u8,
}

/// Labelled pixels of a tile. A kilobyte or six each, so those of many tiles fit in memory.
#[derive(Clone, Debug)]
pub struct TileSamples {
    /// `[pixels, features]`, as stored.
    pub(super) features: Vec<f32>,
    /// Class of the project for each pixel.
    pub(super) classes: Vec<u8>,
    /// Clicks or strokes they come from.
    pub(super) clicks: usize,
    /// Pixels of the tile, labelled or not.
    pub(super) tile_pixels: f64,
    /// Moments of each feature over the tile.
    pub(super) moments: Vec<Moments>,
    pub(super) groups: Vec<FeatureGroup>,
}

impl TileSamples {
    /// Clicks or strokes they come from.
    pub fn clicks(&self) -> usize {
        self.clicks
    }

    /// Reads the features of labelled pixels, which come from `clicks` clicks or strokes.
    pub fn new(tile: &TileFeatures, pixels: &[LabelledPixel], clicks: usize) -> Self {
        let (groups, moments) = (tile.groups(), tile.moments().to_vec());
        let mut features = vec![0.0; pixels.len() * moments.len()];
        for (pixel, row) in pixels.iter().zip(features.chunks_mut(moments.len())) {
            tile.at_pixel([pixel.x as usize, pixel.y as usize], row);
        }
        let classes = pixels.iter().map(|pixel| pixel.class).collect();
        Self { features, classes, clicks, tile_pixels: tile.pixels(), moments, groups }
    }
}
