//! Gated conditional random field. [`GatedCrf`] has the formula.

use burn::tensor::ops::PadMode;
use burn::tensor::{Tensor, TensorData, activation};

use super::competition::without_absent;
use crate::domain::config::TrainConfig;
use crate::kernels::flex;
use crate::kernels::loss::{GatedCrf, Scene};

/// The gated CRF of a configuration and its weight; `None` if the loss has none.
pub fn crf_of(config: &TrainConfig) -> Option<(GatedCrf, f64)> {
    let (radius, sigma_xy, sigma_rgb) = (config.crf_radius as usize, config.crf_sigma_xy, config.crf_sigma_rgb);
    (config.loss.gated_crf > 0.0).then_some((GatedCrf { radius, sigma_xy, sigma_rgb }, config.loss.gated_crf))
}

/// The loss of a batch; 0 where nothing exists.
///
/// # Shapes
/// - `logits`: `[batch, classes, height, width]`
/// - result: `[1]`
pub fn gated_crf(logits: Tensor<4>, scene: Scene<'_>, crf: &GatedCrf) -> Tensor<1> {
    let on_cpu = flex::gated_crf(&logits, scene, crf);
    on_cpu.unwrap_or_else(|| by_burn(logits, scene, crf))
}

/// The same with Burn's operators, on any device.
///
/// Autodiff would keep the tensors of every neighbour. The gradient of −2/D Σ_i p_i m_i, with m_i = Σ_j K_ij p_j held fixed, is that of
/// the loss, since K is symmetric; what is missing to its value has no gradient.
fn by_burn(logits: Tensor<4>, scene: Scene<'_>, crf: &GatedCrf) -> Tensor<1> {
    let probabilities = activation::softmax(without_absent(logits, scene.competes), 1);
    let [total, messages] = neighbours(probabilities.clone().detach(), scene, crf);
    let agreement = (probabilities * messages).sum();
    let missing = total.sum() + agreement.clone().detach();
    (agreement * -2.0 + missing) / scene.existing().max(1) as f64
}

/// For each pixel i that exists, Σ_j K_ij and Σ_j K_ij p_j; 0 for the others. Tracks no gradients.
///
/// # Shapes
/// - `probabilities` and the second result: `[batch, classes, height, width]`
/// - first result: `[batch, 1, height, width]`
fn neighbours(probabilities: Tensor<4>, scene: Scene<'_>, crf: &GatedCrf) -> [Tensor<4>; 2] {
    let ([batch, classes, height, width], device) = (probabilities.dims(), probabilities.device());
    let (radius, [by_distance, by_colour]) = (crf.radius, crf.factors().map(f64::from));
    let colours = TensorData::new(scene.colours.to_vec(), [batch, 3, height, width]);
    let exists: Vec<f32> = scene.exists.iter().map(|exists| f32::from(u8::from(*exists))).collect();
    let colours = Tensor::<4>::from_data(colours, &device);
    let exists = Tensor::<4>::from_data(TensorData::new(exists, [batch, 1, height, width]), &device);
    let padded = |tensor: &Tensor<4>| tensor.clone().pad((radius, radius, radius, radius), PadMode::Constant(0.0));
    let [all_probabilities, all_colours, all_existing] = [&probabilities, &colours, &exists].map(padded);
    let mut total = Tensor::<4>::zeros([batch, 1, height, width], &device);
    let mut messages = Tensor::<4>::zeros([batch, classes, height, width], &device);
    for (down, right) in (0..=2 * radius).flat_map(|down| (0..=2 * radius).map(move |right| (down, right))) {
        if (down, right) == (radius, radius) {
            continue;
        }
        let there = |all: &Tensor<4>, planes: usize| {
            all.clone().slice([0..batch, 0..planes, down..down + height, right..right + width])
        };
        let difference = colours.clone() - there(&all_colours, 3);
        let distance = (down.abs_diff(radius).pow(2) + right.abs_diff(radius).pow(2)) as f64;
        let exponent = (difference.clone() * difference).sum_dim(1) * by_colour + by_distance * distance;
        let kernel = exponent.exp() * there(&all_existing, 1);
        total = total + kernel.clone();
        messages = messages + kernel * there(&all_probabilities, classes);
    }
    [total * exists.clone(), messages * exists]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hash::Stream;
    use crate::kernels::loss::Labels as Targets;
    use crate::train::loss::probe::{assert_close, assert_same_gradient, by};

    const CRF: GatedCrf = GatedCrf { radius: 3, sigma_xy: 2.0, sigma_rgb: 0.5 };

    /// Logits, colours and which pixels exist.
    fn batch([count, classes, height, width]: [usize; 4]) -> (Vec<f32>, Vec<f32>, Vec<bool>) {
        let mut random = Stream::new(5);
        let area = count * height * width;
        let logits = (0..classes * area).map(|_| 4.0 * random.unit() - 2.0).collect();
        let colours = (0..3 * area).map(|_| random.unit()).collect();
        (logits, colours, (0..area).map(|_| random.below(5) > 0).collect())
    }

    #[test]
    fn burns_operators_give_the_same_loss_and_gradient() {
        let shape = [2, 4, 9, 13];
        let (logits, colours, exists) = batch(shape);
        let nothing = Targets { indices: &[], class_weights: &[], competes: &[] };
        for competes in [[true; 4], [true, false, true, true]] {
            let scene = Scene { colours: &colours, exists: &exists, competes: &competes };
            let (ours, gradient) = by(|logits, _| gated_crf(logits, scene, &CRF) * 2.0, &logits, shape, nothing);
            let (burns, its_gradient) = by(|logits, _| by_burn(logits, scene, &CRF) * 2.0, &logits, shape, nothing);
            assert!(ours > 0.1, "{ours}");
            assert_close(&[ours], &[f64::from(burns)]);
            assert_same_gradient(&gradient, &its_gradient.into_iter().map(f64::from).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_batch_of_which_nothing_exists_has_no_loss() {
        let (logits, colours, _) = batch([1, 2, 4, 4]);
        let scene = Scene { colours: &colours, exists: &[false; 16], competes: &[true; 2] };
        let nothing = Targets { indices: &[], class_weights: &[], competes: &[] };
        for compute in [gated_crf, by_burn] {
            let (loss, gradient) = by(|logits, _| compute(logits, scene, &CRF), &logits, [1, 2, 4, 4], nothing);
            assert!(loss == 0.0 && gradient.iter().all(|value| *value == 0.0), "{loss}");
        }
    }

    #[test]
    fn a_configuration_has_the_published_numbers_once_it_is_on() {
        let mut config = TrainConfig::default();
        assert_eq!(crf_of(&config), None);
        config.loss.gated_crf = 0.1;
        assert_eq!(crf_of(&config), Some((GatedCrf { radius: 5, sigma_xy: 6.0, sigma_rgb: 0.1 }, 0.1)));
    }
}
