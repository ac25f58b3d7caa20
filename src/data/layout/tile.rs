//! One image of a project.

use std::path::PathBuf;

use image::metadata::Orientation;

use crate::domain::geometry::PixelRect;
use crate::domain::split::Split;

/// The tile that an id from an earlier state of the folder refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileMatch {
    /// The tile with this index.
    One(usize),
    /// Several tiles match, so it is ambiguous.
    Several,
    /// No tile matches.
    None,
}

/// Where a tile lies in the scene that it is a part of, as names or georeferences tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the scene.
    pub scene: String,
    /// The tile's pixels in the scene; `None` if it is not known where every tile of the scene lies.
    pub rect: Option<PixelRect>,
}

/// One image of a project.
///
/// [`Tile::file`] identifies a tile whatever else lies in the folder. [`Tile::id`] is the name to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Unique in the project: the short id, with the file extension if another tile shares that.
    pub id: String,
    /// Path below the root with extension, separated by `/`, in Unicode's composed form.
    pub file: String,
    /// Path without extension and role folder, or the id in the dataset's table. Seeds the sampling of labels. Two formats of
    /// one image share it.
    pub short_id: String,
    /// Tiles of a group come from one scene and are never split between training and validation.
    pub group: String,
    /// The scene that it is a part of, where that is another than its group, and where it lies there.
    pub place: Option<Place>,
    /// The split given by the dataset.
    pub split: Split,
    /// The image file.
    pub image: PathBuf,
    /// The mask file, if there is one.
    pub mask: Option<PathBuf>,
    /// Width and height in pixels of the upright image, from its header.
    pub size: [u32; 2],
    /// Why the tile cannot be used; `None` if it can.
    pub fault: Option<String>,
    /// Width and height in pixels as stored.
    pub(crate) stored: [u32; 2],
    /// Turns the stored image upright.
    pub(crate) orientation: Orientation,
    /// Pixels may be missing.
    pub(crate) partial: bool,
}

impl Tile {
    /// The scene it belongs to where blocks are drawn.
    pub fn scene(&self) -> &str {
        self.place.as_ref().map_or(&self.group, |place| &place.scene)
    }

    /// Its pixels in its scene; `None` if they are not known, or the name tells another size than the image has.
    pub fn rect_in_scene(&self) -> Option<PixelRect> {
        let rect = self.place.as_ref()?.rect?;
        ([rect.width, rect.height] == self.size).then_some(rect)
    }

    /// A training tile in a group of its own. Its header is not read yet.
    pub(crate) fn new(short_id: String, file: String, image: PathBuf) -> Self {
        Self {
            id: short_id.clone(),
            file,
            group: short_id.clone(),
            short_id,
            place: None,
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

/// A tile that turned out to be unusable when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileFault {
    /// Index in the project.
    pub tile: usize,
    /// What is wrong; names the file.
    pub what: String,
}
