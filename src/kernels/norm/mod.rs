//! Batch normalisation with ReLU (Ioffe, Szegedy: "Batch Normalization", ICML 2015), as per-channel coefficients.
//!
//! With `x̂ = (y - mean)·r`, `r = 1/√(var + ε)` and `z = max(0, γ·x̂ + β)`, and `g` the gradient of `z` where `z > 0`, else 0:
//! `dβ = Σg`, `dγ = Σg·x̂`, and `dy = γ·r·(g - dβ/m - x̂·dγ/m)` over the `m` pixels of the batch.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::shape::Shape;
use super::simd::dispatch;

/// Mean and variance of each channel (the biased variance, as normalisation uses it).
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// One a channel.
    pub mean: Vec<f32>,
    /// One a channel.
    pub variance: Vec<f32>,
}

/// Count, mean and summed squared deviation of some values; merged without cancellation (Chan, Golub, LeVeque 1979).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    #[inline(always)]
    pub(crate) fn of(values: &[f32]) -> Self {
        let count = values.len() as f64;
        let mean = lane_sum(values, |value| value) as f64 / count;
        let centre = mean as f32;
        let squares = lane_sum(values, |value| (value - centre) * (value - centre)) as f64;
        Self { count, mean, squares }
    }

    pub(crate) fn merge(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let apart = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + apart * other.count / count,
            squares: self.squares + other.squares + apart * apart * self.count * other.count / count,
        }
    }
}

/// A sum in 64 strands, so that it vectorises and rounds little.
#[inline(always)]
pub(crate) fn lane_sum(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut strands = [0.0f32; 64];
    let (whole, rest) = values.as_chunks::<64>();
    for chunk in whole {
        for (strand, &value) in strands.iter_mut().zip(chunk) {
            *strand += of(value);
        }
    }
    for (strand, &value) in strands.iter_mut().zip(rest) {
        *strand += of(value);
    }
    strands.iter().sum()
}

impl Statistics {
    /// From the moments of each channel.
    pub(crate) fn from_moments(channels: &[Moments]) -> Self {
        Self {
            mean: channels.iter().map(|moments| moments.mean as f32).collect(),
            variance: channels.iter().map(|moments| (moments.squares / moments.count) as f32).collect(),
        }
    }
}

/// Normalisation folded to `scale·y + shift` a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Fold {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Fold {
    /// From statistics (of the batch, or running ones), `gamma`, `beta` and ε.
    pub fn new(statistics: &Statistics, gamma: &[f32], beta: &[f32], epsilon: f32) -> Self {
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

    /// Normalises and activates some values of a channel.
    #[inline(always)]
    pub(crate) fn activate_to(&self, channel: usize, values: &[f32], out: &mut [f32]) {
        let (scale, shift) = (self.scale[channel], self.shift[channel]);
        for (out, &value) in out.iter_mut().zip(values) {
            *out = relu(value * scale + shift);
        }
    }

    /// The same in place.
    #[inline(always)]
    pub(crate) fn activate(&self, channel: usize, values: &mut [f32]) {
        let (scale, shift) = (self.scale[channel], self.shift[channel]);
        for value in values {
            *value = relu(*value * scale + shift);
        }
    }
}

/// Lets NaN through, so that a diverged run is seen.
#[inline(always)]
fn relu(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

/// The gradient through ReLU and batch norm, `active·upstream·a + y·b + c` a channel.
#[derive(Debug, Clone)]
pub(crate) struct GradientFold {
    forward: Fold,
    a: Vec<f32>,
    b: Vec<f32>,
    c: Vec<f32>,
}

/// Gradients of the normalisation's own parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct NormGradients {
    /// One a channel.
    pub gamma: Vec<f32>,
    /// One a channel.
    pub beta: Vec<f32>,
}

