//! Labels a person gives: strokes, and the history that undo and redo walk along.
//!
//! Labels are edits, not pixels: masks are derived from them by replaying. The journal in `data` stores the same edits.

use std::collections::BTreeSet;

use super::{Mask, UNLABELLED, geometry};

/// One point or one drag of the brush or eraser.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// The tile it lies on.
    pub tile: String,
    /// The class painted; `None` erases own labels.
    pub class: Option<u8>,
    /// Brush radius in image pixels; 0 marks single pixels.
    pub radius: f32,
    /// Positions in image pixels; a click has one.
    pub path: Vec<[f32; 2]>,
}

/// One change to the labels. What happens is recorded, never rewritten.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A new stroke. Forgets what was undone.
    Begin(Stroke),
    /// The drag goes on: the last stroke grows.
    Extend(Vec<[f32; 2]>),
    /// Takes the last stroke back.
    Undo,
    /// Brings the stroke undone last back.
    Redo,
}

/// All labels of a project: every stroke, and how many of them stand.
#[derive(Clone, Debug, Default)]
pub struct LabelBook {
    strokes: Vec<Stroke>,
    standing: usize,
    /// So many of the first strokes stand for good.
    sealed: usize,
}

impl LabelBook {
    /// What stands now stands for good: undo, redo and extensions do not reach it. For labels of a journal that is only read;
    /// if more of them come, an undo recorded elsewhere must not take them back.
    pub fn seal(&mut self) {
        self.strokes.truncate(self.standing);
        self.sealed = self.standing;
    }

    /// Applies an edit. Returns the tile whose labels changed; `None` if there was nothing to do.
    pub fn apply(&mut self, edit: Edit) -> Option<String> {
        match edit {
            Edit::Begin(stroke) => {
                self.strokes.truncate(self.standing);
                self.strokes.push(stroke);
                self.standing += 1;
            }
            Edit::Extend(points) => {
                if self.standing < self.strokes.len() || self.standing == self.sealed {
                    return None; // The stroke was undone while it was being drawn.
                }
                self.strokes.last_mut()?.path.extend(points);
            }
            Edit::Undo => {
                if !self.can_undo() {
                    return None;
                }
                self.standing -= 1;
                return Some(self.strokes[self.standing].tile.clone());
            }
            Edit::Redo => {
                if self.standing == self.strokes.len() {
                    return None;
                }
                self.standing += 1;
            }
        }
        Some(self.strokes[self.standing - 1].tile.clone())
    }

    /// Strokes that stand, oldest first.
    pub fn standing(&self) -> &[Stroke] {
        &self.strokes[..self.standing]
    }

    /// The stroke that undo would take back.
    pub fn next_undo(&self) -> Option<&Stroke> {
        self.standing().last().filter(|_| self.can_undo())
    }

    /// The stroke that redo would bring back.
    pub fn next_redo(&self) -> Option<&Stroke> {
        self.strokes.get(self.standing)
    }

    /// Whether undo would do anything.
    pub fn can_undo(&self) -> bool {
        self.standing > self.sealed
    }

    /// Whether redo would do anything.
    pub fn can_redo(&self) -> bool {
        self.standing < self.strokes.len()
    }

    /// Painting strokes that stand on a tile.
    pub fn count(&self, tile: &str) -> usize {
        self.standing().iter().filter(|stroke| stroke.tile == tile && stroke.class.is_some()).count()
    }

    /// The tiles that carry strokes.
    pub fn tiles(&self) -> BTreeSet<&str> {
        self.standing().iter().map(|stroke| stroke.tile.as_str()).collect()
    }

    /// The mask of a tile's own labels: strokes replayed in order, unlabelled where there is none.
    pub fn rasterize(&self, tile: &str, size: [u32; 2]) -> Mask {
        let mut mask = Mask::unlabelled(size[0], size[1]);
        for stroke in self.standing().iter().filter(|stroke| stroke.tile == tile) {
            paint(&mut mask, stroke, 0);
        }
        mask
    }
}

