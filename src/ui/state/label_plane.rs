//! Own labels of the tile in view as pixels, with a record of changes, so that only changed areas are uploaded.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::domain::geometry::PixelRect;
use crate::domain::label::{self, TrackedMask};
use crate::domain::{Drawn, LabelBook, Mask, Stroke};

/// Changes remembered. A reader further behind takes everything.
const REMEMBERED: usize = 64;

/// Own labels of one tile. Clones share the plane: a frame on its way to the screen holds a clone, and painting must
/// not copy the tile because of it.
#[derive(Clone, Debug)]
pub struct LabelPlane {
    id: u64,
    plane: Arc<RwLock<Plane>>,
}

#[derive(Debug)]
struct Plane {
    mask: Mask,
    /// Bounding box of everything ever painted.
    extent: Option<PixelRect>,
    drawn: Drawn,
    revision: u64,
    changes: VecDeque<PixelRect>,
}

/// Read access to the labels.
pub struct Labels<'a>(RwLockReadGuard<'a, Plane>);

impl Deref for Labels<'_> {
    type Target = Mask;

    fn deref(&self) -> &Mask {
        &self.0.mask
    }
}

/// What changed since a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dirty {
    /// Nothing.
    Nothing,
    /// At most this rectangle.
    Rect(PixelRect),
    /// Possibly everything.
    All,
}

impl LabelPlane {
    /// Draws the own labels of a tile.
    pub fn of(book: &LabelBook, tile: &str, size: [u32; 2]) -> Self {
        let mut plane = Self::over(Mask::unlabelled(size[0], size[1]), None);
        plane.follow(book, tile);
        plane
    }

    /// A plane from labels as pixels.
    pub fn new(mask: Mask) -> Self {
        let all = PixelRect { x: 0, y: 0, width: mask.width(), height: mask.height() };
        Self::over(mask, Some(all))
    }

    fn over(mask: Mask, extent: Option<PixelRect>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let plane = Plane { mask, extent, drawn: Drawn::default(), revision: 0, changes: VecDeque::new() };
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), plane: Arc::new(RwLock::new(plane)) }
    }

    /// The labels.
    pub fn mask(&self) -> Labels<'_> {
        Labels(self.plane())
    }

    /// Revision number; each change increments it.
    pub fn revision(&self) -> u64 {
        self.plane().revision
    }

    /// Draws what changed in the label book: strokes painted, erased, undone or redone.
    pub fn follow(&mut self, book: &LabelBook, tile: &str) {
        let mut plane = self.plane_mut();
        let drawn = plane.drawn;
        let mut tracked = TrackedMask::new(&mut plane.mask);
        let drawn = book.draw_on(tile, drawn, &mut tracked);
        let changed = tracked.changed();
        plane.drawn = drawn;
        plane.note(changed);
    }

    /// Paints a stroke from its path point `from` on.
    pub fn paint(&mut self, stroke: &Stroke, from: usize) {
        let mut plane = self.plane_mut();
        let mut tracked = TrackedMask::new(&mut plane.mask);
        label::draw(&mut tracked, stroke, from);
        let changed = tracked.changed();
        plane.note(changed);
    }

    /// Identifies this plane.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Bounding box of all labels; `None` if there are none.
    pub(crate) fn extent(&self) -> Option<PixelRect> {
        self.plane().extent
    }

    /// What changed since `revision` of the plane `id`.
    pub(crate) fn dirty_since(&self, id: u64, revision: u64) -> Dirty {
        let plane = self.plane();
        let missed = plane.revision.saturating_sub(revision) as usize;
        if id != self.id || missed > plane.changes.len() {
            return Dirty::All;
        }
        let changes = plane.changes.iter().rev().take(missed).copied();
        changes.reduce(PixelRect::union).map_or(Dirty::Nothing, Dirty::Rect)
    }

    fn plane(&self) -> RwLockReadGuard<'_, Plane> {
        self.plane.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn plane_mut(&self) -> RwLockWriteGuard<'_, Plane> {
        self.plane.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plane {
    fn note(&mut self, changed: Option<PixelRect>) {
        let Some(rect) = changed else { return };
        self.extent = Some(self.extent.map_or(rect, |extent| extent.union(rect)));
        self.revision += 1;
        self.changes.push_back(rect);
        if self.changes.len() > REMEMBERED {
            self.changes.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Edit, UNLABELLED};

    fn stroke(radius: f32, path: &[[f32; 2]]) -> Stroke {
        Stroke { tile: "a".to_owned(), class: Some(1), radius, path: path.to_vec() }
    }

    fn rect(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
        PixelRect { x, y, width, height }
    }

    #[test]
    fn only_missed_changes_are_dirty() {
        let mut plane = LabelPlane::new(Mask::unlabelled(100, 100));
        plane.paint(&stroke(0.0, &[[10.5, 10.5]]), 0);
        plane.paint(&stroke(0.0, &[[80.5, 80.5]]), 0);
        assert_eq!(plane.dirty_since(plane.id(), 2), Dirty::Nothing);
        assert_eq!(plane.dirty_since(plane.id(), 1), Dirty::Rect(rect(80, 80, 1, 1)));
        assert_eq!(plane.dirty_since(plane.id(), 0), Dirty::Rect(rect(10, 10, 71, 71)));
        assert_eq!(plane.dirty_since(plane.id() + 1, 2), Dirty::All);
    }

    #[test]
    fn a_reader_far_behind_takes_everything() {
        let mut plane = LabelPlane::new(Mask::unlabelled(10, 10));
        for _ in 0..100 {
            plane.paint(&stroke(0.0, &[[1.5, 1.5]]), 0);
        }
        assert_eq!(plane.dirty_since(plane.id(), 10), Dirty::All);
        assert_eq!(plane.dirty_since(plane.id(), 99), Dirty::Rect(rect(1, 1, 1, 1)));
    }

    #[test]
    fn strokes_outside_the_tile_change_nothing() {
        let mut plane = LabelPlane::new(Mask::unlabelled(10, 10));
        plane.paint(&stroke(2.0, &[[-50.0, 5.0]]), 0);
        plane.paint(&stroke(2.0, &[[5.0, 5.0]]), 1);
        assert_eq!(plane.revision(), 0);
    }

    #[test]
    fn a_drag_does_not_copy_a_tile_held_by_a_frame() {
        let mut plane = LabelPlane::new(Mask::unlabelled(100, 100));
        let before = plane.mask().data().as_ptr();
        let frame = plane.clone();
        plane.paint(&stroke(2.0, &[[10.5, 10.5]]), 0);
        assert_eq!((plane.mask().data().as_ptr(), frame.revision()), (before, 1));
    }

    #[test]
    fn an_undo_is_dirty_only_around_its_stroke() {
        let mut book = LabelBook::default();
        book.apply(Edit::Begin(stroke(0.0, &[[80.5, 10.5]])));
        book.apply(Edit::Begin(stroke(1.0, &[[10.5, 10.5]])));
        let mut plane = LabelPlane::of(&book, "a", [100, 100]);
        let seen = plane.revision();
        book.apply(Edit::Undo);
        plane.follow(&book, "a");
        let Dirty::Rect(dirty) = plane.dirty_since(plane.id(), seen) else { panic!("a part of it") };
        assert!(dirty.width <= 6 && dirty.height <= 6, "{dirty:?}");
        assert_eq!((plane.mask().get(80, 10), plane.mask().get(10, 10)), (1, UNLABELLED));
        assert_eq!(*plane.mask(), book.rasterize("a", [100, 100]));
        assert_eq!(plane.extent(), Some(rect(8, 8, 73, 5)));
    }
}
