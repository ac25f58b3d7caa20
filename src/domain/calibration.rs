//! Calibration: whether a map that is 80 % sure is right 80 % of the time (Guo et al. 2017).

use serde::{Deserialize, Serialize};

use super::metrics::ratio;
use super::{ClassMap, Classes, Mask, UNLABELLED};

/// Intervals of confidence, equally wide: as many as in the paper.
const BINS: usize = 15;

/// Scored pixels by the confidence of their prediction: the data of a reliability diagram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// From the least confident to the most confident.
    pub bins: Vec<Bin>,
}

/// Pixels with about the same confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bin {
    /// Pixels.
    pub pixels: u64,
    /// Those predicted rightly.
    pub right: u64,
    /// Sum of their confidences, in units of 1/255.
    pub confidence: u64,
}

impl Default for Reliability {
    fn default() -> Self {
        Self { bins: vec![Bin::default(); BINS] }
    }
}

impl Reliability {
    /// Adds a tile. Pixels with unlabelled or ignored truth and pixels without a prediction are left out.
    pub fn add(&mut self, truth: &Mask, map: &ClassMap, classes: &Classes) {
        let pairs = truth.data().iter().zip(map.classes.data());
        for ((&t, &p), &confidence) in pairs.zip(&map.confidence) {
            if !classes.is_scored(t) || p == UNLABELLED {
                continue;
            }
            let bin = &mut self.bins[(usize::from(confidence) * BINS / 255).min(BINS - 1)];
            bin.pixels += 1;
            bin.right += u64::from(t == p);
            bin.confidence += u64::from(confidence);
        }
    }

    /// Expected calibration error: the mean of |accuracy − confidence| over the pixels, 0 to 1; NaN without pixels.
    pub fn error(&self) -> f64 {
        let pixels: u64 = self.bins.iter().map(|bin| bin.pixels).sum();
        let gaps: f64 = self.bins.iter().map(|bin| (bin.right as f64 - bin.confidence as f64 / 255.0).abs()).sum();
        gaps / pixels as f64
    }
}

impl Bin {
    /// Share of right pixels; NaN without pixels.
    pub fn accuracy(&self) -> f64 {
        ratio(self.right, self.pixels)
    }

    /// Mean confidence, 0 to 1; NaN without pixels.
    pub fn mean_confidence(&self) -> f64 {
        ratio(self.confidence, self.pixels) / 255.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_small_case_matches_hand_counts() {
        let classes = Classes::deepglobe();
        let row = |data: &[u8]| Mask::from_vec(data.len() as u32, 1, data.to_vec()).expect("one row");
        // Two pixels with confidence 1, one of them right; two with 0.6, both right; one unlabelled; one without a map.
        let map = ClassMap { classes: row(&[0, 0, 1, 1, 1, 255]), confidence: vec![255, 255, 153, 153, 9, 0] };
        let mut reliability = Reliability::default();
        assert!(reliability.error().is_nan());
        reliability.add(&row(&[0, 1, 1, 1, 255, 0]), &map, &classes);
        assert!((reliability.error() - (1.0 + 0.8) / 4.0).abs() < 1e-12, "{reliability:?}");
        let [last, sure] = [reliability.bins[BINS - 1], reliability.bins[9]];
        assert_eq!((last.pixels, last.right, sure.pixels, sure.right), (2, 1, 2, 2));
        assert!((sure.mean_confidence() - 0.6).abs() < 1e-12 && (last.accuracy() - 0.5).abs() < 1e-12);
    }
}
