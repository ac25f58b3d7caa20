//! A map of a tile of which a part was made anew.

use std::sync::Arc;

use super::class_map::ClassMap;
use super::geometry::PixelRect;

/// A map with a newer patch over a part of it. Clones share both: an answer for what is on screen copies no tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchedMap {
    /// The whole tile.
    pub whole: Arc<ClassMap>,
    /// What is newer.
    pub patch: Option<Arc<MapPatch>>,
}

/// A part of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapPatch {
    /// Its first column and row in the whole map.
    pub corner: [u32; 2],
    /// The map that holds it, which may be larger: nothing is copied.
    pub map: Arc<ClassMap>,
    /// Where it lies in that map, pixels.
    pub part: PixelRect,
}

impl PatchedMap {
    /// Width and height of the whole map, pixels.
    pub fn size(&self) -> [u32; 2] {
        self.whole.size()
    }

    /// Class and confidence of a pixel; `None` outside the map.
    pub fn at(&self, x: u32, y: u32) -> Option<(u8, u8)> {
        let newer = self.patch.as_ref().and_then(|patch| patch.at(x, y));
        newer.or_else(|| self.whole.at(x, y))
    }

    /// The whole map with the patch in it.
    pub fn merged(self) -> Arc<ClassMap> {
        let Self { mut whole, patch } = self;
        if let Some(patch) = patch {
            Arc::make_mut(&mut whole).put(patch.corner, &patch.map, patch.part);
        }
        whole
    }
}

impl MapPatch {
    /// All of a map, from this column and row of the whole map on.
    pub fn new(corner: [u32; 2], map: ClassMap) -> Self {
        let [width, height] = map.size();
        Self { corner, map: Arc::new(map), part: PixelRect { x: 0, y: 0, width, height } }
    }

    /// The part of another map of the same pixels. It must lie within it.
    pub fn of_like(map: &Arc<ClassMap>, part: PixelRect) -> Self {
        Self { corner: [part.x, part.y], map: Arc::clone(map), part }
    }

    /// The part of the whole map it covers, pixels.
    pub fn rect(&self) -> PixelRect {
        let ([x, y], PixelRect { width, height, .. }) = (self.corner, self.part);
        PixelRect { x, y, width, height }
    }

    /// Column and row in [`Self::map`] of a pixel of the whole map that lies in [`Self::rect`].
    pub fn place(&self, [x, y]: [u32; 2]) -> [u32; 2] {
        [self.part.x + x - self.corner[0], self.part.y + y - self.corner[1]]
    }

    fn at(&self, x: u32, y: u32) -> Option<(u8, u8)> {
        let (column, row) = (x.checked_sub(self.corner[0])?, y.checked_sub(self.corner[1])?);
        let is_in = column < self.part.width && row < self.part.height;
        is_in.then(|| self.map.at(self.part.x + column, self.part.y + row)).flatten()
    }
}

impl From<Arc<ClassMap>> for PatchedMap {
    fn from(whole: Arc<ClassMap>) -> Self {
        Self { whole, patch: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Mask, UNLABELLED};

    #[test]
    fn the_patch_wins_where_it_lies() {
        let part = ClassMap { classes: Mask::from_vec(2, 1, vec![3, 5]).unwrap(), confidence: vec![100, 200] };
        let patch = MapPatch::new([1, 2], part);
        assert_eq!(patch.rect(), PixelRect { x: 1, y: 2, width: 2, height: 1 });
        let map = PatchedMap { patch: Some(patch.into()), ..Arc::new(ClassMap::unpredicted([4, 3])).into() };
        let row = |y| (0..5).map(move |x| (x, y));
        let read = |y| row(y).map(|(x, y)| map.at(x, y)).collect::<Vec<_>>();
        let none = Some((UNLABELLED, 0));
        assert_eq!(read(1), [none, none, none, none, None]);
        assert_eq!(read(2), [none, Some((3, 100)), Some((5, 200)), none, None]);
        assert_eq!(read(3), [None; 5]);
        let merged: PatchedMap = map.clone().merged().into();
        assert!(merged.patch.is_none() && (0..12).all(|i| merged.at(i % 4, i / 4) == map.at(i % 4, i / 4)));
    }

    #[test]
    fn a_patch_can_be_a_part_of_another_map() {
        let other =
            Arc::new(ClassMap { classes: Mask::from_vec(3, 2, (0..6).collect()).unwrap(), confidence: vec![9; 6] });
        let patch = MapPatch::of_like(&other, PixelRect { x: 1, y: 0, width: 2, height: 2 });
        let map = PatchedMap { patch: Some(patch.into()), ..Arc::new(ClassMap::unpredicted([3, 2])).into() };
        let classes = |map: &PatchedMap| (0..6).map(|i| map.at(i % 3, i / 3).unwrap().0).collect::<Vec<_>>();
        assert_eq!(classes(&map), [UNLABELLED, 1, 2, UNLABELLED, 4, 5]);
        assert_eq!(classes(&map.clone().merged().into()), classes(&map));
        assert!(Arc::ptr_eq(&map.patch.unwrap().map, &other), "nothing is copied");
    }
}
