//! Dynamic loss scaling (Micikevicius et al.: "Mixed Precision Training", ICLR 2018).
//!
//! Gradients of activations in f16 are often smaller than the smallest number above 0. The loss is therefore multiplied with a large
//! factor before the backward pass, and the gradients of the weights are divided by it. Where they overflow, the step is skipped.

use burn::module::Module;
use burn::optim::GradientsParams;
use serde::{Deserialize, Serialize};

use super::all_gradients;

/// The factor at the start, and after how many steps without an overflow it doubles: as in PyTorch's `GradScaler`.
const FIRST: f64 = 65_536.0;
const GROWTH_INTERVAL: u32 = 2_000;
/// It grows no further: gradients that are still lost then are too small to matter.
const LARGEST: f64 = 16_777_216.0;

/// The factor of the loss, and what it depends on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossScale {
    factor: f64,
    /// Steps since it changed.
    steps: u32,
    /// Steps that were skipped.
    skipped: u64,
}

impl Default for LossScale {
    fn default() -> Self {
        Self { factor: FIRST, steps: 0, skipped: 0 }
    }
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// The gradients are divided by the factor and can be used.
    Use {
        /// The norm of all of them together, which clipping needs as well.
        norm: f64,
    },
    /// They overflowed: the next step has half the factor.
    Skip,
    /// They overflow whatever the factor.
    Diverged,
}

impl LossScale {
    /// With another factor.
    #[cfg(test)]
    pub(super) fn of(factor: f64) -> Self {
        Self { factor, ..Self::default() }
    }

    /// What the loss is multiplied with.
    pub(super) fn factor(&self) -> f64 {
        self.factor
    }

    /// Whether a run can have saved it.
    pub(super) fn is_sound(&self) -> bool {
        self.factor.is_finite() && self.factor >= 1.0
    }

    /// Steps that were skipped because gradients overflowed.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Divides the gradients by the factor, and chooses that of the next step.
    pub(super) fn unscale<M: Module>(&mut self, gradients: &mut GradientsParams, module: &M) -> Verdict {
        all_gradients::scale(gradients, module, 1.0 / self.factor);
        self.rate(all_gradients::norm(gradients, module))
    }

    fn rate(&mut self, norm: f64) -> Verdict {
        if norm.is_finite() {
            self.steps += 1;
            if self.steps == GROWTH_INTERVAL {
                (self.factor, self.steps) = ((self.factor * 2.0).min(LARGEST), 0);
            }
            return Verdict::Use { norm };
        }
        self.skipped += 1;
        if self.factor <= 1.0 {
            return Verdict::Diverged;
        }
        (self.factor, self.steps) = (self.factor / 2.0, 0);
        Verdict::Skip
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Param;
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[derive(Module, Debug)]
    struct One {
        weights: Param<Tensor<1>>,
    }

    /// The verdict on this gradient, and the gradient afterwards.
    fn unscaled(scale: &mut LossScale, gradient: f32) -> (Verdict, f32) {
        let gradient = Tensor::<1>::from_floats([gradient], &Device::flex());
        let one = One { weights: Param::from_tensor(gradient.zeros_like()) };
        let mut gradients = GradientsParams::new();
        gradients.register(one.weights.id, gradient);
        let verdict = scale.unscale(&mut gradients, &one);
        (verdict, gradients.get::<1>(one.weights.id).expect("kept").into_scalar())
    }

    #[test]
    fn gradients_are_divided_by_the_factor_of_the_loss() {
        let mut scale = LossScale::default();
        assert_eq!(unscaled(&mut scale, 3.0 * 65_536.0), (Verdict::Use { norm: 3.0 }, 3.0));
        assert_eq!(scale, LossScale { steps: 1, ..LossScale::default() });
    }

    #[test]
    fn an_overflow_skips_the_step_and_halves_the_factor() {
        for gradient in [f32::INFINITY, f32::NAN] {
            let mut scale = LossScale { steps: 7, ..LossScale::default() };
            assert_eq!(unscaled(&mut scale, gradient).0, Verdict::Skip);
            assert_eq!(scale, LossScale { factor: 32_768.0, steps: 0, skipped: 1 });
        }
        let mut least = LossScale { factor: 1.0, steps: 0, skipped: 16 };
        assert_eq!(unscaled(&mut least, f32::NAN).0, Verdict::Diverged, "halving does not help");
    }

    #[test]
    fn the_factor_doubles_after_many_good_steps_up_to_a_limit() {
        let mut scale = LossScale::default();
        (0..GROWTH_INTERVAL - 1).for_each(|_| assert_eq!(scale.rate(0.5), Verdict::Use { norm: 0.5 }));
        assert_eq!(scale.factor(), FIRST);
        scale.rate(0.5);
        assert_eq!((scale.factor(), scale.steps), (2.0 * FIRST, 0));
        (0..20 * GROWTH_INTERVAL).for_each(|_| assert_eq!(scale.rate(0.5), Verdict::Use { norm: 0.5 }));
        assert_eq!(scale.factor(), LARGEST);
    }
}
