//! Two runs swiped over one tile: left of a handle the map by one, right of it that by the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::letters::letter;
use crate::domain::geometry::PixelRect;
use crate::domain::{ClassMap, Classes, MapPatch, PatchedMap};
use crate::engine::run_maps::{RunMap, TwoMaps};

/// Two runs, their maps of the tile in view, and where one ends and the other begins.
#[derive(Clone, Debug)]
pub struct Swipe {
    /// The run folders, left and right.
    pub runs: [PathBuf; 2],
    /// Place of the handle: 0 at the left edge of the tile, 1 at the right one.
    pub share: f32,
    /// The tile that the maps are of.
    tile: String,
    /// The classes that their indices mean.
    classes: Classes,
    maps: [Option<RunMap>; 2],
    /// Why there is no map by a run.
    faults: [Option<String>; 2],
    /// A map that says nothing, in place of the one that is missing.
    blank: Option<Arc<ClassMap>>,
    shown: Option<PatchedMap>,
}

impl Swipe {
    /// Swipes these runs, with the handle in the middle.
    pub fn new(runs: [PathBuf; 2]) -> Self {
        Self {
            runs,
            share: 0.5,
            tile: String::new(),
            classes: Classes::default(),
            maps: [None, None],
            faults: [None, None],
            blank: None,
            shown: None,
        }
    }

    /// Name of a run folder, with the letter of its side.
    pub fn name(&self, side: usize) -> String {
        let folder: &Path = &self.runs[side];
        format!("{}: {}", letter(side), folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy())
    }

    /// Forgets the maps of another tile, and of other classes. Returns whether it did: then maps are to be asked for again.
    pub fn look_at(&mut self, tile: &str, classes: &Classes) -> bool {
        let is_other = self.tile != tile || self.classes != *classes;
        if is_other {
            let (tile, classes) = (tile.to_owned(), classes.clone());
            *self = Self { share: self.share, tile, classes, ..Self::new(self.runs.clone()) };
        }
        is_other
    }

    /// Takes the maps of a tile.
    pub fn take(&mut self, tile: &str, maps: TwoMaps) {
        if self.tile != tile {
            return;
        }
        for (side, map) in maps.into_iter().enumerate() {
            (self.maps[side], self.faults[side]) = match map {
                Some(Ok(map)) => (Some(map), None),
                Some(Err(why)) => (None, Some(why)),
                None => (None, None),
            };
        }
        let size = self.maps.iter().flatten().map(|made| made.map.size()).next();
        let is_whole = self.maps.iter().all(|made| made.as_ref().map(|made| made.map.size()) == size);
        self.blank = size.filter(|_| !is_whole).map(|size| Arc::new(ClassMap::unpredicted(size)));
        self.put_together();
    }

    /// Moves the handle.
    pub fn move_to(&mut self, share: f32) {
        self.share = share.clamp(0.0, 1.0);
        self.put_together();
    }

    /// The map of this tile, as far as it is there.
    pub fn map_of(&self, tile: &str) -> Option<PatchedMap> {
        self.shown.clone().filter(|_| self.tile == tile)
    }

    /// What is missing, in a sentence; `None` once both maps are there.
    pub fn missing(&self) -> Option<String> {
        let side = |side: usize| match (&self.maps[side], &self.faults[side]) {
            (Some(_), _) => None,
            (None, Some(why)) => {
                Some(format!("{} cannot map this tile: {why}. Press C twice to try again", self.name(side)))
            }
            (None, None) => Some(format!("{} maps this tile …", self.name(side))),
        };
        side(0).or_else(|| side(1))
    }

    /// Classes of the runs that the project does not have, to stand behind the names of the runs; empty if there are none.
    pub fn lacking(&self) -> String {
        let of_side = |side: usize| {
            let made = self.maps[side].as_ref().filter(|made| !made.lacking.is_empty())?;
            Some(format!(" · {} also has {}, not shown", letter(side), made.lacking.join(", ")))
        };
        [0, 1].into_iter().filter_map(of_side).collect()
    }

