//! Backward pass: gradients through ReLU and normalisation.

use rayon::prelude::*;

use super::forward::FoldedNorm;
use super::statistics::Statistics;
use crate::kernels::shape::Shape;
use crate::kernels::simd::simd_fn;

/// The gradient through ReLU and batch norm, folded to `a·g + b·y + c` per channel, where `g` is the gradient of the
/// activation if that is positive, else 0.
#[derive(Debug, Clone)]
pub(crate) struct FoldedNormBackward {
    forward: FoldedNorm,
    a: Vec<f32>,
    b: Vec<f32>,
    c: Vec<f32>,
}

/// Gradients of the normalisation's parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct NormGradients {
    /// One per channel.
    pub gamma: Vec<f32>,
    /// One per channel.
    pub beta: Vec<f32>,
}

impl FoldedNormBackward {
    /// Without channels yet.
    pub(super) fn empty(forward: FoldedNorm) -> Self {
        Self { forward, a: Vec::new(), b: Vec::new(), c: Vec::new() }
    }

    /// Adds the coefficients of the next channel.
    pub(super) fn push(&mut self, [a, b, c]: [f64; 3]) {
        self.a.push(a as f32);
        self.b.push(b as f32);
        self.c.push(c as f32);
    }

    /// Reads the whole batch once, for the sums. `statistics` are the batch's own.
    pub(crate) fn new(
        upstream: &[f32],
        y: &[f32],
        shape: Shape,
        statistics: &Statistics,
        gamma: &[f32],
        norm: &FoldedNorm,
        epsilon: f32,
    ) -> (Self, NormGradients) {
        let pixels = (shape.batch * shape.plane()) as f64;
        let mut this = Self::empty(norm.clone());
        let mut gradients = NormGradients { gamma: Vec::new(), beta: Vec::new() };
        for (channel, [sum, product]) in gradient_sums(upstream, y, shape, norm, statistics).into_iter().enumerate() {
            let mean = f64::from(statistics.mean[channel]);
            let rate = 1.0 / (f64::from(statistics.variance[channel]) + f64::from(epsilon)).sqrt();
            let (beta, of_gamma) = (sum, product * rate);
            let a = f64::from(gamma[channel]) * rate;
            let b = -a * rate * of_gamma / pixels;
            this.push([a, b, -a * beta / pixels - b * mean]);
            gradients.gamma.push(of_gamma as f32);
            gradients.beta.push(beta as f32);
        }
        (this, gradients)
    }

    /// Computes the gradient of `y` for some values of one channel.
    #[inline(always)]
    pub(crate) fn gradient(&self, channel: usize, upstream: &[f32], y: &[f32], out: &mut [f32]) {
        let (scale, shift) = (self.forward.scale[channel], self.forward.shift[channel]);
        let (a, b, c) = (self.a[channel], self.b[channel], self.c[channel]);
        for ((out, &upstream), &y) in out.iter_mut().zip(upstream).zip(y) {
            let active = if y * scale + shift > 0.0 { upstream } else { 0.0 };
            *out = active * a + (y * b + c);
        }
    }
}

/// `[Σg, Σg·(y - mean)]` of each channel.
pub(super) fn gradient_sums(
    upstream: &[f32],
    y: &[f32],
    shape: Shape,
    norm: &FoldedNorm,
    statistics: &Statistics,
) -> Vec<[f64; 2]> {
    let plane = shape.plane();
    let planes: Vec<[f64; 2]> = upstream
        .par_chunks(plane)
        .zip(y.par_chunks(plane))
        .enumerate()
        .map(|(index, (upstream, y))| {
            let channel = index % shape.channels;
            plane_sums(upstream, y, norm.scale[channel], norm.shift[channel], statistics.mean[channel])
        })
        .collect();
    let mut sums = vec![[0.0; 2]; shape.channels];
    for (index, [sum, product]) in planes.into_iter().enumerate() {
        sums[index % shape.channels][0] += sum;
        sums[index % shape.channels][1] += product;
    }
    sums
}

simd_fn! {
    /// `[Σg, Σg·(y - mean)]` of one plane.
    fn plane_sums<'a>(
        _simd: S,
        upstream: &'a [f32],
        y: &'a [f32],
        scale: f32,
        shift: f32,
        mean: f32,
    ) -> [f64; 2] {
        let mut totals = [0.0f64; 2];
        // Short runs are summed in f32, their sums in f64.
        for (upstream, y) in upstream.chunks(4096).zip(y.chunks(4096)) {
            let mut sums = [0.0f32; 64];
            let mut products = [0.0f32; 64];
            for (upstream, y) in upstream.chunks(64).zip(y.chunks(64)) {
                for (((sum, product), &upstream), &y) in sums.iter_mut().zip(&mut products).zip(upstream).zip(y) {
                    let active = if y * scale + shift > 0.0 { upstream } else { 0.0 };
                    *sum += active;
                    *product += active * (y - mean);
                }
            }
            totals[0] += f64::from(sums.iter().sum::<f32>());
            totals[1] += f64::from(products.iter().sum::<f32>());
        }
        totals
    }
}
