//! A mean with its uncertainty.

use super::metrics::mean_of_numbers;

/// Quantile of the normal distribution for an interval of 95 %.
const Z: f64 = 1.96;

/// A mean of repeated measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean; NaN without measurements.
    pub mean: f64,
    /// Standard deviation of the measurements.
    pub spread: f64,
    /// Half the width of the mean's 95 % interval.
    pub margin: f64,
}

impl Estimate {
    /// The mean of some measurements. A single one has no spread.
    pub fn of(values: &[f64]) -> Self {
        let mean = mean_of_numbers(values);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let spread = (squares / (values.len().max(2) - 1) as f64).sqrt();
        Self { mean, spread, margin: Z * spread / (values.len().max(1) as f64).sqrt() }
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
        assert!((estimate.margin - 0.98 * estimate.spread).abs() < 1e-12, "{estimate:?}");
        assert_eq!(Estimate::of(&[0.7]), Estimate { mean: 0.7, spread: 0.0, margin: 0.0 });
    }
}
