//! The scores that stand beside mean IoU, as a table.

use super::comparison::{Comparison, Group};
use super::run::ComparedRun;
use crate::domain::FurtherScores;
use crate::study::table::sheet::Kind;
use crate::study::table::{Cell, Column, Row, Table};

/// A score: its name for readers, its name in files of data, and where it is.
type Score = (&'static str, &'static str, fn(&FurtherScores) -> f64);

const SCORES: [Score; 7] = [
    ("per-image mIoU", "per_image_miou", |further| further.per_image_miou),
    ("mIoU with ignored classes", "miou_with_ignored", |further| further.agreement.miou_with_ignored),
    ("mIoU as in GLNet", "miou_glnet", |further| further.agreement.miou_glnet),
    ("mean F1", "mean_f1", |further| further.agreement.mean_f1),
    ("kappa", "kappa", |further| further.agreement.kappa),
    ("boundary IoU", "mean_boundary_iou", |further| further.mean_boundary_iou),
    ("calibration error", "calibration_error", |further| further.reliability.error()),
];

/// Further scores of each configuration after the last step; no rows where no run has any.
pub fn table(comparison: &Comparison) -> Table {
    let has_any = |group: &&Group| comparison.members(group).any(|run| run.further().is_some());
    let row = |group: &Group| {
        let cell = |(.., score): &Score| Cell::Figure(comparison.figure(group, |run| run.further().map(score)));
        Row::new(std::iter::once(group.cell()).chain(SCORES.iter().map(cell)).collect())
    };
    let rows = comparison.groups.iter().filter(has_any).map(row).collect();
    let first = Column::new("further scores", "configuration", Kind::Text);
    let columns = SCORES.iter().map(|(title, key, _)| Column::new(*title, *key, Kind::Score(4)));
    Table { columns: std::iter::once(first).chain(columns).collect(), rows }
}

/// The 95 % interval of mean IoU with other tiles, as `0.1200 – 0.1700`; empty without one.
pub(super) fn interval(run: &ComparedRun) -> String {
    let interval = run.further().and_then(|further| further.interval);
    interval.map_or_else(String::new, |[low, high]| format!("{low:.4} – {high:.4}"))
}

#[cfg(test)]
mod tests {
    use super::super::comparison::tests::comparison;
    use super::*;
    use crate::domain::agreement::Agreement;
    use crate::domain::calibration::Reliability;
    use crate::domain::{Confusion, Scores};
    use crate::engine::protocol::{Evaluation, Summary};

    fn further(f1: f64) -> FurtherScores {
        FurtherScores {
            agreement: Agreement { mean_f1: f1, kappa: f64::NAN, ..Agreement::default() },
            per_image_miou: 0.25,
            interval: Some([0.25, 0.5]),
            parts: 12,
            boundary_iou: Vec::new(),
            mean_boundary_iou: 0.125,
            reliability: Reliability::default(),
        }
    }

    fn evaluation(f1: f64) -> Evaluation {
        Evaluation {
            step: 20,
            epoch: 1,
            train_loss: 1.0,
            scores: Scores { miou: 0.5, pixel_accuracy: 0.5, iou: Vec::new(), f1: Vec::new(), pixels: 4 },
            further: Some(further(f1)),
            raw_miou: None,
            confusion: Confusion::new(7),
            tiles: Vec::new(),
            measured_on: String::new(),
            secs: 1.0,
            best: false,
        }
    }

    #[test]
    fn scores_are_means_over_the_runs_that_have_them() {
        let mut comparison = comparison();
        assert!(table(&comparison).rows.is_empty(), "killed runs have none");
        for (run, f1) in comparison.runs.iter_mut().zip([0.5, 0.25]) {
            run.summary = Some(Summary { last: Some(evaluation(f1)), ..Summary::default() });
        }
        let table = table(&comparison);
        assert_eq!(table.rows.len(), 1);
        assert_eq!(
            table.rows[0].shown(&table.columns)[1..],
            ["0.2500 ± 0.0000", "0.0000 ± 0.0000", "0.0000 ± 0.0000", "0.3750 ± 0.1768", "–", "0.1250 ± 0.0000", "–"]
        );
        assert_eq!(comparison.runs[..3].iter().map(interval).collect::<Vec<_>>()[1..], ["0.2500 – 0.5000", ""]);
    }
}
