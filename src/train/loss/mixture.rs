//! A weighted sum of losses over the labelled pixels. [`Mixture`] has the formulas.

use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use super::competition::without_absent;
use super::cross_entropy::partial_cross_entropy;
use crate::domain::config::TrainConfig;
use crate::kernels::flex;
use crate::kernels::loss::terms::{ERROR_EPSILON, ERROR_WEIGHT};
use crate::kernels::loss::{Labels as Targets, Mixture};

/// The smallest 1 − p of the focal loss: below γ = 1 the slope of its power has no limit at 0.
const LEAST: f32 = 1e-7;

/// The loss of a configuration.
pub fn terms_of(config: &TrainConfig) -> Mixture {
    let TrainConfig { loss, label_smoothing, focal_gamma, .. } = *config;
    Mixture {
        cross_entropy: loss.cross_entropy,
        label_smoothing: if loss.cross_entropy > 0.0 { label_smoothing } else { 0.0 },
        focal: loss.focal,
        focal_gamma,
        dice: loss.dice,
        jaccard: loss.jaccard,
        error_dice: loss.error_dice,
    }
}

/// The loss of a batch.
///
/// # Shapes
/// - `logits`: `[batch, classes, height, width]`
/// - result: `[1]`
pub fn mixture(logits: Tensor<4>, targets: Targets<'_>, terms: &Mixture) -> Tensor<1> {
    if terms.is_plain_cross_entropy() {
        return partial_cross_entropy(logits, targets) * terms.cross_entropy;
    }
    let on_cpu = flex::loss_mixture(&logits, targets, terms);
    on_cpu.unwrap_or_else(|| by_burn(logits, targets, terms))
}

/// The same with Burn's operators, on any device.
fn by_burn(logits: Tensor<4>, targets: Targets<'_>, terms: &Mixture) -> Tensor<1> {
    let seen = Seen::new(logits, targets);
    let mut loss = seen.cross_entropy(targets, terms.label_smoothing) * terms.cross_entropy;
    if terms.focal > 0.0 {
        loss = loss + seen.focal(terms.focal_gamma) * terms.focal;
    }
    if terms.dice > 0.0 {
        loss = loss + seen.mean_over_present(seen.dice(seen.labelled.clone(), 0.0)) * terms.dice;
    }
    if terms.jaccard > 0.0 {
        loss = loss + seen.mean_over_present(seen.jaccard()) * terms.jaccard;
    }
    if terms.error_dice > 0.0 {
        let counts = seen.labelled.clone() * (seen.wrong() * (ERROR_WEIGHT - 1.0) + 1.0);
        loss = loss + seen.mean_over_present(seen.dice(counts, ERROR_EPSILON)) * terms.error_dice;
    }
    loss
}

/// A batch as the terms see it.
struct Seen {
    /// Logarithms of the probabilities: `[batch, classes, height, width]`, as `probabilities`.
    log_probabilities: Tensor<4>,
    probabilities: Tensor<4>,
    /// Class of the label, 0 where there is none: `[batch, 1, height, width]`, as the next two.
    classes: Tensor<4, Int>,
    /// Weight of the label over that of all labels, 0 where there is none.
    weights: Tensor<4>,
    /// 1 where there is a label, else 0.
    labelled: Tensor<4>,
    /// 1 for the class of the label, else 0: `[batch, classes, height, width]`.
    onehot: Tensor<4>,
    /// 1 for classes that have a label, else 0: `[1, classes, 1, 1]`.
    present: Tensor<4>,
    /// Number of those, at least 1.
    present_count: f64,
}

impl Seen {
    fn new(logits: Tensor<4>, targets: Targets<'_>) -> Self {
        let ([batch, class_count, height, width], device) = (logits.dims(), logits.device());
        let total = targets.total_weight();
        let divisor = if total > 0.0 { total } else { 1.0 };
        let of_pixels = |value: &dyn Fn(u8) -> f32| -> Tensor<4> {
            let values: Vec<f32> = targets.indices.iter().map(|&index| value(index)).collect();
            Tensor::from_data(TensorData::new(values, [batch, 1, height, width]), &device)
        };
        let is_labelled = |index: u8| targets.weight(index) > 0.0;
        let labelled = of_pixels(&|index| f32::from(u8::from(is_labelled(index))));
        let weights = of_pixels(&|index| (f64::from(targets.weight(index)) / divisor) as f32);
        let classes: Vec<i32> =
            targets.indices.iter().map(|&index| if is_labelled(index) { i32::from(index) } else { 0 }).collect();
        let classes = Tensor::<4, Int>::from_data(TensorData::new(classes, [batch, 1, height, width]), &device);
        let numbers = Tensor::<1, Int>::arange(0..class_count as i64, &device).reshape([1, class_count, 1, 1]);
        let shape = [batch, class_count, height, width];
        let onehot = classes.clone().expand(shape).equal(numbers.expand(shape)).float() * labelled.clone();
        let present: Vec<f32> = present(targets, class_count);
        let present_count = present.iter().map(|&is| f64::from(is)).sum::<f64>().max(1.0);
        let log_probabilities = activation::log_softmax(without_absent(logits, targets.competes), 1);
        let probabilities = log_probabilities.clone().exp();
        let present = by_class(&present, &device);
        Self { log_probabilities, probabilities, classes, weights, labelled, onehot, present, present_count }
    }

