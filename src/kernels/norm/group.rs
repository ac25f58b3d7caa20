//! Group normalisation (Wu, He: "Group Normalization", ECCV 2018) of one image, folded to the coefficients of batch normalisation:
//! all channels of a group share a mean and a variance.
//!
//! Backward, with `m` values in a group and sums over them: `dy = r·(γ·g - Σ(γ·g)/m - x̂·Σ(γ·g·x̂)/m)`; `dβ` and `dγ` are those of batch
//! norm, channel by channel.

use super::backward::{FoldedNormBackward, NormGradients, gradient_sums};
use super::forward::FoldedNorm;
use super::statistics::Statistics;
use crate::kernels::shape::Shape;

impl Statistics {
    /// The same for each group of channels: every channel has its group's mean and variance. `groups` divides the channels.
    pub(crate) fn of_groups(&self, groups: usize) -> Self {
        let each = self.mean.len() / groups;
        let mut pooled = Self { mean: Vec::new(), variance: Vec::new() };
        for (means, variances) in self.mean.chunks_exact(each).zip(self.variance.chunks_exact(each)) {
            let mean = mean_of(means, |mean| mean);
            let within = mean_of(variances, |variance| variance);
            let between = mean_of(means, |channel| (channel - mean).powi(2));
            pooled.mean.extend(std::iter::repeat_n(mean as f32, each));
            pooled.variance.extend(std::iter::repeat_n((within + between) as f32, each));
        }
        pooled
    }
}

fn mean_of(values: &[f32], term: impl Fn(f64) -> f64) -> f64 {
    values.iter().map(|value| term(f64::from(*value))).sum::<f64>() / values.len() as f64
}

/// What the gradient through the normalisation of one image depends on.
pub(crate) struct GroupNormOf<'a> {
    /// Those of each channel's group.
    pub(crate) statistics: &'a Statistics,
    pub(crate) gamma: &'a [f32],
    pub(crate) norm: &'a FoldedNorm,
    pub(crate) epsilon: f32,
    pub(crate) groups: usize,
}

impl GroupNormOf<'_> {
    /// The gradient through ReLU and group norm. Reads the image once, for the sums.
    pub(crate) fn backward(&self, upstream: &[f32], y: &[f32], shape: Shape) -> (FoldedNormBackward, NormGradients) {
        let Self { statistics, gamma, norm, epsilon, groups } = *self;
        let each = shape.channels / groups;
        let count = (shape.plane() * each) as f64;
        let mut folded = FoldedNormBackward::empty(norm.clone());
        let mut gradients = NormGradients { gamma: Vec::new(), beta: Vec::new() };
        let sums = gradient_sums(upstream, y, shape, norm, statistics);
        for (sums, first) in sums.chunks_exact(each).zip((0..).step_by(each)) {
            let mean = f64::from(statistics.mean[first]);
            let rate = 1.0 / (f64::from(statistics.variance[first]) + f64::from(epsilon)).sqrt();
            let gammas = gamma[first..first + each].iter().map(|gamma| f64::from(*gamma));
            let [mut sum, mut product] = [0.0; 2];
            for (gamma, [of_beta, of_y]) in gammas.clone().zip(sums) {
                sum += gamma * of_beta;
                product += gamma * of_y * rate;
                gradients.gamma.push((of_y * rate) as f32);
                gradients.beta.push(*of_beta as f32);
            }
            let b = -rate * rate * product / count;
            gammas.for_each(|gamma| folded.push([gamma * rate, b, -rate * sum / count - b * mean]));
        }
        (folded, gradients)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistics_of_a_group_are_those_of_all_its_values() {
        // Two channels with the values 0, 2 and 4, 10; a group of their own for the third.
        let channels = Statistics { mean: vec![1.0, 7.0, 5.0], variance: vec![1.0, 9.0, 2.0] };
        assert_eq!(channels.of_groups(3), channels);
        let pair = Statistics { mean: vec![1.0, 7.0], variance: vec![1.0, 9.0] }.of_groups(1);
        // (0 + 2 + 4 + 10) / 4 = 4; (16 + 4 + 0 + 36) / 4 = 14.
        assert_eq!(pair, Statistics { mean: vec![4.0; 2], variance: vec![14.0; 2] });
    }
}
