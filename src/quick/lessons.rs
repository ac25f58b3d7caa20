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

    /// Ids of the tiles.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.tiles.iter().map(|(id, _)| id.as_str())
    }

    /// The labelled pixels of the tiles.
    pub fn tiles(&self) -> Vec<&TileSamples> {
        self.tiles.iter().map(|(_, samples)| &**samples).collect()
    }

    /// What is learned for one tile, or for any; `tiles` are [`Self::tiles`].
    pub fn course<'a>(&self, tiles: &'a [&'a TileSamples], tile: Option<&str>) -> Course<'a> {
        Course { tiles, view: tile.and_then(|tile| self.ids().position(|id| id == tile)), method: self.method }
    }

    /// The head that maps a tile, whether it has labels or not, or a head for any tile; found from `before` on. `None` with
    /// fewer than two classes.
    pub fn head_for(&self, tile: Option<&str>, before: Option<&QuickHead>) -> Option<QuickHead> {
        QuickHead::learn(&self.course(&self.tiles(), tile), before)
    }
}
