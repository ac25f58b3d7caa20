//! Stochastic gradient descent with momentum, as PyTorch's `torch.optim.SGD` defines it (without dampening).
//!
//! With parameter `p`, gradient `g`, weight decay `λ`, momentum `μ`, learning rate `η` and the velocity `v`:
//! `g ← g + λ·p`, `v ← μ·v + g` (`v = g` in the first step), and `p ← p - η·v`, or with Nesterov momentum
//! `p ← p - η·(g + μ·v)` (Sutskever, Martens, Dahl, Hinton: "On the importance of initialization and momentum in deep
//! learning", ICML 2013).

use rayon::prelude::*;

use super::chunk::CHUNK;
use crate::kernels::simd::simd_fn;

/// Hyperparameters of one step.
#[derive(Debug, Clone, Copy)]
pub struct SgdStep {
    /// Learning rate.
    pub lr: f32,
    /// Factor of the velocity, usually 0.9; 0 turns momentum off.
    pub momentum: f32,
    /// Whether the step looks ahead along the velocity.
    pub nesterov: bool,
    /// Weight decay, added to the gradient; 0 turns it off.
    pub weight_decay: f32,
}

impl SgdStep {
    /// Velocity and new parameter from the gradient (with weight decay) and `μ` times the old velocity.
    #[inline(always)]
    fn apply(&self, parameter: f32, gradient: f32, carried: f32) -> (f32, f32) {
        let velocity = carried + gradient;
        let direction = if self.nesterov { gradient + self.momentum * velocity } else { velocity };
        (velocity, parameter - self.lr * direction)
    }
}

/// A parameter and its velocity, both of one length.
pub struct SgdState<T> {
    /// The trained values.
    pub parameter: T,
    /// Sum of the gradients, each step's weighted down by the momentum.
    pub velocity: T,
}

/// Takes a step from `parameter` to `new`; `velocity` is that of the last step, absent in the first one.
///
/// # Panics
/// When the lengths differ.
pub fn step(step: &SgdStep, parameter: &[f32], velocity: Option<&[f32]>, gradient: &[f32], new: SgdState<&mut [f32]>) {
    let lengths =
        [gradient.len(), velocity.map_or(gradient.len(), <[f32]>::len), new.parameter.len(), new.velocity.len()];
    assert_eq!(lengths, [parameter.len(); 4], "parameter, velocity and gradient differ in length");
    let new = new.parameter.par_chunks_mut(CHUNK).zip(new.velocity.par_chunks_mut(CHUNK));
    let chunks = parameter.par_chunks(CHUNK).zip(gradient.par_chunks(CHUNK)).zip(new).enumerate();
    chunks.for_each(|(index, ((parameter, gradient), (to, to_velocity)))| {
        let new = SgdState { parameter: to, velocity: to_velocity };
        let velocity = velocity.map(|velocity| &velocity[index * CHUNK..][..parameter.len()]);
        step_chunk(step, parameter, velocity, gradient, new);
    });
}