/// Paints the part of a stroke from its path's point number `from` on.
pub fn paint(mask: &mut Mask, stroke: &Stroke, from: usize) {
    let (size, width) = (mask.size(), mask.width() as usize);
    let value = stroke.class.unwrap_or(UNLABELLED);
    for i in from..stroke.path.len() {
        let start = stroke.path[i.saturating_sub(1)];
        geometry::brush(size, start, stroke.path[i], stroke.radius, |y, columns| {
            let row = y as usize * width;
            mask.data_mut()[row + columns.start as usize..row + columns.end as usize].fill(value);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn click(tile: &str, class: Option<u8>, x: f32) -> Edit {
        Edit::Begin(Stroke { tile: tile.to_owned(), class, radius: 0.0, path: vec![[x, 0.5]] })
    }

    fn labels(book: &LabelBook) -> Vec<u8> {
        book.rasterize("a", [4, 1]).data().to_vec()
    }

    #[test]
    fn clicks_paint_erasers_unlabel() {
        let mut book = LabelBook::default();
        assert_eq!(book.apply(click("a", Some(1), 0.5)).as_deref(), Some("a"));
        book.apply(click("a", Some(2), 2.5));
        book.apply(click("b", Some(2), 3.5));
        assert_eq!(labels(&book), [1, 255, 2, 255]);
        book.apply(click("a", None, 0.5));
        assert_eq!(labels(&book), [255, 255, 2, 255]);
        assert_eq!((book.count("a"), book.count("b")), (2, 1));
    }

    #[test]
    fn what_is_sealed_is_neither_undone_nor_extended() {
        let mut book = LabelBook::default();
        book.apply(click("a", Some(1), 0.5));
        book.apply(click("a", Some(2), 1.5));
        book.apply(Edit::Undo);
        book.seal();
        for edit in [Edit::Undo, Edit::Redo, Edit::Extend(vec![[3.5, 0.5]])] {
            assert_eq!(book.apply(edit), None);
        }
        assert!(!book.can_undo() && !book.can_redo() && book.next_undo().is_none());
        book.apply(click("a", None, 0.5));
        assert_eq!(labels(&book), [255; 4], "it can be erased");
        book.apply(Edit::Undo);
        assert_eq!(labels(&book), [1, 255, 255, 255]);
    }

    #[test]
    fn undo_and_redo_walk_the_whole_history() {
        let mut book = LabelBook::default();
        for i in 0..4 {
            book.apply(click("a", Some(i), f32::from(i)));
        }
        let all = labels(&book);
        for _ in 0..4 {
            assert!(book.apply(Edit::Undo).is_some());
        }
        assert_eq!(labels(&book), [255; 4]);
        assert_eq!(book.apply(Edit::Undo), None);
        while book.apply(Edit::Redo).is_some() {}
        assert_eq!(labels(&book), all);
    }

    #[test]
    fn a_new_stroke_forgets_what_was_undone() {
        let mut book = LabelBook::default();
        book.apply(click("a", Some(0), 0.5));
        book.apply(click("a", Some(1), 1.5));
        book.apply(Edit::Undo);
        book.apply(click("a", Some(2), 2.5));
        assert!(!book.can_redo());
        assert_eq!(labels(&book), [0, 255, 2, 255]);
    }

    #[test]
    fn a_drag_grows_and_is_undone_whole() {
        let mut book = LabelBook::default();
        book.apply(click("a", Some(3), 0.5));
        book.apply(Edit::Extend(vec![[1.5, 0.5], [3.5, 0.5]]));
        assert_eq!(labels(&book), [3; 4]);
        book.apply(Edit::Undo);
        assert_eq!(labels(&book), [255; 4]);
        assert_eq!(book.apply(Edit::Extend(vec![[2.5, 0.5]])), None, "an undone stroke does not grow");
    }

    #[test]
    fn painting_on_from_a_point_equals_painting_anew() {
        let path = vec![[0.5, 0.5], [5.0, 3.0], [9.5, 9.5]];
        let stroke = Stroke { tile: "a".into(), class: Some(1), radius: 1.2, path };
        let (mut whole, mut grown) = (Mask::unlabelled(10, 10), Mask::unlabelled(10, 10));
        paint(&mut whole, &stroke, 0);
        paint(&mut grown, &Stroke { path: stroke.path[..2].to_vec(), ..stroke.clone() }, 0);
        paint(&mut grown, &stroke, 2);
        assert_eq!(whole, grown);
    }
}
