//! What the loss knows of each class: its weight, and whether it competes at all. Updated while labels are added.

use super::loss::Targets;
use crate::domain::Classes;
use crate::domain::weights::ClassWeights;

/// Weights and competing classes, by class index.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassTerms {
    /// A weight per class; 0 for ignored classes.
    pub weights: Vec<f32>,
    /// Whether a class is in the softmax and may be predicted. A scored class without a label is not.
    pub competes: Vec<bool>,
}

/// Derives the terms from label counts.
pub struct Weighting {
    kind: ClassWeights,
    scored: Vec<bool>,
}

impl ClassTerms {
    /// Classes that all compete and weigh the same.
    pub fn equal(classes: usize) -> Self {
        Self { weights: vec![1.0; classes], competes: vec![true; classes] }
    }

    /// What the loss needs to know of a batch with these class indices.
    pub fn targets<'a>(&'a self, indices: &'a [u8]) -> Targets<'a> {
        Targets { indices, class_weights: &self.weights, competes: &self.competes }
    }

    /// The terms for pseudo-labels that tell these classes apart. The weights make up for how labels are spread over the classes, so
    /// they do not concern pseudo-labels; a class that those do not know does not compete there.
    pub fn of_pseudo_labels(&self, classes: &[u8]) -> Self {
        let knows = |(class, competes): (usize, &bool)| *competes && classes.iter().any(|of| usize::from(*of) == class);
        let competes = self.competes.iter().enumerate().map(knows).collect();
        Self { weights: vec![1.0; self.weights.len()], competes }
    }
}

impl Weighting {
    /// Weights of this kind for these classes.
    pub fn new(kind: ClassWeights, classes: &Classes) -> Self {
        Self { kind, scored: classes.iter().map(|class| !class.ignored).collect() }
    }

    /// Whether the labels of every tile have to be counted.
    pub fn needs_counts(&self) -> bool {
        self.kind.follow_labels()
    }

    /// The terms for labels of which there are `totals` of each class. Without any label all classes compete.
    pub fn terms(&self, totals: &[u64]) -> ClassTerms {
        let has_labels = |class: usize| totals.get(class).is_some_and(|n| *n > 0);
        let any = (0..self.scored.len()).any(has_labels);
        // Ignored classes never have a label. They stay in the softmax, where they always were.
        let competes = (0..self.scored.len()).map(|class| !any || !self.scored[class] || has_labels(class)).collect();
        ClassTerms { weights: self.weights(totals), competes }
    }

    /// A weight per class; 0 for ignored classes.
    fn weights(&self, totals: &[u64]) -> Vec<f32> {
        let mut weights = match &self.kind {
            ClassWeights::Given(weights) => weights.clone(),
            kind => kind.of_labels(totals).unwrap_or_else(|| vec![1.0; self.scored.len()]),
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
        let weighting = Weighting::new(ClassWeights::Inverse, &Classes::deepglobe());
        assert_eq!(weighting.terms(&[10, 10, 0, 0, 0, 0, 0]).weights, [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let weights = weighting.terms(&[30, 10, 0, 0, 0, 0, 0]).weights;
        assert!((weights[1] / weights[0] - 3.0).abs() < 1e-6, "{weights:?}");
    }

    #[test]
    fn ignored_classes_weigh_nothing_whatever_is_given() {
        let given = Weighting::new(ClassWeights::Given(vec![2.0; 7]), &Classes::deepglobe());
        assert_eq!(given.terms(&[1; 7]).weights, [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.0]);
    }

    #[test]
    fn pseudo_labels_weigh_alike_among_the_classes_that_they_and_the_labels_know() {
        let labels = ClassTerms { weights: vec![0.5, 2.0, 1.0, 0.0], competes: vec![true, true, false, true] };
        let want = ClassTerms { weights: vec![1.0; 4], competes: vec![false, true, false, false] };
        assert_eq!(labels.of_pseudo_labels(&[1, 2]), want);
    }

    #[test]
    fn scored_classes_without_a_label_do_not_compete() {
        let weighting = Weighting::new(ClassWeights::None, &Classes::deepglobe());
        let competes = |totals: [u64; 7]| weighting.terms(&totals).competes;
        assert_eq!(competes([3, 0, 1, 0, 0, 0, 0]), [true, false, true, false, false, false, true]);
        assert_eq!(competes([0; 7]), [true; 7], "there is nothing to choose from yet");
        assert_eq!(
            weighting.terms(&[1, 1, 1, 1, 1, 1, 0]),
            ClassTerms { weights: weighting.weights(&[]), competes: vec![true; 7] }
        );
    }
}
