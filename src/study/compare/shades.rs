//! Confusion matrices and reliability diagrams of groups, summed over their runs.

use super::comparison::{Comparison, Group};
use super::run::ComparedRun;
use crate::charts::Drawing;
use crate::charts::matrix::{Cell, MatrixChart};
use crate::charts::reliability::{ReliabilityBin, ReliabilityChart};
use crate::charts::scale::brief;
use crate::domain::calibration::{Bin, Reliability};
use crate::domain::choice::choice_enum;
use crate::domain::{Choice as _, Confusion};

choice_enum! {
    /// What the cells of a confusion matrix are shares of.
    pub enum Shares, "matrix" {
        Rows { name: "rows", title: "by row", help: "Shares of the true class: the diagonal is recall" }
        Columns { name: "columns", title: "by column", help: "Shares of the predicted class: the diagonal is precision" }
        Counts { name: "counts", title: "counts", help: "Pixels" }
    }
}

/// The confusion matrix of a group after the last step, without ignored classes; `None` if no run has one.
pub(super) fn confusion(comparison: &Comparison, group: &Group, shares: Shares) -> Option<Drawing> {
    let first = comparison.members(group).find(|run| matrix(run).is_some())?;
    let alike = comparison.members(group).filter(|run| run.classes == first.classes).filter_map(matrix);
    let mut sum = Confusion::new(first.classes.len());
    alike.for_each(|matrix| sum.merge(matrix));
    let scored: Vec<usize> = (0..first.classes.len()).filter(|class| first.classes.is_scored(*class as u8)).collect();
    let names = scored.iter().map(|class| first.classes.name(*class as u8).to_owned()).collect();
    let row =
        |truth: &usize| scored.iter().map(|predicted| cell(&sum, &scored, [*truth, *predicted], shares)).collect();
    let title = format!("Confusion matrix ({}) of {}", shares.title(), group.words);
    let sides = ["truth".to_owned(), "prediction".to_owned()];
    Some(MatrixChart { title, names, sides, cells: scored.iter().map(row).collect() }.draw())
}

fn matrix(run: &ComparedRun) -> Option<&Confusion> {
    let last = run.summary.as_ref()?.last.as_ref()?;
    (last.confusion.classes() == run.classes.len() && last.scores.pixels > 0).then_some(&last.confusion)
}

fn cell(sum: &Confusion, scored: &[usize], [truth, predicted]: [usize; 2], shares: Shares) -> Cell {
    let pixels = sum.get(truth, predicted);
    let row: u64 = scored.iter().map(|other| sum.get(truth, *other)).sum();
    let column: u64 = scored.iter().map(|other| sum.get(*other, predicted)).sum();
    let of = |all: u64| if all == 0 { f64::NAN } else { pixels as f64 / all as f64 };
    let percent = |share: f64| if share.is_nan() { "–".to_owned() } else { format!("{:.1}", 100.0 * share) };
    match shares {
        Shares::Rows => Cell { share: of(row), text: percent(of(row)) },
        Shares::Columns => Cell { share: of(column), text: percent(of(column)) },
        Shares::Counts => Cell { share: of(row), text: brief(pixels) },
    }
}

/// The bins of a run's last evaluation; none if it has none.
fn bins(run: &ComparedRun) -> &[Bin] {
    run.further().map(|further| further.reliability.bins.as_slice()).unwrap_or_default()
}

/// The reliability diagram of a group after the last step; `None` if no run has one.
pub(super) fn reliability(comparison: &Comparison, group: &Group) -> Option<Drawing> {
    let mut sum = Reliability::default();
    for run in comparison.members(group) {
        for (into, from) in sum.bins.iter_mut().zip(bins(run)) {
            into.pixels += from.pixels;
            into.right += from.right;
            into.confidence += from.confidence;
        }
    }
    let pixels: u64 = sum.bins.iter().map(|bin| bin.pixels).sum();
    let filled = sum.bins.iter().enumerate().filter(|(_, bin)| bin.pixels > 0);
    let filled = filled.map(|(number, bin)| ReliabilityBin {
        bin: number,
        confidence: bin.mean_confidence(),
        accuracy: bin.accuracy(),
        share: bin.pixels as f64 / pixels as f64,
    });
    let headline = format!("calibration error {:.4}", sum.error());
    let title = format!("Reliability of {}: {headline}", group.words);
    (pixels > 0).then(|| ReliabilityChart { title, headline, bins: filled.collect(), of: sum.bins.len() }.draw())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Mask;

    #[test]
    fn cells_are_shares_of_their_row_or_column() {
        let row = |data: &[u8]| Mask::from_vec(data.len() as u32, 1, data.to_vec()).unwrap();
        let mut sum = Confusion::new(3);
        sum.add(&row(&[0, 0, 0, 0, 1, 2]), &row(&[0, 0, 0, 1, 1, 0]));
        let scored = [0, 1]; // Class 2 is ignored, and its pixel is nobody's.
        let text = |shares, at| cell(&sum, &scored, at, shares).text;
        assert_eq!(
            [text(Shares::Rows, [0, 1]), text(Shares::Columns, [0, 1]), text(Shares::Counts, [0, 0])],
            ["25.0", "50.0", "3"]
        );
        assert_eq!(text(Shares::Columns, [0, 0]), "100.0");
        let empty = Confusion::new(3);
        assert!(cell(&empty, &scored, [0, 0], Shares::Rows).share.is_nan());
    }
}
