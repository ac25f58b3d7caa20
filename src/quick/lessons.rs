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

    /// What learns.
    pub fn method(&self) -> QuickMethod {
        self.method
    }

    /// Ids of the tiles.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.tiles.iter().map(|(id, _)| id.as_str())
    }

    /// Ids of the tiles with clicks: those that are learned from.
    pub fn taught_by(&self) -> impl Iterator<Item = &str> {
        self.tiles.iter().filter(|(_, samples)| samples.clicks() > 0).map(|(id, _)| id.as_str())
    }

    /// Whether the same method learns from the same labels.
    pub fn is_same(&self, other: &Self) -> bool {
        let is_same = |place: usize| {
            let ((id, samples), (other_id, others)) = (&self.tiles[place], &other.tiles[place]);
            id == other_id && Arc::ptr_eq(samples, others)
        };
        let count = self.tiles.len();
        self.method == other.method && count == other.tiles.len() && (0..count).all(is_same)
    }

    /// The labelled pixels of the tiles.
    pub fn tiles(&self) -> Vec<&TileSamples> {
        self.tiles.iter().map(|(_, samples)| &**samples).collect()
    }

    /// What is learned for one tile, or for any; `tiles` are [`Self::tiles`].
    pub fn course<'a>(&self, tiles: &'a [&'a TileSamples], tile: Option<&str>) -> Course<'a> {
        Course { tiles, view: tile.and_then(|tile| self.ids().position(|id| id == tile)), method: self.method }
    }

    /// The head for one tile, or for any; found from `before` on. `None` with fewer than two classes.
    pub fn learn(&self, tile: Option<&str>, before: Option<&QuickHead>) -> Option<QuickHead> {
        QuickHead::learn(&self.course(&self.tiles(), tile), before)
    }

    /// The head for one tile; `None` where the one for any tile is it: the tile has no clicks, or no other tile has.
    pub fn own_head(&self, tile: &str, for_any: &QuickHead) -> Option<QuickHead> {
        let has_clicks =
            |is_it: bool| self.tiles.iter().any(|(id, tile_of)| (id == tile) == is_it && tile_of.clicks() > 0);
        (has_clicks(true) && has_clicks(false)).then(|| self.learn(Some(tile), Some(for_any)))?
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;
    use crate::quick::samples::LabelledPixel;
    use crate::quick::tile_features::{Kinds, TileFeatures};

    fn samples(pixels: &[(u32, u8)]) -> Arc<TileSamples> {
        let image = RgbImage::from_fn(64, 32, |x, y| image::Rgb([(x * 4) as u8, 90 + (y % 3) as u8, 30]));
        let features = TileFeatures::compute(&image, None, Kinds::BANK);
        let pixel = |(click, &(x, class)): (u32, &(u32, u8))| LabelledPixel { x, y: 9, class, click, weight: 9.0 };
        Arc::new(TileSamples::new(&features, &(0..).zip(pixels).map(pixel).collect::<Vec<_>>()))
    }

    #[test]
    fn a_tile_has_a_head_of_its_own_where_it_and_another_have_clicks() {
        let named = |id: &str, pixels: &[(u32, u8)]| (id.to_owned(), samples(pixels));
        let tiles = vec![named("a", &[(5, 0), (50, 1)]), named("b", &[(20, 0), (40, 1)]), named("c", &[])];
        let lessons = Lessons::new(tiles.clone(), QuickMethod::Linear);
        let for_any = lessons.learn(None, None).unwrap();
        let has_own = |lessons: &Lessons, tile| lessons.own_head(tile, &for_any).is_some_and(|head| head != for_any);
        assert_eq!(["a", "b", "c", "d"].map(|tile| has_own(&lessons, tile)), [true, true, false, false]);
        let alone = Lessons::new(vec![tiles[0].clone(), tiles[2].clone()], QuickMethod::Linear);
        assert!(!has_own(&alone, "a"));
        assert_eq!(lessons.taught_by().collect::<Vec<_>>(), ["a", "b"], "c has no clicks");
    }

    #[test]
    fn lessons_are_the_same_with_the_same_labels_and_method() {
        let tile = |id: &str| (id.to_owned(), samples(&[(5, 0), (50, 1)]));
        let tiles = vec![tile("a"), tile("b")];
        let lessons = Lessons::new(tiles.clone(), QuickMethod::Linear);
        let is_same = |tiles: &[_], method| lessons.is_same(&Lessons::new(tiles.to_vec(), method));
        assert!(is_same(&tiles, QuickMethod::Linear) && !is_same(&tiles, QuickMethod::Forest));
        assert!(!is_same(&tiles[..1], QuickMethod::Linear));
        assert!(!is_same(&[tiles[0].clone(), tile("b")], QuickMethod::Linear), "other labels");
    }
}
