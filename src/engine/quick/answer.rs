//! What the quick head says of the tile in view.

use std::sync::Arc;

use super::judgement::Judgement;
use crate::domain::PatchedMap;
use crate::quick::lessons::Lessons;

/// The latest state of the quick head for a tile. It replaces the one before.
#[derive(Clone, Debug)]
pub struct QuickAnswer {
    /// Id of the tile.
    pub tile: String,
    /// What the quick head is doing, or why it has no map.
    pub status: QuickStatus,
    /// The map, at the size of the tile or, of a very large one, smaller.
    pub map: Option<PatchedMap>,
    /// What the head that made the map learned from: gives the heads for all tiles.
    pub lessons: Option<Arc<Lessons>>,
    /// How good the head of exactly these lessons is; absent until they are judged.
    pub judgement: Option<Arc<Judgement>>,
}

/// What the quick head is doing.
#[derive(Clone, Debug, PartialEq)]
pub enum QuickStatus {
    /// It computes the features of the tile.
    Preparing,
    /// Nothing is labelled.
    NoLabels,
    /// Only this class is labelled: there is nothing to tell apart.
    OneClass(u8),
    /// It has mapped the tile.
    Mapped(Lesson),
    /// The tile cannot be read: why.
    Failed(String),
}

/// What a map was learned from.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// Clicks or strokes.
    pub clicks: usize,
    /// The classes that are told apart, ascending.
    pub classes: Vec<u8>,
    /// Tiles the clicks lie on.
    pub tiles: usize,
    /// Labelled tiles whose features are still to be computed; their clicks do not count yet.
    pub tiles_left: usize,
    /// Pixels of the tile that a pixel of the map is wide.
    pub pixel: u32,
}
