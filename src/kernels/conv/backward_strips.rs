//! Both gradients of a convolution, strip by strip: what the gradient of the input reads from memory, the gradient of
//! the weights then finds in cache.

use rayon::prelude::*;

use super::epilogue::Epilogue;
use super::forward::convolve_strip;
use super::output::ConvOutput;
use super::source::ConvInput;
use super::strips::{Strip, StripPlan};
use super::weights::PackedWeights;
use crate::kernels::memory::Buffer;

/// The gradient of a convolution's input, itself a convolution of the output's gradient.
pub(crate) struct InputGradient<'a> {
    /// Packed with [`WeightLayout::backward`](super::weights::WeightLayout::backward).
    pub(crate) weights: PackedWeights,
    /// Where the gradient is written.
    pub(crate) output: ConvOutput<'a>,
}

/// Partial sums of the weights' gradient. This bounds both their memory and the number of threads that can share the
/// work. It must not depend on the number of threads, or results would.
const PARTIAL_SUMS: usize = 8;

/// Walks over `gradient` (that of the output) in strips of `rows` rows: computes each strip of the input's gradient, if
/// wanted, and then calls `accumulate`, which adds the strip's contribution to the weights' gradient to sums created by
/// `zeros`.
///
/// Returns the partial sums in a fixed order.
pub(super) fn strip_by_strip(
    gradient: &ConvInput<'_>,
    rows: usize,
    of_input: Option<InputGradient<'_>>,
    zeros: impl Fn() -> Buffer + Sync,
    accumulate: impl Fn(Strip, &mut Buffer) + Sync,
) -> Vec<Buffer> {
    let shape = gradient.shape();
    let (weights, tasks) = match of_input {
        Some(InputGradient { weights, output }) => {
            let tasks = StripPlan::with_rows(shape, &weights, rows).tasks(output);
            (Some(weights), tasks.into_iter().map(Some).collect())
        }
        None => (None, Strip::all(shape, rows).map(|_| None).collect::<Vec<_>>()),
    };
    let mut work: Vec<_> = Strip::all(shape, rows).zip(tasks).collect();
    let strips_per_sum = work.len().div_ceil(PARTIAL_SUMS);
    work.par_chunks_mut(strips_per_sum)
        .map(|work| {
            let mut sums = zeros();
            for (strip, task) in work {
                if let (Some(task), Some(weights)) = (task.take(), &weights) {
                    convolve_strip(task, gradient, weights, Epilogue::None);
                }
                accumulate(*strip, &mut sums);
            }
            sums
        })
        .collect()
}
