//! One image of a project.

use std::path::PathBuf;

use image::metadata::Orientation;

use crate::domain::split::Split;

/// What an id of another time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileMatch {
    /// The tile with this index.
    One(usize),
    /// Several tiles go by it: which one was meant cannot be told.
    Several,
    /// No tile.
    None,
}

/// One image of a project.
///
/// A tile is its file: [`Tile::file`] means the same tile whatever else lies in the folder. [`Tile::id`] is how it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Unique in the project as it is now: the short id, with the file's ending where another tile shares that.
    pub id: String,
    /// The path from the root, with ending, folders divided by `/`, in Unicode's composed form.
    pub file: String,
    /// The path without ending and without the folder that says "images", or the id in the dataset's table. What is sampled
    /// depends on it; tiles of one picture in two formats share it.
    pub short_id: String,
    /// Tiles of one group touch each other and are never split between training and validation.
    pub group: String,
    /// The part it plays according to the dataset.
    pub split: Split,
    /// The image file.
    pub image: PathBuf,
    /// The full mask, if there is one.
    pub mask: Option<PathBuf>,
    /// Width and height as the image is seen, from its header.
    pub size: [u32; 2],
    /// Why it cannot be used, if so.
    pub fault: Option<String>,
    /// Width and height as stored.
    pub(crate) stored: [u32; 2],
    /// How the stored image is turned to be seen.
    pub(crate) orientation: Orientation,
    /// Some of its pixels may not exist.
    pub(crate) partial: bool,
}

impl Tile {
    /// A tile that trains, alone in its group, its header not read yet.
    pub(crate) fn new(short_id: String, file: String, image: PathBuf) -> Self {
        Self {
            id: short_id.clone(),
            file,
            group: short_id.clone(),
            short_id,
            split: Split::Train,
            image,
            mask: None,
            size: [0, 0],
            fault: None,
            stored: [0, 0],
            orientation: Orientation::NoTransforms,
            partial: false,
        }
    }
}

/// A tile that turned out unusable only when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileFault {
    /// Its index in the project.
    pub tile: usize,
    /// What is wrong, with the file.
    pub what: String,
}