    fn put_together(&mut self) {
        let blank = self.blank.as_ref();
        let left = self.maps[0].as_ref().map(|made| &made.map).or(blank);
        let is_like = |map: &&Arc<ClassMap>| left.is_some_and(|left| left.size() == map.size());
        let right = self.maps[1].as_ref().map(|made| &made.map).filter(is_like).or(blank);
        self.shown = left.zip(right).map(|(left, right)| swiped(left, right, self.share));
    }
}

/// The left map with the right one, of the same size, from the handle on. Nothing is copied: the handle moves at every frame.
fn swiped(left: &Arc<ClassMap>, right: &Arc<ClassMap>, share: f32) -> PatchedMap {
    let [width, height] = left.size();
    let column = ((share * width as f32).round() as u32).min(width);
    let part = PixelRect { x: column, y: 0, width: width - column, height };
    let patch = (column < width).then(|| Arc::new(MapPatch::of_like(right, part)));
    PatchedMap { whole: Arc::clone(left), patch }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Mask, UNLABELLED};

    fn map(class: u8) -> RunMap {
        let classes = Mask::from_vec(4, 2, vec![class; 8]).unwrap();
        RunMap { map: Arc::new(ClassMap { classes, confidence: vec![200; 8] }), lacking: Vec::new() }
    }

    fn swipe(maps: TwoMaps) -> Swipe {
        let mut swipe = Swipe::new(["/runs/one", "/runs/other"].map(PathBuf::from));
        swipe.look_at("a", &Classes::default());
        swipe.take("a", maps);
        swipe
    }

    fn row(swipe: &Swipe) -> Vec<u8> {
        let map = swipe.map_of("a").unwrap();
        (0..4).map(|x| map.at(x, 1).unwrap().0).collect()
    }

    #[test]
    fn the_handle_is_where_one_map_ends_and_the_other_begins() {
        let mut swipe = swipe([Some(Ok(map(1))), Some(Ok(map(2)))]);
        assert_eq!((row(&swipe), swipe.missing()), (vec![1, 1, 2, 2], None));
        for (share, want) in [(0.25, [1, 2, 2, 2]), (-1.0, [2; 4]), (7.0, [1; 4])] {
            swipe.move_to(share);
            assert_eq!(row(&swipe), want, "{share}");
        }
    }

    #[test]
    fn moving_the_handle_copies_no_map() {
        let right = map(2);
        let mut swipe = swipe([Some(Ok(map(1))), Some(Ok(right.clone()))]);
        swipe.move_to(0.25);
        let patch = swipe.map_of("a").and_then(|map| map.patch).unwrap();
        assert!(Arc::ptr_eq(&patch.map, &right.map));
        assert_eq!(patch.rect(), PixelRect { x: 1, y: 0, width: 3, height: 2 });
    }

    #[test]
    fn classes_that_the_project_lacks_are_named() {
        let swipe = swipe([Some(Ok(map(1))), Some(Ok(RunMap { lacking: vec!["road".to_owned()], ..map(2) }))]);
        assert_eq!((swipe.lacking().as_str(), swipe.missing()), (" · B also has road, not shown", None));
    }

    #[test]
    fn a_side_without_a_map_is_empty_and_says_why() {
        let waiting = swipe([Some(Ok(map(1))), None]);
        assert_eq!(row(&waiting), [1, 1, UNLABELLED, UNLABELLED]);
        assert_eq!(waiting.missing().as_deref(), Some("B: other maps this tile …"));
        let failed = swipe([Some(Err("it has no checkpoint".to_owned())), Some(Ok(map(2)))]);
        assert_eq!(row(&failed), [UNLABELLED, UNLABELLED, 2, 2]);
        assert!(failed.missing().unwrap().contains("A: one cannot map this tile: it has no checkpoint"));
    }

    #[test]
    fn maps_of_another_tile_are_not_shown() {
        let mut swipe = swipe([Some(Ok(map(1))), Some(Ok(map(2)))]);
        swipe.move_to(0.75);
        assert!(swipe.map_of("b").is_none());
        assert!(swipe.look_at("b", &Classes::default()) && !swipe.look_at("b", &Classes::default()));
        swipe.take("a", [Some(Ok(map(1))), None]);
        assert!(swipe.map_of("a").is_none() && swipe.map_of("b").is_none());
        assert!((swipe.share - 0.75).abs() < 1e-6, "the handle stays where it was");
    }
}
