//! Forward pass: normalisation and ReLU.

use rayon::prelude::*;

use super::statistics::Statistics;
use crate::kernels::shape::Shape;
use crate::kernels::simd::simd_fn;

/// Batch normalisation folded to `scale·y + shift` per channel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FoldedNorm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

impl FoldedNorm {
    /// From statistics (of the batch, or running ones), γ, β and ε.
    pub(crate) fn new(statistics: &Statistics, gamma: &[f32], beta: &[f32], epsilon: f32) -> Self {
        let scale: Vec<f32> = statistics
            .variance
            .iter()
            .zip(gamma)
            .map(|(&variance, &gamma)| gamma / (variance + epsilon).sqrt())
            .collect();
        let shift =
            statistics.mean.iter().zip(beta).zip(&scale).map(|((&mean, &beta), &scale)| beta - mean * scale).collect();
        Self { scale, shift }
    }

    /// Normalises and activates values of one channel.
    #[inline(always)]
    pub(crate) fn apply_relu_to(&self, channel: usize, values: &[f32], out: &mut [f32]) {
        let (scale, shift) = (self.scale[channel], self.shift[channel]);
        for (out, &value) in out.iter_mut().zip(values) {
            *out = relu(value * scale + shift);
        }
    }

    /// The same in place.
    #[inline(always)]
    pub(crate) fn apply_relu(&self, channel: usize, values: &mut [f32]) {
        let (scale, shift) = (self.scale[channel], self.shift[channel]);
        for value in values {
            *value = relu(*value * scale + shift);
        }
    }
}

/// Keeps NaN, so that a diverged run is noticed.
#[inline(always)]
fn relu(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

/// Normalises and activates a whole tensor.
pub(crate) fn apply_relu(y: &[f32], shape: Shape, norm: &FoldedNorm, out: &mut [f32]) {
    let plane = shape.plane();
    out.par_chunks_mut(plane).zip(y.par_chunks(plane)).enumerate().for_each(|(index, (out, y))| {
        apply_relu_to_plane(norm, index % shape.channels, y, out);
    });
}

simd_fn! {
    fn apply_relu_to_plane<'a>(_simd: S, norm: &'a FoldedNorm, channel: usize, y: &'a [f32], out: &'a mut [f32]) {
        norm.apply_relu_to(channel, y, out);
    }
}