simd_fn! {
    fn step_chunk<'a>(
        _simd: S,
        step: &'a SgdStep,
        parameter: &'a [f32],
        velocity: Option<&'a [f32]>,
        gradient: &'a [f32],
        new: SgdState<&'a mut [f32]>,
    ) {
        let step = *step;
        let old = parameter.iter().zip(gradient);
        let new = new.parameter.iter_mut().zip(new.velocity);
        match velocity {
            Some(velocity) => {
                for (((&parameter, &gradient), &velocity), (to, to_velocity)) in old.zip(velocity).zip(new) {
                    let gradient = gradient + step.weight_decay * parameter;
                    (*to_velocity, *to) = step.apply(parameter, gradient, step.momentum * velocity);
                }
            }
            None => {
                for ((&parameter, &gradient), (to, to_velocity)) in old.zip(new) {
                    let gradient = gradient + step.weight_decay * parameter;
                    (*to_velocity, *to) = step.apply(parameter, gradient, 0.0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes one step; returns the new parameter and velocity.
    fn stepped(step: &SgdStep, parameter: &[f32], velocity: Option<&[f32]>, gradient: &[f32]) -> [Vec<f32>; 2] {
        let mut new = [vec![f32::NAN; parameter.len()], vec![f32::NAN; parameter.len()]];
        let [to, to_velocity] = &mut new;
        super::step(step, parameter, velocity, gradient, SgdState { parameter: to, velocity: to_velocity });
        new
    }

    /// Numbers that binary fractions hold exactly.
    const STEP: SgdStep = SgdStep { lr: 0.5, momentum: 0.5, nesterov: false, weight_decay: 0.25 };

    #[test]
    fn two_steps_match_numbers_computed_by_hand() {
        // g = 1 + 0.25·2 = 1.5; v = 1.5; p = 2 - 0.5·1.5 = 1.25
        let [parameter, velocity] = stepped(&STEP, &[2.0], None, &[1.0]);
        assert_eq!((parameter[0], velocity[0]), (1.25, 1.5));
        // g = -1 + 0.25·1.25 = -0.6875; v = 0.5·1.5 - 0.6875 = 0.0625; p = 1.25 - 0.5·0.0625 = 1.21875
        let [parameter, velocity] = stepped(&STEP, &parameter, Some(&velocity), &[-1.0]);
        assert_eq!((parameter[0], velocity[0]), (1.21875, 0.0625));
    }

    #[test]
    fn two_nesterov_steps_match_numbers_computed_by_hand() {
        let step = SgdStep { nesterov: true, ..STEP };
        // g = v = 1.5; p = 2 - 0.5·(1.5 + 0.5·1.5) = 0.875
        let [parameter, velocity] = stepped(&step, &[2.0], None, &[1.0]);
        assert_eq!((parameter[0], velocity[0]), (0.875, 1.5));
        // g = -1 + 0.25·0.875 = -0.78125; v = 0.75 - 0.78125 = -0.03125; p = 0.875 - 0.5·(-0.78125 - 0.015625)
        let [parameter, velocity] = stepped(&step, &parameter, Some(&velocity), &[-1.0]);
        assert_eq!((parameter[0], velocity[0]), (1.273_437_5, -0.03125));
    }

    #[test]
    fn without_momentum_a_step_follows_the_gradient_alone() {
        for nesterov in [false, true] {
            let step = SgdStep { momentum: 0.0, nesterov, weight_decay: 0.0, lr: 0.5 };
            assert_eq!(stepped(&step, &[2.0], Some(&[100.0]), &[1.0])[0], [1.5]);
        }
    }

    #[test]
    #[should_panic(expected = "differ in length")]
    fn a_velocity_of_another_length_is_refused() {
        stepped(&STEP, &[1.0, 2.0], Some(&[0.0]), &[1.0, 1.0]);
    }

    /// Values at several scales, more than two chunks and a remainder of them.
    fn values(seed: usize) -> Vec<f32> {
        (0..2 * CHUNK + 7).map(|at| ((at * 37 + seed * 11) % 1009) as f32 / 504.0 - 1.0).collect()
    }

    fn plain(step: &SgdStep, parameter: f32, velocity: Option<f32>, gradient: f32) -> [f32; 2] {
        let gradient = gradient + step.weight_decay * parameter;
        let velocity = velocity.map_or(gradient, |velocity| step.momentum * velocity + gradient);
        let direction = if step.nesterov { gradient + step.momentum * velocity } else { velocity };
        [parameter - step.lr * direction, velocity]
    }

    fn assert_matches_plain_code() {
        let (parameter, velocity, gradient) = (values(1), values(2), values(3));
        for nesterov in [false, true] {
            let step = SgdStep { lr: 0.1, momentum: 0.9, nesterov, weight_decay: 0.01 };
            for velocity in [None, Some(&velocity[..])] {
                let [new, new_velocity] = stepped(&step, &parameter, velocity, &gradient);
                for at in 0..parameter.len() {
                    let expected = plain(&step, parameter[at], velocity.map(|velocity| velocity[at]), gradient[at]);
                    assert_eq!([new[at], new_velocity[at]], expected, "value {at}, Nesterov: {nesterov}");
                }
            }
        }
    }

    #[test]
    fn a_step_matches_plain_code() {
        assert_matches_plain_code();
    }

    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    #[test]
    fn narrower_instruction_sets_match_plain_code() {
        use crate::kernels::simd::{InstructionSet, with_at_most};

        for set in [InstructionSet::Scalar, InstructionSet::Avx2] {
            with_at_most(set, assert_matches_plain_code);
        }
    }
}
