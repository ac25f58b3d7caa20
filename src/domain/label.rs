//! Labels drawn by hand: strokes, edits, and how they become pixels.
//!
//! Labels are stored as edits; masks are derived by replaying them. The journal in `data` stores the same edits.

use std::ops::Range;

use super::geometry::{self, PixelRect};
use super::{Mask, UNLABELLED};

/// One point or one drag of the brush or eraser.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// Id of the tile it lies on.
    pub tile: String,
    /// Index of the class that is painted; `None` erases own labels.
    pub class: Option<u8>,
    /// Brush radius in image pixels; 0 marks single pixels.
    pub radius: f32,
    /// Positions in image pixels; a click has one.
    pub path: Vec<[f32; 2]>,
}

/// One change to the labels. The history only grows.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Starts a stroke and discards undone strokes.
    Begin(Stroke),
    /// Extends the last stroke by these points.
    Extend(Vec<[f32; 2]>),
    /// Undoes the last active stroke.
    Undo,
    /// Redoes the stroke that was undone last.
    Redo,
}

/// A raster that strokes are drawn on.
pub trait Surface {
    /// Width and height in pixels.
    fn size(&self) -> [u32; 2];

    /// Removes all own labels in a rectangle.
    fn clear(&mut self, rect: PixelRect);

    /// Sets the own label of a run of pixels; `None` removes it.
    fn paint(&mut self, y: u32, columns: Range<u32>, class: Option<u8>);
}

impl Surface for Mask {
    fn size(&self) -> [u32; 2] {
        self.size()
    }

    fn clear(&mut self, rect: PixelRect) {
        for y in rect.y..rect.y + rect.height {
            self.paint(y, rect.x..rect.x + rect.width, None);
        }
    }

    fn paint(&mut self, y: u32, columns: Range<u32>, class: Option<u8>) {
        let row = y as usize * self.width() as usize;
        let value = class.unwrap_or(UNLABELLED);
        self.data_mut()[row + columns.start as usize..row + columns.end as usize].fill(value);
    }
}

/// A mask that records which rectangle was changed.
pub struct TrackedMask<'a> {
    mask: &'a mut Mask,
    changed: Option<PixelRect>,
}

impl<'a> TrackedMask<'a> {
    /// Wraps a mask; nothing counts as changed yet.
    pub fn new(mask: &'a mut Mask) -> Self {
        Self { mask, changed: None }
    }

    /// Bounding rectangle of all changes; `None` if there were none.
    pub fn changed(&self) -> Option<PixelRect> {
        self.changed
    }

    fn note(&mut self, rect: PixelRect) {
        self.changed = Some(self.changed.map_or(rect, |changed| changed.union(rect)));
    }
}

impl Surface for TrackedMask<'_> {
    fn size(&self) -> [u32; 2] {
        self.mask.size()
    }

    fn clear(&mut self, rect: PixelRect) {
        self.note(rect);
        self.mask.clear(rect);
    }

    fn paint(&mut self, y: u32, columns: Range<u32>, class: Option<u8>) {
        self.note(PixelRect { x: columns.start, y, width: columns.end - columns.start, height: 1 });
        self.mask.paint(y, columns, class);
    }
}

/// Bounding box of a stroke in image pixels, not yet clipped to a tile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    low: [f32; 2],
    high: [f32; 2],
}

impl Bounds {
    /// Bounding box of a stroke from point `from` of its path; `None` if there is no such point.
    pub(super) fn of(stroke: &Stroke, from: usize) -> Option<Self> {
        let points = stroke.path.get(from.saturating_sub(1)..).filter(|_| from < stroke.path.len())?;
        let reach = stroke.radius.max(0.0) + 1.0;
        let end = |axis: usize, start: f32, pick: fn(f32, f32) -> f32| points.iter().map(|p| p[axis]).fold(start, pick);
        Some(Self {
            low: [0, 1].map(|axis| end(axis, f32::INFINITY, f32::min) - reach),
            high: [0, 1].map(|axis| end(axis, f32::NEG_INFINITY, f32::max) + reach),
        })
    }

    /// The box clipped to a tile of this size; `None` if no pixel is left.
    pub(super) fn pixels(&self, size: [u32; 2]) -> Option<PixelRect> {
        let range = |axis: usize| {
            let low = (self.low[axis].floor().max(0.0) as u32).min(size[axis]);
            let high = (self.high[axis].ceil().max(0.0) as u32).min(size[axis]);
            (high > low).then_some((low, high - low))
        };
        let ((x, width), (y, height)) = (range(0)?, range(1)?);
        Some(PixelRect { x, y, width, height })
    }
}

impl Stroke {
    /// Bounding rectangle of what [`draw`] changes from point `from`; `None` if all of it lies outside the tile.
    pub fn rect(&self, size: [u32; 2], from: usize) -> Option<PixelRect> {
        Bounds::of(self, from)?.pixels(size)
    }
}

/// Draws a stroke from point `from` of its path.
pub fn draw(surface: &mut impl Surface, stroke: &Stroke, from: usize) {
    let size = surface.size();
    for i in from..stroke.path.len() {
        let start = stroke.path[i.saturating_sub(1)];
        geometry::brush(size, start, stroke.path[i], stroke.radius, |y, columns| {
            surface.paint(y, columns, stroke.class);
        });
    }
}

/// Draws the part of a stroke inside a rectangle.
pub(super) fn draw_within(surface: &mut impl Surface, stroke: &Stroke, rect: PixelRect) {
    let size = surface.size();
    let (rows, right) = (rect.y..rect.y + rect.height, rect.x + rect.width);
    for (i, end) in stroke.path.iter().enumerate() {
        let start = stroke.path[i.saturating_sub(1)];
        geometry::brush(size, start, *end, stroke.radius, |y, columns| {
            let columns = columns.start.max(rect.x)..columns.end.min(right);
            if rows.contains(&y) && !columns.is_empty() {
                surface.paint(y, columns, stroke.class);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_the_rest_of_a_stroke_equals_drawing_it_whole() {
        let path = vec![[0.5, 0.5], [5.0, 3.0], [9.5, 9.5]];
        let stroke = Stroke { tile: "a".into(), class: Some(1), radius: 1.2, path };
        let (mut whole, mut grown) = (Mask::unlabelled(10, 10), Mask::unlabelled(10, 10));
        draw(&mut whole, &stroke, 0);
        draw(&mut grown, &Stroke { path: stroke.path[..2].to_vec(), ..stroke.clone() }, 0);
        draw(&mut grown, &stroke, 2);
        assert_eq!(whole, grown);
    }

    #[test]
    fn a_stroke_clipped_to_a_rectangle_draws_the_same_pixels_there() {
        let stroke = Stroke { tile: "a".into(), class: Some(1), radius: 2.5, path: vec![[1.0, 2.0], [17.0, 12.0]] };
        let (mut whole, mut part) = (Mask::unlabelled(20, 16), Mask::unlabelled(20, 16));
        draw(&mut whole, &stroke, 0);
        let rect = PixelRect { x: 4, y: 3, width: 7, height: 5 };
        draw_within(&mut part, &stroke, rect);
        for (x, y) in (0..16).flat_map(|y| (0..20).map(move |x| (x, y))) {
            let inside = (4..11).contains(&x) && (3..8).contains(&y);
            assert_eq!(part.get(x, y), if inside { whole.get(x, y) } else { UNLABELLED }, "{x} {y}");
        }
    }
}
