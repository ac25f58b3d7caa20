//! Mean and variance of each channel.

use crate::kernels::sum::sum;

/// Mean and biased variance of each channel, as normalisation uses them.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// One per channel.
    pub mean: Vec<f32>,
    /// One per channel.
    pub variance: Vec<f32>,
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

/// Count, mean and sum of squared deviations of some values. Merging does not cancel (Chan, Golub, LeVeque 1979).
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
        let mean = sum(values, |value| value) as f64 / count;
        let centre = mean as f32;
        let squares = sum(values, |value| (value - centre) * (value - centre)) as f64;
        Self { count, mean, squares }
    }

    /// The moments of both sets of values together.
    pub(crate) fn merge(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let difference = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + difference * other.count / count,
            squares: self.squares + other.squares + difference * difference * self.count * other.count / count,
        }
    }
}