    fn log_likelihood(&self) -> Tensor<4> {
        self.log_probabilities.clone().gather(1, self.classes.clone())
    }

    fn cross_entropy(&self, targets: Targets<'_>, smoothing: f64) -> Tensor<1> {
        let own = (self.log_likelihood() * self.weights.clone()).sum() * (smoothing - 1.0);
        if smoothing == 0.0 {
            return own;
        }
        let competing = targets.competes.iter().filter(|competes| **competes).count() as f64;
        let total = targets.total_weight();
        let factor = if total > 0.0 { -smoothing / (competing * total) } else { 0.0 };
        let class_weights: Vec<f32> = (0..targets.competes.len()).map(|class| targets.weight(class as u8)).collect();
        let class_weights = by_class(&class_weights, &self.labelled.device());
        let all = self.log_probabilities.clone() * class_weights * self.labelled.clone();
        own + all.sum() * factor
    }

    fn focal(&self, gamma: f64) -> Tensor<1> {
        let log_likelihood = self.log_likelihood();
        let others = (log_likelihood.clone().exp() * -1.0 + 1.0).clamp_min(LEAST);
        (others.powf_scalar(gamma) * log_likelihood * self.weights.clone()).sum().neg()
    }

    /// 1 where another class is more probable than that of the label, else 0.
    fn wrong(&self) -> Tensor<4> {
        self.probabilities.clone().argmax(1).not_equal(self.classes.clone()).float()
    }

    /// `1 − (2·common + ε) / (predicted + labelled + ε)` by class, each pixel as often as it counts.
    fn dice(&self, counts: Tensor<4>, epsilon: f64) -> Tensor<4> {
        let common = over_pixels(self.probabilities.clone() * self.onehot.clone() * counts.clone());
        let predicted = over_pixels(self.probabilities.clone() * counts.clone());
        let labelled = over_pixels(self.onehot.clone() * counts);
        let quotient = (common * 2.0 + epsilon) / self.never_zero(predicted + labelled + epsilon);
        quotient * -1.0 + 1.0
    }

    /// `1 − common / (predicted + labelled − common)` by class.
    fn jaccard(&self) -> Tensor<4> {
        let common = over_pixels(self.probabilities.clone() * self.onehot.clone());
        let predicted = over_pixels(self.probabilities.clone() * self.labelled.clone());
        let labelled = over_pixels(self.onehot.clone());
        let quotient = common.clone() / self.never_zero(predicted + labelled - common);
        quotient * -1.0 + 1.0
    }

    /// A divisor that is not 0 for classes without a label either. They do not count.
    fn never_zero(&self, divisor: Tensor<4>) -> Tensor<4> {
        divisor - self.present.clone() + 1.0
    }

    fn mean_over_present(&self, by_class: Tensor<4>) -> Tensor<1> {
        (by_class * self.present.clone()).sum() / self.present_count
    }
}

/// 1 for each class that has a label, else 0.
fn present(targets: Targets<'_>, classes: usize) -> Vec<f32> {
    let mut present = vec![0.0; classes];
    targets
        .indices
        .iter()
        .filter(|index| targets.weight(**index) > 0.0)
        .for_each(|&index| present[usize::from(index)] = 1.0);
    present
}

/// A value for each class: `[1, classes, 1, 1]`.
fn by_class(values: &[f32], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), [1, values.len(), 1, 1]), device)
}

/// Sums over all pixels of the batch: `[1, classes, 1, 1]`.
fn over_pixels(values: Tensor<4>) -> Tensor<4> {
    values.sum_dim(0).sum_dim(2).sum_dim(3)
}

#[cfg(test)]
mod tests;
