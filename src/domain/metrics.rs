//! Scores, all derived from one confusion matrix.

use serde::{Deserialize, Serialize};

use super::{Classes, Mask, UNLABELLED};

/// Pixel counts by (truth, prediction), over all labelled pixels (dataset level). Pixels of ignored classes are counted, and only
/// scores that say so include them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    classes: usize,
    counts: Vec<u64>,
}

/// Scores of a confusion matrix as fractions of 1; NaN where a score is undefined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean IoU over the scored classes that occur in truth or prediction.
    #[serde(with = "super::nan")]
    pub miou: f64,
    /// Share of correct pixels among scored pixels.
    #[serde(with = "super::nan")]
    pub pixel_accuracy: f64,
    /// `TP / (TP + FP + FN)` per class; NaN for a class absent from both truth and prediction, and for ignored ones.
    #[serde(with = "super::nan::list")]
    pub iou: Vec<f64>,
    /// `2 TP / (2 TP + FP + FN)` per class, NaN as for IoU.
    #[serde(with = "super::nan::list")]
    pub f1: Vec<f64>,
    /// Scored pixels.
    pub pixels: u64,
}

impl Confusion {
    /// A matrix of zeros.
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// Number of classes: rows and columns.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Pixels of class `truth` that were predicted as `predicted`.
    pub fn get(&self, truth: usize, predicted: usize) -> u64 {
        self.counts[truth * self.classes + predicted]
    }

    /// Adds a tile. Pixels without truth and pixels without a prediction are left out.
    pub fn add(&mut self, truth: &Mask, predicted: &Mask) {
        debug_assert_eq!(truth.size(), predicted.size(), "truth and prediction of one tile have one size");
        for (&t, &p) in truth.data().iter().zip(predicted.data()) {
            if usize::from(t) < self.classes && p != UNLABELLED {
                self.counts[usize::from(t) * self.classes + usize::from(p)] += 1;
            }
        }
    }

    /// Adds another matrix over the same classes.
    pub fn merge(&mut self, other: &Self) {
        for (a, b) in self.counts.iter_mut().zip(&other.counts) {
            *a += b;
        }
    }

    /// Hits, true and predicted pixels of each class, over pixels whose true class `counts`.
    pub fn tallies(&self, counts: impl Fn(usize) -> bool) -> Vec<Tally> {
        let rows: Vec<usize> = (0..self.classes).filter(|truth| counts(*truth)).collect();
        let tally = |class| Tally {
            hits: if rows.contains(&class) { self.get(class, class) } else { 0 },
            truth: if rows.contains(&class) { (0..self.classes).map(|p| self.get(class, p)).sum() } else { 0 },
            predicted: rows.iter().map(|truth| self.get(*truth, class)).sum(),
        };
        (0..self.classes).map(tally).collect()
    }

    /// Derives the scores. Ignored classes are NaN and left out of the mean, and so are their pixels.
    pub fn scores(&self, classes: &Classes) -> Scores {
        let scored = |class: usize| classes.is_scored(class as u8);
        let tallies = self.tallies(scored);
        let each = |score: fn(&Tally) -> f64| {
            let of = |(class, tally)| if scored(class) { score(tally) } else { f64::NAN };
            tallies.iter().enumerate().map(of).collect::<Vec<f64>>()
        };
        let (iou, f1) = (each(Tally::iou), each(Tally::f1));
        let pixels = tallies.iter().map(|tally| tally.truth).sum();
        let correct = tallies.iter().map(|tally| tally.hits).sum();
        Scores { miou: mean_of_numbers(&iou), pixel_accuracy: ratio(correct, pixels), iou, f1, pixels }
    }
}

/// What a class's scores are computed from, pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Of this class, and predicted so.
    pub hits: u64,
    /// Of this class.
    pub truth: u64,
    /// Predicted as this class.
    pub predicted: u64,
}

impl Tally {
    /// Adds those of other pixels.
    pub fn add(&mut self, other: &Self) {
        self.hits += other.hits;
        self.truth += other.truth;
        self.predicted += other.predicted;
    }

    /// `TP / (TP + FP + FN)`; NaN for a class absent from both truth and prediction.
    pub fn iou(&self) -> f64 {
        ratio(self.hits, self.truth + self.predicted - self.hits)
    }

    /// `2 TP / (2 TP + FP + FN)`; NaN as for IoU.
    pub fn f1(&self) -> f64 {
        ratio(2 * self.hits, self.truth + self.predicted)
    }

