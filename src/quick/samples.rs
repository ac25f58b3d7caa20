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
    /// Number of the click or stroke on its tile that labelled it.
    pub click: u32,
}

/// Labelled pixels of a tile. A kilobyte or six each, so those of many tiles fit in memory.
#[derive(Clone, Debug)]
pub struct TileSamples {
    /// `[pixels, features]`, as stored.
    pub(super) features: Vec<f32>,
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

    /// The class of each click or stroke.
    pub fn click_classes(&self) -> impl Iterator<Item = u8> {
        let of_click = |pixels: &[(u32, u8)]| pixels[0].1;
        let pixels: Vec<(u32, u8)> = self.clicks.iter().copied().zip(self.classes.iter().copied()).collect();
        pixels.chunk_by(|a, b| a.0 == b.0).map(of_click).collect::<Vec<_>>().into_iter()
    }

    /// Reads the features of labelled pixels, which are in the order of their clicks.
    pub fn new(tile: &TileFeatures, pixels: &[LabelledPixel]) -> Self {
        let (groups, moments) = (tile.groups(), tile.moments().to_vec());
        let mut features = vec![0.0; pixels.len() * moments.len()];
        for (pixel, row) in pixels.iter().zip(features.chunks_mut(moments.len())) {
            tile.at_pixel([pixel.x as usize, pixel.y as usize], row);
        }
        let classes = pixels.iter().map(|pixel| pixel.class).collect();
        let clicks = pixels.iter().map(|pixel| pixel.click).collect();
        Self { features, classes, clicks, tile_pixels: tile.pixels(), moments, groups }
    }
}
