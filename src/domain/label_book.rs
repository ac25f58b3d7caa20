//! All labels of a project: one history for undo and redo, indexed by tile so that the cost of a click does not grow with
//! the number of labels.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use super::kept_aside::is_kept_aside;
use super::label::{self, Bounds, Surface};
use super::{Edit, Mask, Stroke, geometry::PixelRect};

/// Undone strokes that a tile remembers. A reader that is further behind redraws the whole tile.
const REMEMBERED: usize = 64;

/// All strokes of a project. A stroke is active unless it was undone. Tiles are known by id only: labels of a tile that is
/// not in the project are kept like any others.
#[derive(Clone, Debug, Default)]
pub struct LabelBook {
    strokes: Vec<Stroke>,
    /// Number of active strokes; those after them are undone.
    standing: usize,
    /// Number of strokes at the start that can no longer be undone.
    sealed: usize,
    tiles: BTreeMap<String, OnTile>,
    /// Number of times the book was cleared.
    generation: u64,
    /// Strokes that are kept aside erase.
    hides_kept_aside: bool,
}

/// The strokes of one tile.
#[derive(Clone, Debug, Default)]
struct OnTile {
    /// Indices into the history; undone strokes come last.
    strokes: Vec<usize>,
    /// Whether each of them is kept aside, as by [`kept_aside`](super::kept_aside::kept_aside).
    kept_aside: Vec<bool>,
    standing: usize,
    /// Active painting strokes by class.
    classes: Vec<u64>,
    /// Total number of undone strokes.
    undo_count: u64,
    /// The most recent of them.
    undone: VecDeque<Undone>,
}

/// A stroke that was undone.
#[derive(Clone, Copy, Debug)]
struct Undone {
    bounds: Option<Bounds>,
    /// Active strokes of the tile after the undo.
    left: usize,
}

/// How far the labels of a tile have been drawn; [`LabelBook::draw_on`] continues from here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    generation: u64,
    undo_count: u64,
    strokes: usize,
    /// Points of the last stroke.
    points: usize,
}

impl OnTile {
    fn activate(&mut self, class: Option<u8>) {
        self.standing += 1;
        if let Some(class) = class.map(usize::from) {
            if self.classes.len() <= class {
                self.classes.resize(class + 1, 0);
            }
            self.classes[class] += 1;
        }
    }

    fn deactivate(&mut self, stroke: &Stroke) {
        self.standing -= 1;
        if let Some(class) = stroke.class {
            self.classes[usize::from(class)] -= 1;
        }
        self.undo_count += 1;
        self.undone.push_back(Undone { bounds: Bounds::of(stroke, 0), left: self.standing });
        if self.undone.len() > REMEMBERED {
            self.undone.pop_front();
        }
    }

    /// Strokes undone since `drawn`; `None` if they are no longer remembered.
    fn undone_since(&self, drawn: Drawn) -> Option<impl Iterator<Item = &Undone>> {
        let missed = self.undo_count.checked_sub(drawn.undo_count)?;
        let first = self.undone.len().checked_sub(usize::try_from(missed).ok()?)?;
        Some(self.undone.range(first..))
    }
}

impl LabelBook {
    /// Protects the active strokes from undo, redo and extension. For labels of a journal that is only read: an undo that was
    /// recorded in another journal must not reach them.
    pub fn seal(&mut self) {
        self.forget_undone();
        self.sealed = self.standing;
    }

    /// Removes all strokes.
    pub fn clear(&mut self) {
        let (generation, hides_kept_aside) = (self.generation + 1, self.hides_kept_aside);
        *self = Self { generation, hides_kept_aside, ..Self::default() };
    }

    /// From now on strokes that are kept aside only erase what lies under them. Call it before anything is drawn.
    pub fn hide_kept_aside(&mut self) {
        self.hides_kept_aside = true;
    }

