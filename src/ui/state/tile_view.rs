//! A decoded tile, ready to be shown.

use std::sync::Arc;

use super::image_pyramid::ImagePyramid;
use crate::domain::Mask;

/// Image and full mask of one tile. Shared with the picture cache and with frames in flight, hence behind an `Arc`.
#[derive(Debug)]
pub struct TileView {
    /// Tile id.
    pub tile: String,
    /// Id without its folder; seeds the sampling of the mask.
    pub short_id: String,
    /// Width and height of the image in pixels.
    pub size: [u32; 2],
    /// The image with its reductions.
    pub image: ImagePyramid,
    /// The full mask, if the tile has one.
    pub mask: Option<Arc<Mask>>,
    /// Pixels per class in the full mask; empty without a mask.
    pub mask_counts: Vec<u64>,
}
