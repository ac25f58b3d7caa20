//! Gated conditional random field. [`GatedCrf`] has the formula.

use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::{AvgPoolOptions, PadMode};
use burn::tensor::{Device, Tensor, TensorData, activation};

use super::competition::without_absent;
use crate::domain::config::TrainConfig;
use crate::kernels::flex;
use crate::kernels::loss::{GatedCrf, Scene};

/// The side of a cell in pixels. A sixteenth of the pairs of pixels is left, and edges keep their place to a pixel.
const GRID: usize = 2;
/// Neighbours need not agree in the first of so many parts of a run: the first predictions are noise.
const STARTS_AFTER: u64 = 200;

/// The gated CRF of a configuration and its weight; `None` if the loss has none.
pub fn crf_of(config: &TrainConfig) -> Option<(GatedCrf, f64)> {
    let (radius, sigma_xy, sigma_rgb) = (config.crf_radius as usize, config.crf_sigma_xy, config.crf_sigma_rgb);
    (config.loss.gated_crf > 0.0)
        .then_some((GatedCrf { radius, sigma_xy, sigma_rgb, grid: GRID }, config.loss.gated_crf))
}

/// Whether neighbours have to agree in the step after `step` steps, of a run of `total`: not in the first 0.5 %.
pub fn crf_has_begun(step: u64, total: u64) -> bool {
    step.saturating_mul(STARTS_AFTER) >= total
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
    let ([batch, _, height, width], device) = (logits.dims(), logits.device());
    let counts: Vec<f32> =
        crf.cells(scene.exists, [height, width]).into_iter().map(|counts| f32::from(u8::from(counts))).collect();
    let share = crf.area() as f64 / f64::from(counts.iter().sum::<f32>().max(1.0));
    let probabilities = pooled(activation::softmax(without_absent(logits, scene.competes), 1), crf.grid);
    let colours = from_values(scene.colours.to_vec(), [batch, 3, height, width], &device);
    let counts = from_values(counts, [batch, 1, height / crf.grid, width / crf.grid], &device);
    let shown = Neighbourhood { colours: pooled(colours, crf.grid), counts };
    let [total, messages] = shown.messages(probabilities.clone().detach(), crf);
    let agreement = (probabilities * messages).sum();
    let missing = total.sum() + agreement.clone().detach();
    (agreement * -2.0 + missing) * share
}

fn from_values(values: Vec<f32>, shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Means over cells. Pixels that fill none are left out.
fn pooled(pixels: Tensor<4>, grid: usize) -> Tensor<4> {
    avg_pool2d(pixels, AvgPoolOptions::new([grid; 2]))
}

/// What decides how much cells have to agree.
struct Neighbourhood {
    /// `[batch, 3, height, width]` of the grid.
    colours: Tensor<4>,
    /// 1 for cells that count, else 0: `[batch, 1, height, width]` of the grid.
    counts: Tensor<4>,
}

impl Neighbourhood {
    /// For each cell i that counts, Σ_j K_ij and Σ_j K_ij p_j; 0 for the others. Tracks no gradients.
    ///
    /// # Shapes
    /// - `probabilities` and the second result: `[batch, classes, height, width]` of the grid
    /// - first result: `[batch, 1, height, width]` of the grid
    fn messages(&self, probabilities: Tensor<4>, crf: &GatedCrf) -> [Tensor<4>; 2] {
        let ([batch, classes, height, width], device) = (probabilities.dims(), probabilities.device());
        let (reach, [by_distance, by_colour]) = (crf.reach(), crf.factors().map(f64::from));
        let padded = |tensor: &Tensor<4>| tensor.clone().pad((reach, reach, reach, reach), PadMode::Constant(0.0));
        let [all_probabilities, all_colours, all_counts] = [&probabilities, &self.colours, &self.counts].map(padded);
        let mut total = Tensor::<4>::zeros([batch, 1, height, width], &device);
        let mut messages = Tensor::<4>::zeros([batch, classes, height, width], &device);
        for (down, right) in (0..=2 * reach).flat_map(|down| (0..=2 * reach).map(move |right| (down, right))) {
            if (down, right) == (reach, reach) {
                continue;
            }
            let there = |all: &Tensor<4>, planes: usize| {
                all.clone().slice([0..batch, 0..planes, down..down + height, right..right + width])
            };
            let difference = self.colours.clone() - there(&all_colours, 3);
            let distance = (down.abs_diff(reach).pow(2) + right.abs_diff(reach).pow(2)) as f64;
            let exponent = (difference.clone() * difference).sum_dim(1) * by_colour + by_distance * distance;
            let kernel = exponent.exp() * there(&all_counts, 1);
            total = total + kernel.clone();
            messages = messages + kernel * there(&all_probabilities, classes);
        }
        [total * self.counts.clone(), messages * self.counts.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hash::Stream;
    use crate::kernels::loss::Labels as Targets;
    use crate::train::loss::probe::{assert_close, assert_same_gradient, by};

    /// Pixel by pixel, and on a coarse grid that leaves a rest of the batch over.
    const CRFS: [GatedCrf; 2] = [
        GatedCrf { radius: 3, sigma_xy: 2.0, sigma_rgb: 0.5, grid: 1 },
        GatedCrf { radius: 4, sigma_xy: 4.0, sigma_rgb: 0.5, grid: 2 },
    ];

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
        let cases = [[true; 4], [true, false, true, true]].into_iter().flat_map(|all| CRFS.map(|crf| (all, crf)));
        for (competes, crf) in cases {
            let scene = Scene { colours: &colours, exists: &exists, competes: &competes };
            let (ours, gradient) = by(|logits, _| gated_crf(logits, scene, &crf) * 2.0, &logits, shape, nothing);
            let (burns, its_gradient) = by(|logits, _| by_burn(logits, scene, &crf) * 2.0, &logits, shape, nothing);
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
            let (loss, gradient) = by(|logits, _| compute(logits, scene, &CRFS[1]), &logits, [1, 2, 4, 4], nothing);
            assert!(loss == 0.0 && gradient.iter().all(|value| *value == 0.0), "{loss}");
        }
    }

    #[test]
    fn a_configuration_has_the_published_numbers_once_it_is_on() {
        let mut config = TrainConfig::default();
        assert_eq!(crf_of(&config), None);
        config.loss.gated_crf = 0.1;
        assert_eq!(crf_of(&config), Some((GatedCrf { radius: 5, sigma_xy: 6.0, sigma_rgb: 0.1, grid: 2 }, 0.1)));
    }

    #[test]
    fn neighbours_need_not_agree_in_the_first_half_percent() {
        assert_eq!([0, 4, 5, 999].map(|step| crf_has_begun(step, 1000)), [false, false, true, true]);
        assert_eq!([0, 1].map(|step| crf_has_begun(step, 20)), [false, true], "at least one step");
        assert_eq!([1, 2].map(|step| crf_has_begun(step, 201)), [false, true], "no step of them counts in part");
    }
}
