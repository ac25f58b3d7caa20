//! Windows of training tiles that hold labels: a look at all labels, crop by crop, in bounded memory and time.

use std::collections::BTreeMap;

use super::augment::Symmetry;
use super::batch::Batch;
use super::crop::Cut;
use super::normalize;
use super::pseudo_labels::Pseudo;
use super::training_set::TrainingSet;
use crate::data::DataError;
use crate::domain::hash::{self, Stream};
use crate::domain::{Mask, UNLABELLED};

/// Tiles that are looked through at most; those of large sets are drawn.
const TILES: usize = 64;

/// A square window of a training tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// Index of the tile in the project.
    tile: usize,
    /// First column and row, pixels.
    corner: [u32; 2],
    /// Width and height, pixels.
    side: u32,
}

impl Window {
    /// At most `most` windows of `side` pixels that hold labels, tile by tile. Classes take turns, so that rare ones are not
    /// missed. Tiles that cannot be read are left to the loader. `None` once `go_on` says no; it is asked before each tile.
    pub fn with_labels(
        set: &TrainingSet,
        side: u32,
        most: usize,
        seed: u64,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<Vec<Self>> {
        let mut random = Stream::new(hash::mix(seed));
        let mut tiles: Vec<usize> = set.tiles().into_iter().collect();
        random.shuffle(&mut tiles);
        let mut by_class = BTreeMap::<u8, Vec<Self>>::new();
        for &tile in tiles.iter().take(TILES) {
            if !go_on() {
                return None;
            }
            let Ok(prepared) = set.prepare(tile) else { continue };
            for (class, corner) in labelled_squares(prepared.target().mask(), side) {
                by_class.entry(class).or_default().push(Self { tile, corner, side });
            }
        }
        by_class.values_mut().for_each(|windows| random.shuffle(windows));
        let mut windows = in_turn(&by_class, most);
        windows.sort_unstable(); // Each tile is decoded once, even if they do not fit in memory together.
        Some(windows)
    }

    /// The window's colours, labels and pseudo-labels, as a batch of one crop.
    ///
    /// # Errors
    /// If the tile cannot be read.
    pub fn cut(&self, set: &TrainingSet) -> Result<Batch, DataError> {
        let prepared = set.prepare(self.tile)?;
        let (corner, symmetry) = (self.corner.map(i64::from), Symmetry::default());
        let cut = Cut { corner, scale: 1, symmetry, warp: None, size: self.side };
        let (mut images, mut targets) = (Vec::new(), Vec::new());
        cut.image(&prepared.picture, &normalize::table(), &mut images);
        cut.labels(prepared.target().mask(), &mut targets);
        let mut batch = Batch::new(images, targets, self.side);
        let pseudo = set.pseudo_labels().current();
        batch.pseudo = Pseudo::of(&pseudo);
        batch.pseudo.cut(&pseudo, self.tile, &cut);
        batch.pseudo.give_way(&batch.targets);
        Ok(batch)
    }
}

/// The squares of a grid that hold labels of a class, by class and first pixel.
fn labelled_squares(mask: &Mask, side: u32) -> Vec<(u8, [u32; 2])> {
    let mut found = Vec::new();
    for y in (0..mask.height()).step_by(side as usize) {
        for x in (0..mask.width()).step_by(side as usize) {
            let mut has = [false; 256];
            for row in y..(y + side).min(mask.height()) {
                let start = (row * mask.width() + x) as usize;
                let len = side.min(mask.width() - x) as usize;
                mask.data()[start..start + len].iter().for_each(|class| has[usize::from(*class)] = true);
            }
            let classes = (0..UNLABELLED).filter(|class| has[usize::from(*class)]);
            found.extend(classes.map(|class| (class, [x, y])));
        }
    }
    found
}

/// A window of each class in turn, each window once.
fn in_turn(by_class: &BTreeMap<u8, Vec<Window>>, most: usize) -> Vec<Window> {
    let mut taken = Vec::new();
    let rounds = by_class.values().map(Vec::len).max().unwrap_or(0);
    for window in (0..rounds).flat_map(|round| by_class.values().filter_map(move |windows| windows.get(round))) {
        if taken.len() < most && !taken.contains(window) {
            taken.push(*window);
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_with_labels_are_found_by_class_at_every_border() {
        let mut mask = Mask::unlabelled(10, 7);
        for (x, y, class) in [(0, 0, 3), (1, 1, 3), (2, 3, 5), (9, 6, 0)] {
            mask.data_mut()[y * 10 + x] = class;
        }
        assert_eq!(labelled_squares(&mask, 4), [(3, [0, 0]), (5, [0, 0]), (0, [8, 4])]);
    }

    #[test]
    fn a_rare_class_is_not_missed() {
        let window = |tile| Window { tile, corner: [0, 0], side: 4 };
        let by_class = BTreeMap::from([(1, (0..50).map(window).collect()), (7, vec![window(49), window(90)])]);
        assert_eq!(in_turn(&by_class, 4), [window(0), window(49), window(1), window(90)]);
        assert_eq!(in_turn(&by_class, 99).len(), 51);
    }
}
