//! Growing a tree from a bootstrap sample, by Gini impurity, until its leaves are pure.

use std::ops::Range;

use super::tree::Tree;
use crate::domain::hash::Stream;
use crate::quick::logistic::Samples;

/// A way to split samples in two.
#[derive(Clone, Copy)]
struct Split {
    feature: usize,
    threshold: f32,
    /// Σ over both sides of Σ weight² / weight: the larger, the purer they are.
    purity: f64,
}

/// What a tree grows from.
pub(super) struct Grower<'a> {
    samples: &'a Samples<'a>,
    classes: usize,
    /// All features; those that a split tries are moved to the front.
    features: Vec<usize>,
    /// Features that a split tries.
    tried: usize,
    stream: Stream,
    /// Places of the drawn samples; those of a node lie together.
    drawn: Vec<usize>,
    /// The samples of a node in the order of a feature.
    sorted: Vec<(f32, usize)>,
}

impl<'a> Grower<'a> {
    pub(super) fn new(samples: &'a Samples<'a>, [classes, features]: [usize; 2], mut stream: Stream) -> Self {
        let count = samples.labels.len();
        let drawn = (0..count).map(|_| stream.below(count)).collect();
        let tried = (features as f64).sqrt() as usize;
        Self { samples, classes, features: (0..features).collect(), tried, stream, drawn, sorted: Vec::new() }
    }

    pub(super) fn grow(mut self) -> Tree {
        let mut tree = Tree::sprout(self.classes);
        let mut open = vec![(0, 0..self.drawn.len())];
        while let Some((node, range)) = open.pop() {
            let weights = self.weights(&range);
            let Some(split) = self.best_split(&range, &weights) else {
                tree.end(node, &weights);
                continue;
            };
            let middle = self.partition(&range, split);
            let [first, second] = tree.split(node, split.feature, split.threshold);
            open.extend([(second, middle..range.end), (first, range.start..middle)]);
        }
        tree
    }

    fn value(&self, sample: usize, feature: usize) -> f32 {
        self.samples.features[sample * self.features.len() + feature]
    }

    /// What a node holds of each class.
    fn weights(&self, range: &Range<usize>) -> Vec<f64> {
        let mut weights = vec![0.0; self.classes];
        for &sample in &self.drawn[range.clone()] {
            weights[usize::from(self.samples.labels[sample])] += f64::from(self.samples.weights[sample]);
        }
        weights
    }

    /// The best split by √features of those that are not constant here; `None` if the node is pure or all are constant.
    fn best_split(&mut self, range: &Range<usize>, weights: &[f64]) -> Option<Split> {
        if weights.iter().filter(|weight| **weight > 0.0).count() < 2 {
            return None;
        }
        let (mut best, mut tried) = (None::<Split>, 0);
        for place in 0..self.features.len() {
            let other = place + self.stream.below(self.features.len() - place);
            self.features.swap(place, other);
            let Some(split) = self.split_by(self.features[place], range, weights) else { continue };
            best = best.filter(|best| best.purity >= split.purity).or(Some(split));
            tried += 1;
            if tried >= self.tried {
                break;
            }
        }
        best
    }

    /// The best split by a feature; `None` if it is constant.
    fn split_by(&mut self, feature: usize, range: &Range<usize>, weights: &[f64]) -> Option<Split> {
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.clear();
        sorted.extend(self.drawn[range.clone()].iter().map(|&sample| (self.value(sample, feature), sample)));
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (mut left, mut right) = (vec![0.0; weights.len()], weights.to_vec());
        let mut best = None::<Split>;
        for pair in sorted.windows(2) {
            let ((here, sample), (next, _)) = (pair[0], pair[1]);
            let (class, weight) = (usize::from(self.samples.labels[sample]), f64::from(self.samples.weights[sample]));
            left[class] += weight;
            right[class] -= weight;
            if here < next {
                let purity = purity(&left) + purity(&right);
                if best.is_none_or(|best| purity > best.purity) {
                    best = Some(Split { feature, threshold: between(here, next), purity });
                }
            }
        }
        self.sorted = sorted;
        best
    }

    /// Brings the samples of a node in the order of its children. Returns where the second one's begin.
    fn partition(&mut self, range: &Range<usize>, split: Split) -> usize {
        let is_first = |sample: &usize| self.value(*sample, split.feature) <= split.threshold;
        let (first, second): (Vec<usize>, Vec<usize>) = self.drawn[range.clone()].iter().copied().partition(is_first);
        let middle = range.start + first.len();
        self.drawn[range.start..middle].copy_from_slice(&first);
        self.drawn[middle..range.end].copy_from_slice(&second);
        middle
    }
}

/// Σ weight² / Σ weight.
fn purity(weights: &[f64]) -> f64 {
    let sum: f64 = weights.iter().sum();
    if sum > 0.0 { weights.iter().map(|weight| weight * weight).sum::<f64>() / sum } else { 0.0 }
}

/// A threshold that keeps two different values apart, whatever the rounding.
fn between(low: f32, high: f32) -> f32 {
    let middle = low + (high - low) / 2.0;
    if middle < high { middle } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_splits_where_gini_says() {
        // Bootstrap may miss a sample, so each stands there often.
        let features: Vec<f32> = (0..80).map(|i| (i % 4) as f32).collect();
        let labels: Vec<u8> = (0..80).map(|i| u8::from(i % 4 >= 3)).collect();
        let samples = Samples { features: &features, labels: &labels, weights: &[1.0; 80] };
        let tree = Grower::new(&samples, [2, 1], Stream::new(1)).grow();
        assert_eq!([tree.shares(&[2.4]), tree.shares(&[2.6])], [&[1.0, 0.0], &[0.0, 1.0]]);
    }

    #[test]
    fn neighbouring_values_stay_apart() {
        let (low, high) = (1.0_f32, 1.0_f32.next_up());
        assert!(between(low, high) >= low && between(low, high) < high);
    }
}