    /// Applies an edit. Returns the tile whose labels changed; `None` if nothing changed.
    pub fn apply(&mut self, edit: Edit) -> Option<String> {
        match edit {
            Edit::Begin(stroke) => {
                self.forget_undone();
                self.begin(stroke);
            }
            Edit::Extend(points) => {
                if self.standing < self.strokes.len() || self.standing == self.sealed {
                    return None; // The stroke was undone during the drag.
                }
                self.strokes.last_mut()?.path.extend(points);
            }
            Edit::Undo => {
                if !self.can_undo() {
                    return None;
                }
                self.standing -= 1;
                let stroke = &self.strokes[self.standing];
                self.tiles.get_mut(&stroke.tile)?.deactivate(stroke);
                return Some(stroke.tile.clone());
            }
            Edit::Redo => {
                let stroke = self.strokes.get(self.standing)?;
                self.tiles.get_mut(&stroke.tile)?.activate(stroke.class);
                self.standing += 1;
            }
        }
        Some(self.strokes[self.standing - 1].tile.clone())
    }

    /// Moves the strokes of one tile to another, after the tile's file has moved.
    pub fn relink(&mut self, from: &str, to: &str) {
        let (strokes, standing, sealed) = (std::mem::take(&mut self.strokes), self.standing, self.sealed);
        let undone = strokes.len() - standing;
        self.clear();
        for stroke in strokes {
            let tile = if stroke.tile == from { to.to_owned() } else { stroke.tile };
            self.begin(Stroke { tile, ..stroke });
        }
        for _ in 0..undone {
            self.apply(Edit::Undo);
        }
        self.sealed = sealed;
    }

    fn begin(&mut self, stroke: Stroke) {
        if !self.tiles.contains_key(&stroke.tile) {
            self.tiles.insert(stroke.tile.clone(), OnTile::default());
        }
        if let Some(tile) = self.tiles.get_mut(&stroke.tile) {
            tile.strokes.push(self.standing);
            tile.activate(stroke.class);
            tile.kept_aside.push(stroke.class.is_some_and(|class| is_kept_aside(tile.classes[usize::from(class)])));
        }
        self.strokes.push(stroke);
        self.standing += 1;
    }

    fn forget_undone(&mut self) {
        for stroke in self.strokes.drain(self.standing..) {
            if let Some(tile) = self.tiles.get_mut(&stroke.tile) {
                tile.strokes.pop();
                tile.kept_aside.pop();
            }
        }
    }

    /// Active strokes, oldest first.
    pub fn standing(&self) -> &[Stroke] {
        &self.strokes[..self.standing]
    }

    /// Active strokes of a tile, oldest first.
    pub fn standing_on(&self, tile: &str) -> impl DoubleEndedIterator<Item = &Stroke> + Clone {
        self.standing_from(tile, 0)
    }

    /// Active strokes of a tile from number `first`, oldest first.
    fn standing_from(&self, tile: &str, first: usize) -> impl DoubleEndedIterator<Item = &Stroke> + Clone {
        let places = self.tiles.get(tile).and_then(|tile| tile.strokes.get(first..tile.standing));
        places.unwrap_or_default().iter().map(|place| &self.strokes[*place])
    }

    /// The strokes of a tile as they are drawn, from number `first`, with their numbers. One that is kept aside erases: what lay
    /// under it is no longer meant.
    fn drawn_from(&self, tile: &str, first: usize) -> impl Iterator<Item = (usize, Cow<'_, Stroke>)> {
        let aside = self.tiles.get(tile).filter(|_| self.hides_kept_aside).map(|tile| &tile.kept_aside);
        let drawn = move |(place, stroke)| match aside {
            Some(aside) if aside[place] => (place, Cow::Owned(Stroke { class: None, ..Stroke::clone(stroke) })),
            _ => (place, Cow::Borrowed(stroke)),
        };
        (first..).zip(self.standing_from(tile, first)).map(drawn)
    }

