//! Multinomial logistic regression: the minimum of ½‖W‖² + C·Σ w·CE, intercepts free.

use super::lbfgs::{Stop, minimize};
use crate::kernels::matrix::{Layout, multiply};

/// C: the weight of a sample's cross-entropy against the penalty.
const SAMPLE_WEIGHT: f32 = 0.01;
/// Further iterations change no pixel that one would notice.
const STOP: Stop = Stop { iterations: 100, tolerance: 1e-4 };

/// Scaled features and the class of each sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Samples<'a> {
    /// `[samples, features]`
    pub(super) features: &'a [f32],
    /// From 0 to `classes - 1`.
    pub(super) labels: &'a [u8],
    /// How much each sample counts.
    pub(super) weights: &'a [f32],
}

/// Weights `[classes, features]`, followed by an intercept per class.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Linear {
    classes: usize,
    features: usize,
    values: Vec<f32>,
}

impl Linear {
    /// `values`: weights `[classes, features]`, followed by an intercept per class.
    pub(super) fn new(classes: usize, features: usize, values: Vec<f32>) -> Self {
        debug_assert_eq!(values.len(), classes * (features + 1), "weights and intercepts");
        Self { classes, features, values }
    }

    pub(super) fn zeros(classes: usize, features: usize) -> Self {
        Self::new(classes, features, vec![0.0; classes * (features + 1)])
    }

    pub(super) fn classes(&self) -> usize {
        self.classes
    }

    pub(super) fn features(&self) -> usize {
        self.features
    }

    /// `[classes, features]`
    pub(super) fn weights(&self) -> &[f32] {
        &self.values[..self.classes * self.features]
    }

    /// One per class.
    pub(super) fn intercepts(&self) -> &[f32] {
        &self.values[self.classes * self.features..]
    }

    /// Goes on from the present weights to those that fit the samples.
    pub(super) fn fit(&mut self, samples: &Samples<'_>) {
        let (classes, features) = (self.classes, self.features);
        let mut logits = vec![0.0; samples.labels.len() * classes];
        minimize(&mut self.values, STOP, |at, gradient| {
            objective(samples, [classes, features], at, gradient, &mut logits)
        });
    }
}

impl Linear {
    /// Probabilities of the classes for scaled features `[samples, features]`: `[samples, classes]`.
    pub(super) fn probabilities(&self, features: &[f32]) -> Vec<f32> {
        let count = features.len() / self.features.max(1);
        let mut logits = vec![0.0; count * self.classes];
        let of_weights = Layout::row_major(self.classes, self.features);
        let inputs = (features, Layout::row_major(count, self.features));
        let of_logits = Layout::row_major(count, self.classes);
        multiply((&mut logits, of_logits), inputs, (self.weights(), of_weights.transposed()), false);
        for logits in logits.chunks_mut(self.classes) {
            logits.iter_mut().zip(self.intercepts()).for_each(|(logit, intercept)| *logit += intercept);
            softmax(logits);
        }
        logits
    }
}

/// The value at `at`; its gradient is written. `logits` is workspace, `[samples, classes]`.
fn objective(
    samples: &Samples<'_>,
    [classes, features]: [usize; 2],
    at: &[f32],
    gradient: &mut [f32],
    logits: &mut [f32],
) -> f32 {
    let count = samples.labels.len();
    let (weights, intercepts) = at.split_at(classes * features);
    let (to_weights, to_intercepts) = gradient.split_at_mut(classes * features);
    let of_weights = Layout::row_major(classes, features);
    let of_logits = Layout::row_major(count, classes);
    let inputs = (samples.features, Layout::row_major(count, features));
    multiply((logits, of_logits), inputs, (weights, of_weights.transposed()), false);
    to_intercepts.fill(0.0);
    let mut loss = 0.0;
    for ((logits, &label), &weight) in logits.chunks_mut(classes).zip(samples.labels).zip(samples.weights) {
        logits.iter_mut().zip(intercepts).for_each(|(logit, intercept)| *logit += intercept);
        loss += f64::from(weight * cross_entropy(logits, usize::from(label)));
        for (gradient, sum) in logits.iter_mut().zip(&mut *to_intercepts) {
            *gradient *= weight * SAMPLE_WEIGHT;
            *sum += *gradient;
        }
    }
    to_weights.copy_from_slice(weights);
    multiply((to_weights, of_weights), (logits, of_logits.transposed()), inputs, true);
    let penalty: f64 = weights.iter().map(|&weight| f64::from(weight) * f64::from(weight)).sum();
    (0.5 * penalty + f64::from(SAMPLE_WEIGHT) * loss) as f32
}

/// The cross-entropy of a sample; its logits become the gradient.
fn cross_entropy(logits: &mut [f32], label: usize) -> f32 {
    let of_label = logits[label];
    let log_sum = softmax(logits);
    logits[label] -= 1.0;
    log_sum - of_label
}

/// Turns the logits of a sample into probabilities. Returns the logarithm of Σ exp.
fn softmax(logits: &mut [f32]) -> f32 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    logits.iter_mut().for_each(|logit| *logit = (*logit - largest).exp());
    let sum: f32 = logits.iter().sum();
    logits.iter_mut().for_each(|value| *value /= sum);
    sum.ln() + largest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference: scikit-learn 1.9, `LogisticRegression(C=0.01, tol=1e-10)` on the same samples.
    #[test]
    fn weights_are_those_of_scikit_learn() {
        let mut features = Vec::new();
        let mut labels = Vec::new();
        for i in 0..60_u32 {
            let class = i % 3;
            let value = |k: u32| ((i * 7919 + k * 104_729) % 101) as f32 / 50.0 - 1.0;
            features.extend([value(1) + class as f32, value(2) - (class == 1) as u32 as f32, value(3)]);
            labels.push(class as u8);
        }
        let mut linear = Linear::zeros(3, 3);
        linear.fit(&Samples { features: &features, labels: &labels, weights: &[1.0; 60] });
        let want = WEIGHTS.iter().chain(&INTERCEPTS);
        for (got, want) in linear.values.iter().zip(want) {
            assert!((got - want).abs() < 2e-3, "{:?}", linear.values);
        }
    }

    const WEIGHTS: [f32; 9] =
        [-0.169548, 0.061617, 0.015013, 0.003352, -0.118863, -0.012506, 0.166195, 0.057246, -0.002507];
    const INTERCEPTS: [f32; 3] = [0.185651, -0.03081, -0.154841];

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let features: Vec<f32> = (0..10).map(|i| ((i * 37) % 11) as f32 / 5.0 - 1.0).collect();
        let weights = [1.0, 2.0, 0.5, 1.0, 3.0];
        let samples = Samples { features: &features, labels: &[0, 1, 2, 1, 0], weights: &weights };
        let at: Vec<f32> = (0..9).map(|i| (i as f32 - 4.0) / 10.0).collect();
        let (mut gradient, mut other, mut logits) = (vec![0.0; 9], vec![0.0; 9], vec![0.0; 15]);
        objective(&samples, [3, 2], &at, &mut gradient, &mut logits);
        for i in 0..at.len() {
            let mut value_at = |shift: f32| {
                let mut moved = at.clone();
                moved[i] += shift;
                objective(&samples, [3, 2], &moved, &mut other, &mut logits)
            };
            let slope = (value_at(0.01) - value_at(-0.01)) / 0.02;
            assert!((slope - gradient[i]).abs() < 2e-4, "{i}: {slope} {}", gradient[i]);
        }
    }
}
