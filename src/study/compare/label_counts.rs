//! Numbers of labels.

/// Labelled pixels of the training tiles, at the tiles' own size. Pixels of ignored classes do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelCounts {
    /// Labels learned from, by class in index order.
    pub labels: Vec<u64>,
    /// Labelled pixels of the full masks, likewise.
    pub masks: Vec<u64>,
    /// Tiles that were read.
    pub tiles: usize,
}

impl LabelCounts {
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
    pub(super) fn add(mut self, other: Self) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_tiles_add_up() {
        let counts = |labels: &[u64]| LabelCounts { labels: labels.to_vec(), masks: vec![50, 50], tiles: 1 };
        let sum = LabelCounts::default().add(counts(&[4, 0])).add(counts(&[1, 5]));
        assert_eq!((sum.labels.as_slice(), sum.total(), sum.tiles), ([5, 5].as_slice(), 10, 2));
        assert!((sum.share() - 0.05).abs() < 1e-12);
        assert!(LabelCounts::default().share().is_nan(), "no masks");
    }
}
