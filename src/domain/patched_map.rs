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
    /// The part.
    pub map: ClassMap,
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
            Arc::make_mut(&mut whole).put(patch.corner, &patch.map);
        }
        whole
    }
}

impl MapPatch {
    /// The part of the whole map it covers, pixels.
    pub fn rect(&self) -> PixelRect {
        let ([x, y], [width, height]) = (self.corner, self.map.size());
        PixelRect { x, y, width, height }
    }

    fn at(&self, x: u32, y: u32) -> Option<(u8, u8)> {
        self.map.at(x.checked_sub(self.corner[0])?, y.checked_sub(self.corner[1])?)
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
        let patch = MapPatch { corner: [1, 2], map: part };
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
}
