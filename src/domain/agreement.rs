//! Scores beside the headline that follow from the confusion matrix.

use serde::{Deserialize, Serialize};

use super::Classes;
use super::metrics::{Confusion, Tally, mean_of_numbers};

/// Scores as fractions of 1; NaN where a score is undefined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// `TP / (TP + FP)` per class; NaN for ignored classes and those never predicted.
    #[serde(with = "super::nan::list")]
    pub precision: Vec<f64>,
    /// `TP / (TP + FN)` per class; NaN for ignored classes and those absent from the truth.
    #[serde(with = "super::nan::list")]
    pub recall: Vec<f64>,
    /// Mean F1 over the classes that mean IoU is taken over.
    #[serde(with = "super::nan")]
    pub mean_f1: f64,
    /// Cohen's kappa (1960): agreement beyond chance, `(po − pe) / (1 − pe)`.
    #[serde(with = "super::nan")]
    pub kappa: f64,
    /// Mean IoU with ignored classes as classes like any other, as papers that report seven classes of DeepGlobe do.
    #[serde(with = "super::nan")]
    pub miou_with_ignored: f64,
    /// Mean IoU as in GLNet (Chen et al. 2019): predictions on pixels of ignored classes are false positives, and a scored class
    /// that occurs nowhere counts as 0.
    #[serde(with = "super::nan")]
    pub miou_glnet: f64,
}

impl Agreement {
    /// Derives them.
    pub fn of(confusion: &Confusion, classes: &Classes) -> Self {
        let scored = |class: usize| classes.is_scored(class as u8);
        let (strict, whole) = (confusion.tallies(scored), confusion.tallies(|_| true));
        let each = |tallies: &[Tally], score: fn(&Tally) -> f64| {
            let of = |(class, tally)| if scored(class) { score(tally) } else { f64::NAN };
            tallies.iter().enumerate().map(of).collect::<Vec<f64>>()
        };
        let zero_for_absent: Vec<f64> =
            (0..whole.len()).filter(|class| scored(*class)).map(|class| whole[class].iou().max(0.0)).collect();
        Self {
            precision: each(&strict, Tally::precision),
            recall: each(&strict, Tally::recall),
            mean_f1: mean_of_numbers(&each(&strict, Tally::f1)),
            kappa: kappa(&strict),
            miou_with_ignored: mean_of_numbers(&whole.iter().map(Tally::iou).collect::<Vec<f64>>()),
            miou_glnet: mean_of_numbers(&zero_for_absent),
        }
    }
}

fn kappa(tallies: &[Tally]) -> f64 {
    let sum = |part: fn(&Tally) -> f64| tallies.iter().map(part).sum::<f64>();
    let pixels = sum(|tally| tally.truth as f64);
    let observed = sum(|tally| tally.hits as f64) / pixels;
    let expected = sum(|tally| tally.truth as f64 * tally.predicted as f64) / (pixels * pixels);
    (observed - expected) / (1.0 - expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ClassDef, Mask};

    fn classes(ignored: &[bool]) -> Classes {
        let list = ignored.iter().enumerate().map(|(i, &ignored)| ClassDef {
            name: format!("c{i}"),
            color: [i as u8; 3],
            ignored,
        });
        Classes::new(list.collect()).expect("test classes are distinct")
    }

    fn confusion(classes: usize, truth: &[u8], predicted: &[u8]) -> Confusion {
        let row = |data: &[u8]| Mask::from_vec(data.len() as u32, 1, data.to_vec()).expect("one row");
        let mut confusion = Confusion::new(classes);
        confusion.add(&row(truth), &row(predicted));
        confusion
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} and {b}");
    }

    #[test]
    fn precision_recall_and_kappa_match_hand_counts() {
        let confusion = confusion(2, &[0, 0, 0, 1, 1], &[0, 0, 1, 1, 0]);
        let agreement = Agreement::of(&confusion, &classes(&[false, false]));
        near(agreement.precision[0], 2.0 / 3.0);
        near(agreement.recall[1], 1.0 / 2.0);
        near(agreement.mean_f1, (2.0 / 3.0 + 1.0 / 2.0) / 2.0);
        let expected = (3.0 * 3.0 + 2.0 * 2.0) / 25.0;
        near(agreement.kappa, (0.6 - expected) / (1.0 - expected));
    }

    #[test]
    fn without_ignored_classes_the_variants_are_the_headline() {
        let (confusion, classes) = (confusion(2, &[0, 0, 1], &[0, 1, 1]), classes(&[false, false]));
        let (agreement, scores) = (Agreement::of(&confusion, &classes), confusion.scores(&classes));
        near(agreement.miou_with_ignored, scores.miou);
        near(agreement.miou_glnet, scores.miou);
    }

    #[test]
    fn the_variants_differ_in_what_ignored_truth_and_absent_classes_count() {
        // Class 2 occurs nowhere; class 3 is ignored, and two of its pixels are predicted as class 0.
        let (confusion, classes) = (confusion(4, &[0, 1, 3, 3], &[0, 1, 0, 0]), classes(&[false, false, false, true]));
        let agreement = Agreement::of(&confusion, &classes);
        near(confusion.scores(&classes).miou, 1.0);
        near(agreement.miou_glnet, (1.0 / 3.0 + 1.0 + 0.0) / 3.0);
        near(agreement.miou_with_ignored, (1.0 / 3.0 + 1.0 + 0.0) / 3.0);
        assert!(agreement.precision[3].is_nan() && (agreement.precision[0] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_scored_is_nan() {
        let agreement = Agreement::of(&Confusion::new(2), &classes(&[false, false]));
        assert!(agreement.kappa.is_nan() && agreement.mean_f1.is_nan());
        near(agreement.miou_glnet, 0.0);
    }
}
