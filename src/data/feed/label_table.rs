//! How many labels each training tile has, by class.

use std::collections::BTreeMap;

use crate::domain::hash::Stream;

/// Label counts of the tiles counted so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelTable {
    /// Labelled pixels by class, by tile.
    tiles: BTreeMap<usize, Vec<u64>>,
}

impl LabelTable {
    /// Records the counts of a tile, replacing earlier ones.
    pub fn set(&mut self, tile: usize, counts: Vec<u64>) {
        self.tiles.insert(tile, counts);
    }

    /// Whether a tile has been counted.
    pub fn has(&self, tile: usize) -> bool {
        self.tiles.contains_key(&tile)
    }

    /// Labelled pixels of the first `classes` classes.
    pub fn totals(&self, classes: usize) -> Vec<u64> {
        (0..classes).map(|class| self.total(class)).collect()
    }

    fn total(&self, class: usize) -> u64 {
        self.tiles.values().map(|counts| counts.get(class).copied().unwrap_or(0)).sum()
    }

    /// Draws one of the classes that have labels, each with the same probability, then the tile of one of its labels. `None`
    /// without labels.
    pub fn draw(&self, random: &mut Stream) -> Option<(usize, u8)> {
        let classes = self.tiles.values().map(Vec::len).max()?;
        let labelled: Vec<usize> = (0..classes).filter(|class| self.total(*class) > 0).collect();
        let class = *labelled.get(random.below(labelled.len()))?;
        let mut nth = random.below(self.total(class) as usize) as u64;
        let (tile, _) = self.tiles.iter().find(|(_, counts)| {
            let here = counts.get(class).copied().unwrap_or(0);
            let is_here = nth < here;
            nth = nth.saturating_sub(here);
            is_here
        })?;
        Some((*tile, class as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> LabelTable {
        let mut table = LabelTable::default();
        table.set(3, vec![0, 90, 0, 1]);
        table.set(5, vec![0, 10, 0, 3]);
        table.set(9, vec![0, 0, 0, 0]);
        table
    }

    #[test]
    fn the_latest_counts_of_each_tile_add_up() {
        let mut table = table();
        assert_eq!(table.totals(5), [0, 100, 0, 4, 0]);
        table.set(3, vec![7]);
        assert_eq!((table.totals(4), table.has(9), table.has(4)), (vec![7, 10, 0, 3], true, false));
    }

    /// χ² of the classes with one degree of freedom, and of the tiles given the class: 10.83 is exceeded once in a thousand.
    #[test]
    fn classes_are_drawn_uniformly_and_labels_within_them() {
        let (table, mut random) = (table(), Stream::new(7));
        let mut counts = BTreeMap::new();
        let draws = 20_000;
        (0..draws).for_each(|_| *counts.entry(table.draw(&mut random).expect("labels")).or_insert(0_u32) += 1);
        let share = |tile, class| f64::from(counts.get(&(tile, class)).copied().unwrap_or(0));
        let chi = |got: f64, all: f64, p: f64| (got - p * all).powi(2) / (p * (1.0 - p) * all);
        let [first, second] = [1, 3].map(|class| share(3, class) + share(5, class));
        assert!((first + second - f64::from(draws)).abs() < 0.5, "{counts:?}");
        assert!(chi(first, f64::from(draws), 0.5) < 10.83, "{counts:?}");
        assert!(chi(share(3, 1), first, 0.9) < 10.83, "{counts:?}");
        assert!(chi(share(3, 3), second, 0.25) < 10.83, "{counts:?}");
    }

    #[test]
    fn nothing_is_drawn_without_labels() {
        let mut table = LabelTable::default();
        assert_eq!(table.draw(&mut Stream::new(1)), None);
        table.set(0, vec![0, 0]);
        assert_eq!(table.draw(&mut Stream::new(1)), None);
    }
}
