//! A mean with its uncertainty.

use super::metrics::mean_of_numbers;

/// Quantiles of Student's t distribution for an interval of 95 %, from one degree of freedom on.
const T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];
/// The same for more: that of the normal distribution.
const Z: f64 = 1.96;

/// A mean of repeated measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean; NaN without measurements.
    pub mean: f64,
    /// Standard deviation of the measurements.
    pub spread: f64,
    /// Half the width of the mean's 95 % interval; 0 of a single measurement, which has none.
    pub margin: f64,
}

impl Estimate {
    /// The mean of some measurements. A single one has no spread.
    pub fn of(values: &[f64]) -> Self {
        let mean = mean_of_numbers(values);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let spread = (squares / (values.len().max(2) - 1) as f64).sqrt();
        let quantile = T.get(values.len().saturating_sub(2)).copied().unwrap_or(Z);
        Self { mean, spread, margin: quantile * spread / (values.len().max(1) as f64).sqrt() }
    }

    /// The mean's 95 % interval where the measurements are shares: it lies within 0 to 1 as they do.
    pub fn interval_of_share(&self) -> [f64; 2] {
        [self.mean - self.margin, self.mean + self.margin].map(|end| end.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_interval_match_hand_counts() {
        let estimate = Estimate::of(&[0.2, 0.4, 0.6, 0.8]);
        assert!((estimate.mean - 0.5).abs() < 1e-12);
        assert!((estimate.spread - (0.2_f64 / 3.0).sqrt()).abs() < 1e-12, "{estimate:?}");
        assert!((estimate.margin - 3.182 / 2.0 * estimate.spread).abs() < 1e-12, "{estimate:?}");
        assert_eq!(estimate.interval_of_share().map(|end| (1e3 * end).round() as i32), [89, 911]);
        assert_eq!(Estimate::of(&[0.1, 0.9]).interval_of_share().map(f64::to_bits), [0.0_f64, 1.0].map(f64::to_bits));
        assert_eq!(Estimate::of(&[0.7]), Estimate { mean: 0.7, spread: 0.0, margin: 0.0 });
    }
}
