//! All labels of a project: one history for undo and redo, and for each tile the strokes that lie on it, so that a click
//! costs the same however many came before it.

use std::collections::{BTreeMap, VecDeque};

use super::label::{self, Bounds, Surface};
use super::{Edit, Mask, Stroke, geometry::PixelRect};

/// Strokes taken back that a tile remembers; whoever is further behind draws it anew.
const REMEMBERED: usize = 64;

/// All labels of a project: every stroke, and how many of them stand. Tiles are known by their ids alone: labels of a tile
/// that is not in the project are kept like any others.
#[derive(Clone, Debug, Default)]
pub struct LabelBook {
    strokes: Vec<Stroke>,
    standing: usize,
    /// So many of the first strokes stand for good.
    sealed: usize,
    tiles: BTreeMap<String, OnTile>,
    /// Counts how often the book was cleared.
    generation: u64,
}

/// What lies on one tile.
#[derive(Clone, Debug, Default)]
struct OnTile {
    /// Its strokes by their place in the history, those undone at the end.
    strokes: Vec<usize>,
    standing: usize,
    /// Painting strokes that stand, by class.
    classes: Vec<u64>,
    /// Counts strokes taken back.
    taken_back: u64,
    /// The latest of them.
    undone: VecDeque<Undone>,
}

/// A stroke that was taken back.
#[derive(Clone, Copy, Debug)]
struct Undone {
    bounds: Option<Bounds>,
    /// Strokes of the tile that stood afterwards.
    left: usize,
}

/// How far the labels of a tile have been drawn, to go on from with [`LabelBook::draw_on`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    generation: u64,
    taken_back: u64,
    strokes: usize,
    /// Points of the last stroke.
    points: usize,
}

impl OnTile {
    fn stand(&mut self, class: Option<u8>) {
        self.standing += 1;
        if let Some(class) = class.map(usize::from) {
            if self.classes.len() <= class {
                self.classes.resize(class + 1, 0);
            }
            self.classes[class] += 1;
        }
    }

    fn take_back(&mut self, stroke: &Stroke) {
        self.standing -= 1;
        if let Some(class) = stroke.class {
            self.classes[usize::from(class)] -= 1;
        }
        self.taken_back += 1;
        self.undone.push_back(Undone { bounds: Bounds::of(stroke, 0), left: self.standing });
        if self.undone.len() > REMEMBERED {
            self.undone.pop_front();
        }
    }

    /// What was taken back since `drawn`; `None` if that is no longer known.
    fn undone_since(&self, drawn: Drawn) -> Option<impl Iterator<Item = &Undone>> {
        let missed = self.taken_back.checked_sub(drawn.taken_back)?;
        let first = self.undone.len().checked_sub(usize::try_from(missed).ok()?)?;
        Some(self.undone.range(first..))
    }
}

impl LabelBook {
    /// What stands now stands for good: undo, redo and extensions do not reach it. For labels of a journal that is only read;
    /// if more of them come, an undo recorded elsewhere must not take them back.
    pub fn seal(&mut self) {
        self.forget_undone();
        self.sealed = self.standing;
    }

    /// Forgets everything, to be filled anew.
    pub fn clear(&mut self) {
        *self = Self { generation: self.generation + 1, ..Self::default() };
    }

    /// Applies an edit. Returns the tile whose labels changed; `None` if there was nothing to do.
    pub fn apply(&mut self, edit: Edit) -> Option<String> {
        match edit {
            Edit::Begin(stroke) => {
                self.forget_undone();
                self.begin(stroke);
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
                let stroke = &self.strokes[self.standing];
                self.tiles.get_mut(&stroke.tile)?.take_back(stroke);
                return Some(stroke.tile.clone());
            }
            Edit::Redo => {
                let stroke = self.strokes.get(self.standing)?;
                self.tiles.get_mut(&stroke.tile)?.stand(stroke.class);
                self.standing += 1;
            }
        }
        Some(self.strokes[self.standing - 1].tile.clone())
    }

    /// Gives the strokes of one tile to another: the tile's file has moved.
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
            tile.stand(stroke.class);
        }
        self.strokes.push(stroke);
        self.standing += 1;
    }

    fn forget_undone(&mut self) {
        for stroke in self.strokes.drain(self.standing..) {
            if let Some(tile) = self.tiles.get_mut(&stroke.tile) {
                tile.strokes.pop();
            }
        }
    }

    /// Strokes that stand, oldest first.
    pub fn standing(&self) -> &[Stroke] {
        &self.strokes[..self.standing]
    }

    /// Strokes that stand on a tile, oldest first.
    pub fn standing_on(&self, tile: &str) -> impl DoubleEndedIterator<Item = &Stroke> {
        self.standing_from(tile, 0)
    }

    /// The same, the first ones left out at no cost.
    fn standing_from(&self, tile: &str, first: usize) -> impl DoubleEndedIterator<Item = &Stroke> {
        let places = self.tiles.get(tile).and_then(|tile| tile.strokes.get(first..tile.standing));
        places.unwrap_or_default().iter().map(|place| &self.strokes[*place])
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
        self.class_counts(tile).iter().sum::<u64>() as usize
    }

    /// Painting strokes that stand on a tile, by class; classes after the last one painted are left out.
    pub fn class_counts(&self, tile: &str) -> &[u64] {
        self.tiles.get(tile).map_or(&[], |tile| &tile.classes)
    }

    /// Whether a tile carries strokes.
    pub fn carries(&self, tile: &str) -> bool {
        self.tiles.get(tile).is_some_and(|tile| tile.standing > 0)
    }

    /// The tiles that carry strokes, in the order of their ids.
    pub fn tiles(&self) -> impl Iterator<Item = &str> {
        self.tiles.iter().filter(|(_, tile)| tile.standing > 0).map(|(id, _)| id.as_str())
    }

    /// The mask of a tile's own labels: strokes replayed in order, unlabelled where there is none.
    pub fn rasterize(&self, tile: &str, size: [u32; 2]) -> Mask {
        let mut mask = Mask::unlabelled(size[0], size[1]);
        for stroke in self.standing_on(tile) {
            label::draw(&mut mask, stroke, 0);
        }
        mask
    }

    /// Brings own labels that were drawn as far as `drawn` up to date, touching only what has changed since. Returns how far
    /// they are drawn now.
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
        // The last stroke drawn may have grown.
        let first = kept.saturating_sub(1);
        for (place, stroke) in (first..).zip(self.standing_from(tile, first)) {
            label::draw(surface, stroke, if place < kept { points.min(stroke.path.len()) } else { 0 });
        }
        Drawn {
            generation: self.generation,
            taken_back: on_tile.taken_back,
            strokes: on_tile.standing,
            points: self.standing_on(tile).next_back().map_or(0, |stroke| stroke.path.len()),
        }
    }

    /// Draws a tile's first strokes again where one over them was taken back.
    fn restore(&self, tile: &str, first: usize, rect: PixelRect, surface: &mut impl Surface) {
        let size = surface.size();
        for stroke in self.standing_on(tile).take(first) {
            if stroke.rect(size, 0).is_some_and(|of_it| of_it.meets(rect)) {
                label::draw_within(surface, stroke, rect);
            }
        }
    }
}

#[cfg(test)]
mod tests;
