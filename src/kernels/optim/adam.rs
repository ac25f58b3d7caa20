//! Adam (Kingma, Ba, ICLR 2015) and AdamW (Loshchilov, Hutter, ICLR 2019).

use rayon::prelude::*;

use super::chunk::CHUNK;
use crate::kernels::simd::simd_fn;

/// Hyperparameters of one step.
#[derive(Debug, Clone, Copy)]
pub struct AdamStep {
    /// Learning rate.
    pub lr: f32,
    /// Decay rate of the first moment, usually 0.9.
    pub beta_1: f32,
    /// Decay rate of the second moment, usually 0.999.
    pub beta_2: f32,
    /// Added to the denominator; keeps the quotient finite.
    pub epsilon: f32,
    /// Weight decay; 0 turns it off.
    pub weight_decay: f32,
    /// Whether weight decay shrinks the parameter itself (AdamW) or is added to the gradient (Adam).
    pub decoupled: bool,
    /// Number of this step for the bias correction: 1 for the first.
    pub number: usize,
}

/// A parameter and its moments, all of one length.
pub struct AdamState<T> {
    /// The trained values.
    pub parameter: T,
    /// Running mean of the gradients.
    pub first: T,
    /// Running mean of the squared gradients.
    pub second: T,
}

/// Takes a step from `old` to `new`.
///
/// # Panics
/// When the lengths differ.
pub fn step(step: &AdamStep, old: AdamState<&[f32]>, gradient: &[f32], new: AdamState<&mut [f32]>) {
    let lengths =
        [old.first.len(), old.second.len(), gradient.len(), new.parameter.len(), new.first.len(), new.second.len()];
    assert_eq!(lengths, [old.parameter.len(); 6], "parameter, moments and gradient differ in length");
    let AdamState { parameter, first, second } = old;
    let old = parameter.par_chunks(CHUNK).zip(first.par_chunks(CHUNK)).zip(second.par_chunks(CHUNK));
    let AdamState { parameter, first, second } = new;
    let new = parameter.par_chunks_mut(CHUNK).zip(first.par_chunks_mut(CHUNK)).zip(second.par_chunks_mut(CHUNK));
    old.zip(new).zip(gradient.par_chunks(CHUNK)).for_each(|((old, new), gradient)| {
        let ((parameter, first), second) = old;
        let old = AdamState { parameter, first, second };
        let ((parameter, first), second) = new;
        step_chunk(step, old, gradient, AdamState { parameter, first, second });
    });
}

simd_fn! {
    fn step_chunk<'a>(
        _simd: S,
        step: &'a AdamStep,
        old: AdamState<&'a [f32]>,
        gradient: &'a [f32],
        new: AdamState<&'a mut [f32]>,
    ) {
        let AdamStep { lr, beta_1, beta_2, epsilon, weight_decay, decoupled, number } = *step;
        let number = number as i32;
        let correction = (1.0 - beta_2.powi(number)).sqrt();
        let rate = lr * correction / (1.0 - beta_1.powi(number));
        let (kept, joined) = if decoupled { (1.0 - lr * weight_decay, 0.0) } else { (1.0, weight_decay) };
        let old = old.parameter.iter().zip(old.first).zip(old.second);
        let new = new.parameter.iter_mut().zip(new.first).zip(new.second);
        for ((((&parameter, &first), &second), &gradient), ((to, to_first), to_second)) in old.zip(gradient).zip(new) {
            let gradient = gradient + joined * parameter;
            *to_first = beta_1 * first + (1.0 - beta_1) * gradient;
            *to_second = beta_2 * second + (1.0 - beta_2) * gradient * gradient;
            *to = kept * parameter - rate * *to_first / (to_second.sqrt() + epsilon * correction);
        }
    }
}