impl GradientFold {
    /// Reads the whole batch once, for the sums; `statistics` are the batch's own.
    pub(crate) fn new(
        upstream: &[f32],
        y: &[f32],
        shape: Shape,
        statistics: &Statistics,
        gamma: &[f32],
        fold: &Fold,
        epsilon: f32,
    ) -> (Self, NormGradients) {
        let pixels = (shape.batch * shape.plane()) as f64;
        let mut this = Self { forward: fold.clone(), a: Vec::new(), b: Vec::new(), c: Vec::new() };
        let mut gradients = NormGradients { gamma: Vec::new(), beta: Vec::new() };
        for (channel, [sum, product]) in gradient_sums(upstream, y, shape, fold, statistics).into_iter().enumerate() {
            let mean = f64::from(statistics.mean[channel]);
            let rate = 1.0 / (f64::from(statistics.variance[channel]) + f64::from(epsilon)).sqrt();
            let (beta, of_gamma) = (sum, product * rate);
            let a = f64::from(gamma[channel]) * rate;
            let b = -a * rate * of_gamma / pixels;
            this.a.push(a as f32);
            this.b.push(b as f32);
            this.c.push((-a * beta / pixels - b * mean) as f32);
            gradients.gamma.push(of_gamma as f32);
            gradients.beta.push(beta as f32);
        }
        (this, gradients)
    }

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
fn gradient_sums(upstream: &[f32], y: &[f32], shape: Shape, fold: &Fold, statistics: &Statistics) -> Vec<[f64; 2]> {
    let plane = shape.plane();
    let planes: Vec<[f64; 2]> = upstream
        .par_chunks(plane)
        .zip(y.par_chunks(plane))
        .enumerate()
        .map(|(index, (upstream, y))| {
            let channel = index % shape.channels;
            dispatch(PlaneSums {
                upstream,
                y,
                scale: fold.scale[channel],
                shift: fold.shift[channel],
                mean: statistics.mean[channel],
            })
        })
        .collect();
    let mut sums = vec![[0.0; 2]; shape.channels];
    for (index, [sum, product]) in planes.into_iter().enumerate() {
        sums[index % shape.channels][0] += sum;
        sums[index % shape.channels][1] += product;
    }
    sums
}

struct PlaneSums<'a> {
    upstream: &'a [f32],
    y: &'a [f32],
    scale: f32,
    shift: f32,
    mean: f32,
}

impl WithSimd for PlaneSums<'_> {
    type Output = [f64; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> [f64; 2] {
        let mut totals = [0.0f64; 2];
        // Short runs in f32, their sums in f64.
        for (upstream, y) in self.upstream.chunks(4096).zip(self.y.chunks(4096)) {
            let mut sums = [0.0f32; 64];
            let mut products = [0.0f32; 64];
            for (upstream, y) in upstream.chunks(64).zip(y.chunks(64)) {
                for (((sum, product), &upstream), &y) in sums.iter_mut().zip(&mut products).zip(upstream).zip(y) {
                    let active = if y * self.scale + self.shift > 0.0 { upstream } else { 0.0 };
                    *sum += active;
                    *product += active * (y - self.mean);
                }
            }
            totals[0] += f64::from(sums.iter().sum::<f32>());
            totals[1] += f64::from(products.iter().sum::<f32>());
        }
        totals
    }
}

/// `max(0, scale·y + shift)` of a whole tensor.
pub(crate) fn activate(y: &[f32], shape: Shape, fold: &Fold, out: &mut [f32]) {
    let plane = shape.plane();
    out.par_chunks_mut(plane).zip(y.par_chunks(plane)).enumerate().for_each(|(index, (out, y))| {
        dispatch(Activate { y, out, channel: index % shape.channels, fold });
    });
}

struct Activate<'a> {
    y: &'a [f32],
    out: &'a mut [f32],
    channel: usize,
    fold: &'a Fold,
}

impl WithSimd for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        self.fold.activate_to(self.channel, self.y, self.out);
    }
}