    /// The stroke that undo would remove.
    pub fn next_undo(&self) -> Option<&Stroke> {
        self.standing().last().filter(|_| self.can_undo())
    }

    /// The stroke that redo would restore.
    pub fn next_redo(&self) -> Option<&Stroke> {
        self.strokes.get(self.standing)
    }

    /// Whether there is a stroke to undo.
    pub fn can_undo(&self) -> bool {
        self.standing > self.sealed
    }

    /// Whether there is a stroke to redo.
    pub fn can_redo(&self) -> bool {
        self.standing < self.strokes.len()
    }

    /// Number of active painting strokes of a tile.
    pub fn count(&self, tile: &str) -> usize {
        self.class_counts(tile).iter().sum::<u64>() as usize
    }

    /// Active painting strokes of a tile by class, up to the last class that was painted.
    pub fn class_counts(&self, tile: &str) -> &[u64] {
        self.tiles.get(tile).map_or(&[], |tile| &tile.classes)
    }

    /// Whether a tile has active strokes.
    pub fn carries(&self, tile: &str) -> bool {
        self.tiles.get(tile).is_some_and(|tile| tile.standing > 0)
    }

    /// Tiles with active strokes, ordered by id.
    pub fn tiles(&self) -> impl Iterator<Item = &str> {
        self.tiles.iter().filter(|(_, tile)| tile.standing > 0).map(|(id, _)| id.as_str())
    }

    /// The own labels of a tile as a mask: its strokes replayed in order.
    pub fn rasterize(&self, tile: &str, size: [u32; 2]) -> Mask {
        let mut mask = Mask::unlabelled(size[0], size[1]);
        for (_, stroke) in self.drawn_from(tile, 0) {
            label::draw(&mut mask, &stroke, 0);
        }
        mask
    }

    /// Updates a surface that shows the labels up to `drawn`, touching only pixels that changed since. Returns the new
    /// position.
    pub fn draw_on(&self, tile: &str, drawn: Drawn, surface: &mut impl Surface) -> Drawn {
        let size = surface.size();
        let whole = PixelRect { x: 0, y: 0, width: size[0], height: size[1] };
        let Some(on_tile) = self.tiles.get(tile) else {
            if drawn != Drawn::default() {
                surface.clear(whole);
            }
            return Drawn::default();
        };
        let (mut kept, mut points) = (0, 0);
        match on_tile.undone_since(drawn).filter(|_| drawn.generation == self.generation) {
            Some(undone) => {
                let undone: Vec<&Undone> = undone.collect();
                kept = undone.iter().map(|undone| undone.left).fold(drawn.strokes, usize::min);
                points = if kept == drawn.strokes { drawn.points } else { usize::MAX };
                for rect in undone.iter().filter_map(|undone| undone.bounds?.pixels(size)) {
                    surface.clear(rect);
                    self.restore(tile, kept, rect, surface);
                }
            }
            None => surface.clear(whole),
        }
        // The last stroke may have been extended.
        let first = kept.saturating_sub(1);
        for (place, stroke) in self.drawn_from(tile, first) {
            label::draw(surface, &stroke, if place < kept { points.min(stroke.path.len()) } else { 0 });
        }
        Drawn {
            generation: self.generation,
            undo_count: on_tile.undo_count,
            strokes: on_tile.standing,
            points: self.standing_on(tile).next_back().map_or(0, |stroke| stroke.path.len()),
        }
    }

    /// Redraws the first `first` strokes of a tile inside a rectangle that an undo has cleared.
    fn restore(&self, tile: &str, first: usize, rect: PixelRect, surface: &mut impl Surface) {
        let size = surface.size();
        for (_, stroke) in self.drawn_from(tile, 0).take_while(|(place, _)| *place < first) {
            if stroke.rect(size, 0).is_some_and(|of_it| of_it.meets(rect)) {
                label::draw_within(surface, &stroke, rect);
            }
        }
    }
}

#[cfg(test)]
mod tests;
