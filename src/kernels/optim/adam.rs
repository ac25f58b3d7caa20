//! Adam (Kingma, Ba, ICLR 2015) and AdamW (Loshchilov, Hutter, ICLR 2019): one pass over a parameter and its moments.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::kernels::simd::dispatch;

/// How a step is taken.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Learning rate.
    pub lr: f32,
    /// Decay of the mean of gradients.
    pub beta_1: f32,
    /// Decay of the mean of squared gradients.
    pub beta_2: f32,
    /// Keeps the quotient finite.
    pub epsilon: f32,
    /// Weight decay.
    pub decay: f32,
    /// Whether decay shrinks the parameter itself (AdamW) or joins the gradient (Adam).
    pub decoupled: bool,
    /// Steps taken, this one included.
    pub time: usize,
}

/// A parameter and the means of its gradients and of their squares.
pub struct State<T> {
    /// What is learned.
    pub parameter: T,
    /// Mean of the gradients.
    pub first: T,
    /// Mean of their squares.
    pub second: T,
}

/// Values one thread takes at a time.
const RUN: usize = 1 << 16;

/// Takes a step from `old` to `new`.
///
/// # Panics
/// When the lengths differ.
pub fn step(rule: &Rule, old: State<&[f32]>, gradient: &[f32], new: State<&mut [f32]>) {
    let lengths =
        [old.first.len(), old.second.len(), gradient.len(), new.parameter.len(), new.first.len(), new.second.len()];
    assert_eq!(lengths, [old.parameter.len(); 6], "parameter, moments and gradient differ in length");
    let old = old.parameter.par_chunks(RUN).zip(old.first.par_chunks(RUN)).zip(old.second.par_chunks(RUN));
    let new = new.parameter.par_chunks_mut(RUN).zip(new.first.par_chunks_mut(RUN)).zip(new.second.par_chunks_mut(RUN));
    old.zip(new).zip(gradient.par_chunks(RUN)).for_each(|((old, new), gradient)| {
        let ((parameter, first), second) = old;
        let old = State { parameter, first, second };
        let ((parameter, first), second) = new;
        dispatch(Run { rule, old, gradient, new: State { parameter, first, second } });
    });
}

struct Run<'a> {
    rule: &'a Rule,
    old: State<&'a [f32]>,
    gradient: &'a [f32],
    new: State<&'a mut [f32]>,
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { rule, old, gradient, new } = self;
        let Rule { lr, beta_1, beta_2, epsilon, decay, decoupled, time } = *rule;
        let time = time as i32;
        let correction = (1.0 - beta_2.powi(time)).sqrt();
        let rate = lr * correction / (1.0 - beta_1.powi(time));
        let (kept, joined) = if decoupled { (1.0 - lr * decay, 0.0) } else { (1.0, decay) };
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
