//! Class weights of a run, updated while labels are added.

use std::collections::BTreeMap;

use crate::domain::Classes;
use crate::domain::weights::{ClassWeights, inverse_frequency};

/// Class weights, and the label counts they are derived from.
pub struct Weighting {
    kind: ClassWeights,
    scored: Vec<bool>,
    counts: BTreeMap<usize, Vec<u64>>,
}

impl Weighting {
    /// Weights of this kind for these classes. No labels are counted yet.
    pub fn new(kind: ClassWeights, classes: &Classes) -> Self {
        Self { kind, scored: classes.iter().map(|class| !class.ignored).collect(), counts: BTreeMap::new() }
    }

    /// Whether label counts are needed. Counting reads every tile.
    pub fn needs_counts(&self) -> bool {
        self.kind == ClassWeights::Inverse
    }

    /// Records the label counts of a tile, replacing earlier ones.
    pub fn count(&mut self, tile: usize, counts: Vec<u64>) {
        self.counts.insert(tile, counts);
    }

    /// A weight per class; 0 for ignored classes.
    pub fn weights(&self) -> Vec<f32> {
        let mut weights = match &self.kind {
            ClassWeights::None => vec![1.0; self.scored.len()],
            ClassWeights::Given(weights) => weights.clone(),
            ClassWeights::Inverse => {
                let mut total = vec![0; self.scored.len()];
                for counts in self.counts.values() {
                    total.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
                }
                inverse_frequency(&total)
            }
        };
        weights.iter_mut().zip(&self.scored).filter(|(_, scored)| !**scored).for_each(|(w, _)| *w = 0.0);
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_weights_follow_the_labels() {
        let mut weighting = Weighting::new(ClassWeights::Inverse, &Classes::deepglobe());
        weighting.count(0, vec![10, 10, 0, 0, 0, 0, 0]);
        assert_eq!(weighting.weights(), [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        weighting.count(1, vec![20, 0, 0, 0, 0, 0, 0]);
        let weights = weighting.weights();
        assert!((weights[1] / weights[0] - 3.0).abs() < 1e-6, "{weights:?}");
    }

    #[test]
    fn ignored_classes_weigh_nothing_whatever_is_given() {
        let given = Weighting::new(ClassWeights::Given(vec![2.0; 7]), &Classes::deepglobe());
        assert_eq!(given.weights(), [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.0]);
    }
}