    /// `TP / (TP + FP)`; NaN if the class is never predicted.
    pub fn precision(&self) -> f64 {
        ratio(self.hits, self.predicted)
    }

    /// `TP / (TP + FN)`; NaN if the class is absent from the truth.
    pub fn recall(&self) -> f64 {
        ratio(self.hits, self.truth)
    }
}

/// `a / b`, NaN for 0 / 0.
pub fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}

/// Mean of the values that are not NaN; NaN if there are none.
pub fn mean_of_numbers(values: &[f64]) -> f64 {
    let numbers = values.iter().copied().filter(|v| !v.is_nan());
    let (sum, count) = numbers.fold((0.0, 0), |(sum, count), v| (sum + v, count + 1));
    sum / f64::from(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ClassDef;

    fn classes(ignored: &[bool]) -> Classes {
        let list = ignored.iter().enumerate().map(|(i, &ignored)| ClassDef {
            name: format!("c{i}"),
            color: [i as u8; 3],
            ignored,
        });
        Classes::new(list.collect()).expect("test classes are distinct")
    }

    fn row(data: &[u8]) -> Mask {
        Mask::from_vec(data.len() as u32, 1, data.to_vec()).expect("one row")
    }

    #[test]
    fn scores_of_a_small_case_match_hand_counts() {
        let classes = classes(&[false, false, false]);
        let mut confusion = Confusion::new(3);
        //        truth:  0 0 0 1 1 255 ; class 2 appears nowhere
        confusion.add(&row(&[0, 0, 0, 1, 1, 255]), &row(&[0, 0, 1, 1, 0, 0]));
        let scores = confusion.scores(&classes);
        assert_eq!(scores.pixels, 5);
        assert!((scores.pixel_accuracy - 3.0 / 5.0).abs() < 1e-12);
        assert!((scores.iou[0] - 2.0 / 4.0).abs() < 1e-12, "2 hits, 1 missed, 1 false");
        assert!((scores.iou[1] - 1.0 / 3.0).abs() < 1e-12);
        assert!(scores.iou[2].is_nan(), "absent from truth and prediction");
        assert!((scores.miou - (0.5 + 1.0 / 3.0) / 2.0).abs() < 1e-12);
        assert!((scores.f1[0] - 4.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn pixels_of_ignored_classes_are_left_out() {
        let classes = classes(&[false, false, true]);
        let mut confusion = Confusion::new(3);
        confusion.add(&row(&[0, 1, 2, 2]), &row(&[0, 1, 0, 1]));
        let scores = confusion.scores(&classes);
        assert_eq!(scores.pixels, 2);
        assert!((scores.miou - 1.0).abs() < 1e-12, "predictions over ignored truth are no false positives");
        assert!(scores.iou[2].is_nan());
        assert_eq!((confusion.get(2, 0), confusion.get(2, 1)), (1, 1), "they are counted all the same");
    }

    #[test]
    fn predicting_an_absent_class_scores_zero_not_nan() {
        let classes = classes(&[false, false, false]);
        let mut confusion = Confusion::new(3);
        confusion.add(&row(&[0, 0]), &row(&[0, 2]));
        let iou = confusion.scores(&classes).iou;
        assert!((iou[2] - 0.0).abs() < 1e-12);
        assert!(iou[1].is_nan());
    }

    #[test]
    fn scores_without_pixels_are_nan_not_zero() {
        let classes = classes(&[false, false]);
        let scores = Confusion::new(2).scores(&classes);
        assert!(scores.miou.is_nan() && scores.pixel_accuracy.is_nan());
    }

    #[test]
    fn scores_survive_json_with_their_nans() {
        let classes = classes(&[false, false, true]);
        let mut confusion = Confusion::new(3);
        confusion.add(&row(&[0, 1]), &row(&[0, 0]));
        let scores = confusion.scores(&classes);
        let text = serde_json::to_string(&scores).unwrap();
        let back: Scores = serde_json::from_str(&text).unwrap();
        assert!(back.iou[2].is_nan() && back.f1[2].is_nan(), "{text}");
        assert_eq!(back.iou[..2], scores.iou[..2]);
    }

    #[test]
    fn merging_equals_adding_everything_to_one() {
        let (a, b) = (row(&[0, 1, 1]), row(&[0, 0, 1]));
        let mut whole = Confusion::new(2);
        whole.add(&a, &b);
        whole.add(&b, &a);
        let (mut first, mut second) = (Confusion::new(2), Confusion::new(2));
        first.add(&a, &b);
        second.add(&b, &a);
        first.merge(&second);
        assert_eq!(first, whole);
    }
}
