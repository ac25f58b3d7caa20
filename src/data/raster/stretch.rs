//! Maps values deeper than 8 bits to 0..=255: the 2nd to 98th percentile of each band fills the range.
//!
//! The same file always gives the same picture. `docs/formats.md` describes the rules.

use image::RgbImage;
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};

/// Maximum number of pixels that percentiles are taken from, spread evenly over the image.
const MOST_PIXELS: usize = 1 << 24;

/// The range of valid values. A "no data" value counted among them would compress all others to a single shade.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValidRange {
    /// Values at or below this are "no data", whatever the file declares.
    pub(crate) above: f64,
    /// Values at or above this are "no data".
    pub(crate) below: f64,
    /// The value that the file declares as "no data".
    pub(crate) declared: Option<f64>,
    /// Whether 0 counts in the percentiles. In most integer scenes 0 is "no data".
    pub(crate) zero_counts: bool,
}

impl ValidRange {
    /// Unsigned integers, where 0 is probably "no data".
    pub(crate) const UNSIGNED: Self = Self { above: -1.0, below: f64::INFINITY, declared: None, zero_counts: false };

    /// Every number.
    pub(crate) const ANY: Self =
        Self { above: f64::NEG_INFINITY, below: f64::INFINITY, declared: None, zero_counts: true };

    /// Whether a value is shown. NaN is not.
    pub(crate) fn shows(&self, value: f64) -> bool {
        value > self.above && value < self.below && self.declared != Some(value)
    }

    fn counts(&self, value: f64) -> bool {
        self.shows(value) && (self.zero_counts || value != 0.0)
    }
}

/// Stretches three bands. `at(pixel, band)` returns a sample; "no data" becomes black.
pub(crate) fn stretch(size: [u32; 2], valid: ValidRange, at: impl Fn(usize, usize) -> f64 + Sync) -> RgbImage {
    let pixels = size[0] as usize * size[1] as usize;
    let ranges = [0, 1, 2].map(|band| range(pixels, valid, |pixel| at(pixel, band)));
    let mut image = RgbImage::new(size[0], size[1]);
    let row = (size[0] as usize * 3).max(1);
    image.par_chunks_mut(row).enumerate().for_each(|(y, line)| {
        for (i, to) in line.iter_mut().enumerate() {
            let (value, (low, span)) = (at(y * size[0] as usize + i / 3, i % 3), ranges[i % 3]);
            *to = if valid.shows(value) { ((value - low) / span * 255.0).round().clamp(0.0, 255.0) as u8 } else { 0 };
        }
    });
    image
}

/// The 2nd percentile of a band, and the difference between the 98th and the 2nd.
fn range(pixels: usize, valid: ValidRange, at: impl Fn(usize) -> f64) -> (f64, f64) {
    let step = pixels.div_ceil(MOST_PIXELS).max(1);
    let mut values: Vec<f32> =
        (0..pixels).step_by(step).map(at).filter(|value| valid.counts(*value)).map(|value| value as f32).collect();
    let count = values.len();
    let mut percentile = |share: f64| {
        let place = (count as f64 * share).ceil().max(1.0) as usize - 1;
        f64::from(*values.select_nth_unstable_by(place, f32::total_cmp).1)
    };
    if count == 0 {
        return (0.0, 1.0);
    }
    let (low, high) = (percentile(0.02), percentile(0.98));
    (low, if high > low { high - low } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of gray values.
    fn row(values: &[f64], valid: ValidRange) -> Vec<u8> {
        let image = stretch([values.len() as u32, 1], valid, |pixel, _| values[pixel]);
        image.pixels().map(|pixel| pixel.0[0]).collect()
    }

    #[test]
    fn deep_values_are_stretched_not_shifted() {
        // 11-bit values: a naive shift by 8 would leave at most 7 levels.
        let image = stretch([100, 100], ValidRange::UNSIGNED, |pixel, band| [pixel % 100 * 20, 2047, 5][band] as f64);
        let levels: std::collections::BTreeSet<u8> = image.pixels().map(|pixel| pixel.0[0]).collect();
        assert!(levels.len() > 90, "{}", levels.len());
        assert_eq!((levels.first(), levels.last()), (Some(&0), Some(&255)));
    }

    #[test]
    fn percentiles_leave_out_values_that_do_not_count() {
        // 2 % and 98 % of 100 values 1..=100 are 2 and 98; a thousand zeros beside them change nothing.
        let mut values: Vec<f64> = (1..=100).map(f64::from).collect();
        values.extend([0.0; 1000]);
        let got = row(&values, ValidRange::UNSIGNED);
        assert_eq!((got[0], got[1], got[49], got[97], got[99], got[500]), (0, 0, 128, 255, 255, 0));
    }

    #[test]
    fn no_data_is_black_and_does_not_affect_other_values() {
        let floats = ValidRange { above: -3e38, below: 3e38, declared: Some(-9999.0), zero_counts: true };
        let clean: Vec<f64> = (0..100).map(|i| f64::from(i) / 100.0).collect();
        let mut dirty = clean.clone();
        dirty.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -9999.0, f64::from(f32::MIN)]);
        let (want, got) = (row(&clean, floats), row(&dirty, floats));
        assert_eq!(got[..100], want[..]);
        assert_eq!(got[100..], [0; 5]);
        assert_eq!((want[1], want[97]), (0, 255), "{want:?}");
    }

    #[test]
    fn a_band_of_one_value_or_none_is_black() {
        assert_eq!(row(&[7.0; 5], ValidRange::UNSIGNED), [0; 5]);
        assert_eq!(row(&[f64::NAN; 3], ValidRange::UNSIGNED), [0; 3]);
        assert_eq!(row(&[], ValidRange::UNSIGNED), [0; 0]);
    }
}
