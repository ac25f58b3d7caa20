//! How many labels a run learns from.

use serde::{Deserialize, Serialize};

use crate::data::{DataError, Project, Tile};
use crate::domain::blocks::HeldOut;
use crate::domain::{LabelBook, Mask, Sampling, sampling};

/// Labelled pixels of the training tiles, at the tiles' own size. Pixels of ignored classes do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelCounts {
    /// Labels learned from, by class in index order.
    pub labels: Vec<u64>,
    /// Labelled pixels of the full masks, likewise.
    pub masks: Vec<u64>,
    /// Tiles that were read.
    pub tiles: usize,
}

impl LabelCounts {
    /// The labels that a tile is learned with, and those of its mask. What is held out of it by blocks is neither learned from nor part
    /// of its mask.
    ///
    /// # Errors
    /// If its mask or image cannot be read.
    pub fn of_tile(
        project: &Project,
        index: usize,
        held_out: Option<&HeldOut>,
        sampling: &Sampling,
        book: &LabelBook,
    ) -> Result<Self, DataError> {
        let tile = &project.tiles[index];
        let [width, height] = tile.size;
        let mut full = project.read_mask(tile)?.map_or_else(|| Mask::unlabelled(width, height), |read| read.mask);
        // Before labels are sampled, as in training.
        held_out.iter().for_each(|held| held.hide(&mut full));
        let (mut labels, full) = labels_of(project, tile, full, sampling, book)?;
        held_out.iter().for_each(|held| held.hide(&mut labels));
        let counts = |mask: &Mask| {
            let counts = mask.counts(project.classes.len());
            let of = |(class, count)| if project.classes.is_scored(class as u8) { count } else { 0 };
            counts.into_iter().enumerate().map(of).collect()
        };
        Ok(Self { labels: counts(&labels), masks: counts(&full), tiles: 1 })
    }

    /// All labels.
    pub fn total(&self) -> u64 {
        self.labels.iter().sum()
    }

    /// Labels as a share of what the full masks have; NaN without masks.
    pub fn share(&self) -> f64 {
        self.total() as f64 / self.masks.iter().sum::<u64>() as f64
    }

    /// Counts of these tiles and others.
    #[must_use]
    pub fn plus(mut self, other: Self) -> Self {
        let sum = |into: &mut Vec<u64>, from: Vec<u64>| {
            into.resize(into.len().max(from.len()), 0);
            into.iter_mut().zip(from).for_each(|(sum, count)| *sum += count);
        };
        sum(&mut self.labels, other.labels);
        sum(&mut self.masks, other.masks);
        self.tiles += other.tiles;
        self
    }
}

/// The labels that a tile is learned with, and its mask, both without pixels that do not exist.
///
/// # Errors
/// If the image cannot be read.
pub fn labels_of(
    project: &Project,
    tile: &Tile,
    mut full: Mask,
    sampling: &Sampling,
    book: &LabelBook,
) -> Result<(Mask, Mask), DataError> {
    let mut labels = sampling::sample(&full, &tile.short_id, sampling);
    if book.carries(&tile.id) {
        labels.overlay(&book.rasterize(&tile.id, tile.size));
    }
    if let Some(valid) = project.valid_pixels(tile)? {
        valid.take_out_of(&mut labels);
        valid.take_out_of(&mut full);
    }
    Ok((labels, full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_tiles_add_up() {
        let counts = |labels: &[u64]| LabelCounts { labels: labels.to_vec(), masks: vec![50, 50], tiles: 1 };
        let sum = LabelCounts::default().plus(counts(&[4, 0])).plus(counts(&[1, 5]));
        assert_eq!((sum.labels.as_slice(), sum.total(), sum.tiles), ([5, 5].as_slice(), 10, 2));
        assert!((sum.share() - 0.05).abs() < 1e-12);
        assert!(LabelCounts::default().share().is_nan(), "no masks");
    }
}
