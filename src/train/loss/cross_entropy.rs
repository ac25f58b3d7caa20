//! Partial cross-entropy: cross-entropy over the labelled pixels alone.
//!
//! `L = Σ_{i∈Ω} w_{y_i}·(−log p_i(y_i)) / Σ_{i∈Ω} w_{y_i}` over the labelled pixels Ω of the batch, which equals PyTorch's
//! `cross_entropy(weight=w, ignore_index=…)`. An empty Ω gives 0 and zero gradients. Dividing by all pixels instead would
//! shrink the gradient with the label density.

use burn::tensor::{Int, Tensor, TensorData, activation};

use super::competition::without_absent;
use crate::kernels::flex;
use crate::kernels::loss::Labels as Targets;

/// Partial cross-entropy of a batch.
///
/// # Shapes
/// - `logits`: `[batch, classes, height, width]`
/// - result: `[1]`
pub fn partial_cross_entropy(logits: Tensor<4>, targets: Targets<'_>) -> Tensor<1> {
    let on_cpu = flex::partial_cross_entropy(&logits, targets);
    on_cpu.unwrap_or_else(|| by_burn(logits, targets))
}

/// The same with Burn's operators, on any device.
pub(super) fn by_burn(logits: Tensor<4>, targets: Targets<'_>) -> Tensor<1> {
    let weights: Vec<f32> = targets.indices.iter().map(|&index| targets.weight(index)).collect();
    let classes = targets.indices.iter().zip(&weights).map(|(&index, &w)| if w > 0.0 { i32::from(index) } else { 0 });
    let classes: Vec<i32> = classes.collect();
    let total_weight = targets.total_weight() as f32;
    let [batch, _, height, width] = logits.dims();
    let (shape, device) = ([batch, 1, height, width], logits.device());
    let classes = Tensor::<4, Int>::from_data(TensorData::new(classes, shape), &device);
    let weights = Tensor::from_data(TensorData::new(weights, shape), &device);
    let log_likelihood = activation::log_softmax(without_absent(logits, targets.competes), 1).gather(1, classes);
    // Without a labelled pixel the sum is 0, and must not be divided by 0.
    let divisor = if total_weight > 0.0 { total_weight } else { 1.0 };
    (log_likelihood * weights).sum().div_scalar(-divisor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::loss::probe::{assert_close, assert_same_gradient, by};

    /// Loss and gradient of the logits by our operator, checked against Burn's.
    fn loss(logits: &[f32], shape: [usize; 4], indices: &[u8], class_weights: &[f32]) -> (f32, Vec<f32>) {
        among(logits, shape, indices, class_weights, &vec![true; class_weights.len()])
    }

    /// The same among the classes that compete.
    fn among(
        logits: &[f32],
        shape: [usize; 4],
        indices: &[u8],
        class_weights: &[f32],
        competes: &[bool],
    ) -> (f32, Vec<f32>) {
        let targets = Targets { indices, class_weights, competes };
        let (value, gradient) = by(partial_cross_entropy, logits, shape, targets);
        let (burns_value, burns_gradient) = by(by_burn, logits, shape, targets);
        assert_close(&[value], &[f64::from(burns_value)]);
        assert_same_gradient(&gradient, &burns_gradient.into_iter().map(f64::from).collect::<Vec<_>>());
        (value, gradient)
    }

    #[test]
    fn a_scaled_loss_has_a_scaled_gradient() {
        let (indices, class_weights) = ([0, 255, 1], [1.0, 2.0]);
        let targets = Targets { indices: &indices, class_weights: &class_weights, competes: &[true; 2] };
        let (logits, shape) = ([0.3, -1.0, 2.0, 0.1, 5.0, -4.0], [1, 2, 1, 3]);
        let (_, gradient) = by(partial_cross_entropy, &logits, shape, targets);
        let (_, tripled) = by(|logits, targets| partial_cross_entropy(logits, targets) * 3.0, &logits, shape, targets);
        assert_close(&tripled, &gradient.iter().map(|&value| 3.0 * f64::from(value)).collect::<Vec<_>>());
    }

    #[test]
    fn a_nan_logit_makes_the_loss_nan() {
        let (value, _) = loss_of_nan();
        assert!(value.is_nan());
    }

    fn loss_of_nan() -> (f32, Vec<f32>) {
        let targets = Targets { indices: &[0], class_weights: &[1.0, 1.0], competes: &[true; 2] };
        by(partial_cross_entropy, &[1.0, f32::NAN], [1, 2, 1, 1], targets)
    }

    #[test]
    fn hand_computed_case() {
        // Two pixels, two classes, channel-major: pixel A has logits (0, 0), pixel B (0, ln 3).
        let ln3 = 3.0_f32.ln();
        let (value, gradient) = loss(&[0.0, 0.0, 0.0, ln3], [1, 2, 1, 2], &[0, 1], &[1.0, 1.0]);
        // −log ½ and −log ¾, averaged.
        assert_close(&[value], &[(2.0_f64.ln() + (4.0_f64 / 3.0).ln()) / 2.0]);
        // (p − onehot) / 2.
        assert_close(&gradient, &[-0.25, 0.125, 0.25, -0.125]);
    }

    /// Reference: PyTorch 2.15, `cross_entropy(x, t, weight=w, ignore_index=255)` in double precision, and its gradient.
    #[test]
    fn equals_pytorch_with_weights_and_ignored_pixels() {
        let logits = [
            -2.56, -2.61, 2.33, 0.6, -1.37, 2.79, 1.27, -1.97, -2.03, 1.83, -1.99, -0.34, //
            -1.44, 0.99, 1.78, -1.24, 1.56, 1.68, -1.06, -2.67, 0.26, -1.81, -1.09, -0.46,
        ];
        let indices = [0, 255, 2, 1, 255, 255, 1, 1];
        let (value, gradient) = loss(&logits, [2, 3, 2, 2], &indices, &[0.5, 1.25, 2.0]);
        assert_close(&[value], &[3.336_324_842_618_115]);
        let want = [
            -0.06663551,
            0.0,
            0.23533639,
            0.13631747,
            0.04393015,
            0.0,
            0.08153366,
            -0.18956687,
            0.02270536,
            0.0,
            -0.31687005,
            0.0532494,
            0.0,
            0.0,
            0.17935216,
            0.05846618,
            0.0,
            0.0,
            -0.18952123,
            -0.18600852,
            0.0,
            0.0,
            0.01016907,
            0.12754235,
        ];
        assert_close(&gradient, &want);
    }

    #[test]
    fn unlabelled_pixels_get_exactly_zero_gradient() {
        let logits = [0.3, -1.0, 2.0, 0.1, 5.0, -4.0];
        let (_, gradient) = loss(&logits, [1, 2, 1, 3], &[255, 1, 255], &[1.0, 1.0]);
        for pixel in [0, 2] {
            for class in 0..2 {
                assert_eq!(gradient[class * 3 + pixel].to_bits() << 1, 0, "pixel {pixel} class {class} must be ±0");
            }
        }
        assert!(gradient[1].abs() > 0.0);
    }

    /// The closed form `w·(softmax − onehot) / Σw`, in double precision, on an image large enough to reach every fast path
    /// of a backend.
    #[test]
    fn the_gradient_is_the_closed_form_on_a_large_sparse_image() {
        let [batch, classes, height, width] = [2, 5, 48, 64];
        let plane = height * width;
        let mut random = crate::domain::hash::Stream::new(7);
        let logits: Vec<f32> = (0..batch * classes * plane).map(|_| random.below(600) as f32 / 100.0 - 3.0).collect();
        let indices: Vec<u8> =
            (0..batch * plane).map(|_| if random.below(20) == 0 { random.below(classes) as u8 } else { 255 }).collect();
        let weights = [0.5, 1.0, 2.0, 0.25, 1.5];
        let (value, gradient) = loss(&logits, [batch, classes, height, width], &indices, &weights);

        let total: f64 = indices.iter().filter(|i| **i < 255).map(|i| f64::from(weights[usize::from(*i)])).sum();
        let (mut want, mut want_value) = (vec![0.0; logits.len()], 0.0);
        for (pixel, &target) in indices.iter().enumerate().filter(|(_, index)| **index < 255) {
            let at = |class: usize| (pixel / plane * classes + class) * plane + pixel % plane;
            let weight = f64::from(weights[usize::from(target)]) / total;
            let sum: f64 = (0..classes).map(|class| f64::from(logits[at(class)]).exp()).sum();
            for class in 0..classes {
                let probability = f64::from(logits[at(class)]).exp() / sum;
                let onehot = f64::from(u8::from(class == usize::from(target)));
                want[at(class)] = weight * (probability - onehot);
                want_value -= onehot * weight * probability.ln();
            }
        }
        assert_close(&[value], &[want_value]);
        assert_same_gradient(&gradient, &want);
    }

    #[test]
    fn a_batch_without_labels_is_zero_and_finite() {
        let (value, gradient) = loss(&[1e4, -1e4, 3.0, 0.0], [1, 2, 1, 2], &[255, 255], &[1.0, 1.0]);
        assert_close(&[value], &[0.0]);
        assert_close(&gradient, &[0.0; 4]);
    }

    #[test]
    fn a_class_of_weight_zero_counts_as_unlabelled() {
        let logits = [0.3, -1.0, 2.0, 0.1];
        let ignored = loss(&logits, [1, 2, 1, 2], &[0, 1], &[1.0, 0.0]);
        let unlabelled = loss(&logits, [1, 2, 1, 2], &[0, 255], &[1.0, 1.0]);
        assert_eq!(ignored, unlabelled);
    }

    #[test]
    fn a_class_that_does_not_compete_is_as_if_it_did_not_exist() {
        let (logits, shape) = ([0.3, -1.0, 2.0, 0.1, 5.0, 0.7, -4.0, 0.2, 9.0], [1, 3, 1, 3]);
        let [first, last] = [[0.3, -1.0, 2.0], [-4.0, 0.2, 9.0]];
        let (value, gradient) = among(&logits, shape, &[0, 2, 255], &[1.0, 9.0, 2.0], &[true, false, true]);
        let (want, of_two) = loss(&[first, last].concat(), [1, 2, 1, 3], &[0, 1, 255], &[1.0, 2.0]);
        assert_close(&[value], &[f64::from(want)]);
        assert_close(&gradient[..3], &of_two[..3].iter().map(|&v| f64::from(v)).collect::<Vec<_>>());
        assert_close(&gradient[6..], &of_two[3..].iter().map(|&v| f64::from(v)).collect::<Vec<_>>());
        assert!(gradient[3..6].iter().all(|value| *value == 0.0), "{gradient:?}");
    }

    #[test]
    fn a_label_of_a_class_that_does_not_compete_is_ignored() {
        let logits = [0.3, -1.0, 2.0, 0.1, 5.0, 0.7];
        let stray = among(&logits, [1, 3, 1, 2], &[0, 1], &[1.0; 3], &[true, false, true]);
        let unlabelled = among(&logits, [1, 3, 1, 2], &[0, 255], &[1.0; 3], &[true, false, true]);
        assert_eq!(stray, unlabelled);
    }
}
