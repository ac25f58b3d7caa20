//! Random forest (Breiman, Machine Learning 45, 2001): trees that each learn from a bootstrap sample, with √features tried at
//! every split. Its probabilities are the mean of the trees'.

mod grow;
mod tree;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::logistic::Samples;
use crate::domain::hash::{self, Stream};
use crate::kernels::gate::GATE;
use grow::Grower;
use tree::Tree;

/// Trees of a forest: more change maps little.
const TREES: u64 = 100;

/// Trees that have learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forest {
    classes: usize,
    features: usize,
    trees: Vec<Tree>,
}

impl Forest {
    /// Learns; the same samples give the same forest, whatever the number of threads.
    pub(super) fn learn(samples: &Samples<'_>, classes: usize) -> Self {
        let features = samples.features.len() / samples.labels.len().max(1);
        let grow = |number: u64| {
            GATE.pass();
            Grower::new(samples, [classes, features], Stream::new(hash::mix(number))).grow()
        };
        Self { classes, features, trees: (0..TREES).into_par_iter().map(grow).collect() }
    }

    /// Whether it can be asked: it has these classes and features, and every way through a tree ends in a leaf.
    pub(super) fn fits(&self, classes: usize, features: usize) -> bool {
        let is_same = [self.classes, self.features] == [classes, features] && !self.trees.is_empty();
        is_same && self.trees.iter().all(|tree| tree.fits(classes, features))
    }

    /// Nodes of all trees.
    pub(super) fn nodes(&self) -> usize {
        self.trees.iter().map(Tree::len).sum()
    }

    /// Adds the probabilities of the classes for one sample's features to zeros.
    pub(super) fn add_probabilities(&self, features: &[f32], probabilities: &mut [f32]) {
        for tree in &self.trees {
            probabilities.iter_mut().zip(tree.shares(features)).for_each(|(sum, share)| *sum += share);
        }
        probabilities.iter_mut().for_each(|sum| *sum /= self.trees.len() as f32);
    }

    /// Probabilities of the classes for features `[samples, features]`: `[samples, classes]`.
    pub(super) fn probabilities(&self, features: &[f32]) -> Vec<f32> {
        let mut all = vec![0.0; features.len() / self.features.max(1) * self.classes];
        let rows = all.chunks_mut(self.classes).zip(features.chunks(self.features));
        rows.for_each(|(probabilities, features)| self.add_probabilities(features, probabilities));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes on a chessboard of 2×2 fields: no line tells them apart. The third feature says nothing.
    fn chessboard() -> (Vec<f32>, Vec<u8>) {
        let mut stream = Stream::new(7);
        let (mut features, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..400 {
            let [x, y] = [stream.unit(), stream.unit()];
            features.extend([x, y, stream.unit()]);
            labels.push(u8::from((x < 0.5) != (y < 0.5)));
        }
        (features, labels)
    }

    #[test]
    fn a_chessboard_is_learned_and_probabilities_add_up() {
        let (features, labels) = chessboard();
        let forest = Forest::learn(&Samples { features: &features, labels: &labels, weights: &[1.0; 400] }, 2);
        for (x, y, class) in [(0.25, 0.25, 0), (0.75, 0.25, 1), (0.25, 0.75, 1), (0.75, 0.75, 0)] {
            let probabilities = forest.probabilities(&[x, y, 0.5]);
            assert!(probabilities[class] > 0.8, "{x} {y}: {probabilities:?}");
            assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn the_same_samples_give_the_same_forest_on_one_thread_and_on_many() {
        let (features, labels) = chessboard();
        let samples = Samples { features: &features, labels: &labels, weights: &[1.0; 400] };
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Forest::learn(&samples, 2))
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn heavy_samples_decide_where_features_are_equal() {
        let features = [0.5; 20];
        let labels: Vec<u8> = (0..20).map(|i| u8::from(i < 10)).collect();
        let weights: Vec<f32> = (0..20).map(|i| if i < 10 { 9.0 } else { 1.0 }).collect();
        let forest = Forest::learn(&Samples { features: &features, labels: &labels, weights: &weights }, 2);
        let probabilities = forest.probabilities(&[0.5]);
        assert!((probabilities[1] - 0.9).abs() < 0.05, "{probabilities:?}");
    }
}
