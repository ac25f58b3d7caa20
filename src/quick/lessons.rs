//! Labelled pixels of a project's tiles: they give a head for each tile.

use std::sync::Arc;

use super::course::Course;
use super::head::QuickHead;
use super::method::QuickMethod;
use super::samples::TileSamples;

/// What is learned from, by tile.
#[derive(Clone, Debug)]
pub struct Lessons {
    tiles: Vec<(String, Arc<TileSamples>)>,
    method: QuickMethod,
}

impl Lessons {
    /// Lessons from tiles, given by id.
    pub fn new(tiles: Vec<(String, Arc<TileSamples>)>, method: QuickMethod) -> Self {
        Self { tiles, method }
    }

    /// The head that maps a tile, whether it has labels or not, found from `before` on. `None` with fewer than two classes.
    pub fn head_for(&self, tile: &str, before: Option<&QuickHead>) -> Option<QuickHead> {
        let view = self.tiles.iter().position(|(id, _)| id == tile);
        let tiles: Vec<&TileSamples> = self.tiles.iter().map(|(_, samples)| &**samples).collect();
        QuickHead::learn(&Course { tiles: &tiles, view, method: self.method }, before)
    }
}
