//! Own labels of the tile in view as pixels, with a record of where they changed, so that little is uploaded.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::geometry::PixelRect;
use crate::domain::{Mask, Stroke, label};

/// Changes remembered; whoever is further behind takes everything anew.
const REMEMBERED: usize = 64;

/// Own labels of one tile.
#[derive(Clone, Debug)]
pub struct LabelPlane {
    id: u64,
    mask: Arc<Mask>,
    revision: u64,
    changes: VecDeque<PixelRect>,
}

/// What changed since somebody looked last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dirty {
    /// Nothing.
    Nothing,
    /// At most this.
    Rect(PixelRect),
    /// Perhaps everything.
    All,
}

impl LabelPlane {
    /// From labels rasterised anew: another tile, or an undo.
    pub fn new(mask: Mask) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), mask: Arc::new(mask), revision: 0, changes: VecDeque::new() }
    }

    /// The labels.
    pub fn mask(&self) -> &Arc<Mask> {
        &self.mask
    }

    /// Counts changes.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Paints the part of a stroke from its path's point number `from` on.
    pub fn paint(&mut self, stroke: &Stroke, from: usize) {
        let Some(rect) = stroke_rect(self.mask.size(), stroke, from) else { return };
        label::paint(Arc::make_mut(&mut self.mask), stroke, from);
        self.revision += 1;
        self.changes.push_back(rect);
        if self.changes.len() > REMEMBERED {
            self.changes.pop_front();
        }
    }

    /// Tells this plane from others.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// What changed since `revision` of the plane `id`.
    pub(super) fn dirty_since(&self, id: u64, revision: u64) -> Dirty {
        let missed = self.revision.saturating_sub(revision) as usize;
        if id != self.id || missed > self.changes.len() {
            return Dirty::All;
        }
        self.changes.iter().rev().take(missed).copied().reduce(union).map_or(Dirty::Nothing, Dirty::Rect)
    }
}

/// The smallest rectangle around both.
fn union(a: PixelRect, b: PixelRect) -> PixelRect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    let (right, bottom) = ((a.x + a.width).max(b.x + b.width), (a.y + a.height).max(b.y + b.height));
    PixelRect { x, y, width: right - x, height: bottom - y }
}

/// A rectangle around what `label::paint` touches; `None` if all of it lies outside the tile.
fn stroke_rect(size: [u32; 2], stroke: &Stroke, from: usize) -> Option<PixelRect> {
    let points = stroke.path.get(from.saturating_sub(1)..).filter(|_| from < stroke.path.len())?;
    let reach = stroke.radius.max(0.0) + 1.0;
    let range = |axis: usize| {
        let low = points.iter().map(|p| p[axis]).fold(f32::INFINITY, f32::min) - reach;
        let high = points.iter().map(|p| p[axis]).fold(f32::NEG_INFINITY, f32::max) + reach;
        let low = (low.floor().max(0.0) as u32).min(size[axis]);
        let high = (high.ceil().max(0.0) as u32).min(size[axis]);
        (high > low).then_some((low, high - low))
    };
    let ((x, width), (y, height)) = (range(0)?, range(1)?);
    Some(PixelRect { x, y, width, height })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UNLABELLED;

    fn stroke(radius: f32, path: &[[f32; 2]]) -> Stroke {
        Stroke { tile: "a".to_owned(), class: Some(1), radius, path: path.to_vec() }
    }

    fn rect(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
        PixelRect { x, y, width, height }
    }

    /// The smallest rectangle around all labels.
    fn labelled_extent(mask: &Mask) -> Option<PixelRect> {
        let rows = || mask.data().chunks_exact(mask.width().max(1) as usize).enumerate();
        let labelled = |row: &[u8]| row.iter().any(|&index| index != UNLABELLED);
        rows()
            .filter(|(_, row)| labelled(row))
            .map(|(y, row)| {
                let first = row.iter().position(|&index| index != UNLABELLED).unwrap_or(0) as u32;
                let last = row.iter().rposition(|&index| index != UNLABELLED).unwrap_or(0) as u32;
                PixelRect { x: first, y: y as u32, width: last - first + 1, height: 1 }
            })
            .reduce(union)
    }

    #[test]
    fn the_dirty_rectangle_holds_every_pixel_painted() {
        let path = [[10.2, 10.7], [40.0, 25.0], [39.0, 60.0]];
        for radius in [0.0, 0.5, 3.0, 20.0] {
            for from in 0..3 {
                let stroke = stroke(radius, &path);
                let mut mask = Mask::unlabelled(64, 64);
                label::paint(&mut mask, &stroke, from);
                let painted = labelled_extent(&mask).unwrap();
                let dirty = stroke_rect([64, 64], &stroke, from).unwrap();
                assert_eq!(union(dirty, painted), dirty, "radius {radius}, from {from}");
            }
        }
    }

    #[test]
    fn only_what_was_missed_is_dirty() {
        let mut plane = LabelPlane::new(Mask::unlabelled(100, 100));
        plane.paint(&stroke(0.0, &[[10.5, 10.5]]), 0);
        plane.paint(&stroke(0.0, &[[80.5, 80.5]]), 0);
        assert_eq!(plane.dirty_since(plane.id(), 2), Dirty::Nothing);
        assert_eq!(plane.dirty_since(plane.id(), 1), Dirty::Rect(rect(79, 79, 3, 3)));
        assert_eq!(plane.dirty_since(plane.id(), 0), Dirty::Rect(rect(9, 9, 73, 73)));
        assert_eq!(plane.dirty_since(plane.id() + 1, 2), Dirty::All);
    }

    #[test]
    fn who_is_far_behind_takes_everything() {
        let mut plane = LabelPlane::new(Mask::unlabelled(10, 10));
        for _ in 0..100 {
            plane.paint(&stroke(0.0, &[[1.5, 1.5]]), 0);
        }
        assert_eq!(plane.dirty_since(plane.id(), 10), Dirty::All);
        assert_eq!(plane.dirty_since(plane.id(), 99), Dirty::Rect(rect(0, 0, 3, 3)));
    }

    #[test]
    fn strokes_beside_the_tile_change_nothing() {
        let mut plane = LabelPlane::new(Mask::unlabelled(10, 10));
        plane.paint(&stroke(2.0, &[[-50.0, 5.0]]), 0);
        plane.paint(&stroke(2.0, &[[5.0, 5.0]]), 1);
        assert_eq!(plane.revision(), 0);
    }
}
