//! A project: a folder of tiles, with or without masks, and the classes they are labelled with.

use std::path::{Path, PathBuf};

use image::RgbImage;

use super::DataError;
use crate::domain::split::Split;
use crate::domain::{Classes, Mask};

/// A folder of tiles.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder.
    pub root: PathBuf,
    /// Its name, to show.
    pub name: String,
    /// What kind of folder it was taken for, in words ("DeepGlobe", "images and masks", …).
    pub layout: String,
    /// The classes of its masks.
    pub classes: Classes,
    /// Its tiles in a stable order. Bad ones are listed with their fault.
    pub tiles: Vec<Tile>,
    /// Whether the dataset itself names validation tiles.
    pub has_val_split: bool,
    /// Everything noticed on opening that a user should know, a sentence each.
    pub notes: Vec<String>,
}

/// One image of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Unique in the project; UTF-8, made from the path relative to the root.
    pub id: String,
    /// Tiles of one group touch each other and are never split between training and validation.
    pub group: String,
    /// The part it plays according to the dataset.
    pub split: Split,
    /// The image file.
    pub image: PathBuf,
    /// The full mask, if there is one.
    pub mask: Option<PathBuf>,
    /// Width and height from the image's header.
    pub size: [u32; 2],
    /// Why it cannot be used, if so.
    pub fault: Option<String>,
}

/// A mask as read, with the colours or values that belong to no class.
#[derive(Clone, Debug)]
pub struct MaskRead {
    /// Class indices; unmatched pixels are unlabelled.
    pub mask: Mask,
    /// Colours (or gray values, as r = g = b) that match no class, with their pixel counts, most frequent first.
    pub unmatched: Vec<([u8; 3], u64)>,
}

impl Project {
    /// Opens a folder: finds tiles and classes, reads headers only.
    pub fn open(root: &Path) -> Result<Self, DataError> {
        todo!("{root:?}")
    }

    /// The tile with this id.
    pub fn tile(&self, id: &str) -> Option<&Tile> {
        self.tiles.iter().find(|tile| tile.id == id)
    }

    /// Decodes a tile's image to 8-bit RGB.
    pub fn read_image(&self, tile: &Tile) -> Result<RgbImage, DataError> {
        todo!("{tile:?}")
    }

    /// Decodes a tile's full mask; `None` if it has none.
    pub fn read_mask(&self, tile: &Tile) -> Result<Option<MaskRead>, DataError> {
        todo!("{tile:?}")
    }
}
