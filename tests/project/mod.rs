//! What a project that is opened holds.

#![allow(dead_code, reason = "each test needs some of it")]
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use pointillist::data::{Project, Tile};

/// Why tiles cannot be used.
pub(crate) fn faults(project: &Project) -> Vec<&str> {
    project.tiles.iter().filter_map(|tile| tile.fault.as_deref()).collect()
}

/// Reads image and mask of a tile and checks that their sizes agree. Returns the share of labelled pixels.
pub(crate) fn read(project: &Project, tile: &Tile) -> f64 {
    let image = project.read_image(tile).unwrap();
    assert_eq!([image.width(), image.height()], tile.size, "{}", tile.id);
    project.read_mask(tile).unwrap().map_or(0.0, |read| {
        assert_eq!(read.mask.size(), tile.size, "{}", tile.id);
        read.mask.labelled() as f64 / read.mask.data().len() as f64
    })
}
