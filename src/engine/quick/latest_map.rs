//! The latest map of the tile in view: of all of it, and what was on screen since.

use std::sync::Arc;

use crate::domain::{ClassMap, MapPatch, PatchedMap};
use crate::quick::method::QuickMethod;

/// The latest map of the tile in view.
#[derive(Default)]
pub(super) struct LatestMap {
    /// What made it: a head that tells these classes apart, by this method.
    maker: Option<(Vec<u8>, QuickMethod)>,
    map: Option<PatchedMap>,
}

impl LatestMap {
    /// Drops the map unless it was made for these classes by this method: beside newer parts it would show classes that have no label
    /// any more, or another method's map.
    pub(super) fn follow(&mut self, classes: &[u8], method: QuickMethod) {
        let is_same = self.maker.as_ref().is_some_and(|(of, by)| of == classes && *by == method);
        if !is_same {
            *self = Self { maker: Some((classes.to_vec(), method)), map: None };
        }
    }

    /// Puts a newer part over the map. What is nowhere mapped yet is unpredicted; `size` is that of the whole, `[width, height]` pixels.
    pub(super) fn patched(&mut self, size: [u32; 2], patch: MapPatch) -> PatchedMap {
        let before = self.map.take().unwrap_or_else(|| Arc::new(ClassMap::unpredicted(size)).into());
        let rect = patch.rect();
        // A whole map stays the same one as long as it can: it is large to copy and to draw.
        let is_covered = before.patch.as_ref().is_none_or(|older| rect.union(older.rect()) == rect);
        let whole = if is_covered { before.whole } else { before.merged() };
        self.keep(PatchedMap { whole, patch: Some(Arc::new(patch)) })
    }

    /// Takes a map of the whole tile.
    pub(super) fn replaced(&mut self, map: ClassMap) -> PatchedMap {
        self.keep(Arc::new(map).into())
    }

    fn keep(&mut self, map: PatchedMap) -> PatchedMap {
        self.map.insert(map).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Mask, UNLABELLED};

    const SIZE: [u32; 2] = [6, 1];

    fn map(classes: &[u8]) -> ClassMap {
        let size = classes.len() as u32;
        ClassMap { classes: Mask::from_vec(size, 1, classes.to_vec()).unwrap(), confidence: vec![9; classes.len()] }
    }

    fn patch(x: u32, classes: &[u8]) -> MapPatch {
        MapPatch::new([x, 0], map(classes))
    }

    fn row(map: &PatchedMap) -> Vec<u8> {
        (0..6).filter_map(|x| map.at(x, 0)).map(|(class, _)| class).collect()
    }

    #[test]
    fn a_map_of_other_classes_or_another_method_is_not_shown_around_a_patch() {
        let mut latest = LatestMap::default();
        latest.follow(&[0, 1, 2], QuickMethod::Linear);
        latest.replaced(map(&[0, 1, 2, 2, 1, 0]));
        latest.follow(&[0, 1, 2], QuickMethod::Linear);
        assert_eq!(row(&latest.patched(SIZE, patch(1, &[0, 0]))), [0, 0, 0, 2, 1, 0]);
        latest.follow(&[0, 1], QuickMethod::Linear);
        let blank = UNLABELLED;
        assert_eq!(row(&latest.patched(SIZE, patch(1, &[1, 1]))), [blank, 1, 1, blank, blank, blank]);
        latest.replaced(map(&[0; 6]));
        latest.follow(&[0, 1], QuickMethod::Forest);
        assert_eq!(row(&latest.patched(SIZE, patch(4, &[1]))), [blank, blank, blank, blank, 1, blank]);
    }

    #[test]
    fn a_former_patch_stays_when_the_view_moves_on() {
        let mut latest = LatestMap::default();
        let whole = latest.replaced(map(&[0; 6])).whole;
        let first = latest.patched(SIZE, patch(0, &[1, 1]));
        assert!(Arc::ptr_eq(&whole, &first.whole), "nothing is copied");
        assert_eq!(row(&latest.patched(SIZE, patch(1, &[2, 2]))), [1, 2, 2, 0, 0, 0]);
        assert_eq!(row(&latest.patched(SIZE, patch(4, &[3]))), [1, 2, 2, 0, 3, 0]);
        assert_eq!(row(&first), [1, 1, 0, 0, 0, 0], "what was handed out stays");
        let before = latest.patched(SIZE, patch(4, &[4]));
        assert!(
            Arc::ptr_eq(&before.whole, &latest.patched(SIZE, patch(3, &[5, 5])).whole),
            "it covers the former patch"
        );
    }
}
