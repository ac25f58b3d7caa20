//! What is applied to a strip's output while it is still in cache.

use crate::kernels::norm::{FoldedNorm, Moments};
use crate::kernels::output::Output;

/// An operation on finished output channels.
#[derive(Clone, Copy)]
pub(crate) enum Epilogue<'a> {
    /// No operation. The only one that may accumulate.
    None,
    /// Adds one bias per channel.
    Bias(&'a [f32]),
    /// Batch norm with known statistics, and ReLU.
    NormRelu(&'a FoldedNorm),
    /// Leaves the values and measures mean and variance of each channel.
    Measure,
}

impl Epilogue<'_> {
    /// Applies it to a strip's rows of consecutive channels from `first` on. Returns the moments of
    /// [`Epilogue::Measure`].
    #[inline(always)]
    pub(super) fn apply(self, planes: &mut [Option<Output<'_>>], first: usize) -> Vec<Moments> {
        let mut moments = Vec::new();
        for (offset, plane) in planes.iter_mut().enumerate() {
            let Some(Output { values: plane, accumulate }) = plane else { continue };
            assert!(!*accumulate || matches!(self, Self::None), "an output with an epilogue cannot accumulate");
            match self {
                Self::None => {}
                Self::Bias(bias) => plane.iter_mut().for_each(|value| *value += bias[first + offset]),
                Self::NormRelu(norm) => norm.apply_relu(first + offset, plane),
                Self::Measure => moments.push(Moments::of(plane)),
            }
        }
        moments
    }
}
