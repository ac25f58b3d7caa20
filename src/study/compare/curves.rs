//! Curves of a group: means over its runs at steps that all of them reached, with their standard deviation.

use std::collections::BTreeMap;

use super::comparison::{Comparison, Group};
use super::run::ComparedRun;
use crate::charts::lines::Point;
use crate::study::figure::Figure;

/// Points of a curve of losses, at most: single steps are noise.
const BINS: u64 = 30;

/// Training loss over steps, averaged within bins.
pub(super) fn loss(comparison: &Comparison, group: &Group) -> Vec<Point> {
    let ends = comparison.members(group).filter_map(|run| run.steps.last()).map(|row| row.step);
    let Some(end) = ends.min() else { return Vec::new() };
    mean(comparison.members(group).map(|run| binned(run, end)))
}

/// Validation mIoU over steps.
pub(super) fn miou(comparison: &Comparison, group: &Group) -> Vec<Point> {
    mean(comparison.members(group).map(|run| run.metrics.iter().map(|row| (row.step, row.miou)).collect()))
}

/// Mean loss of each bin of a run until a step, by the bin's last step.
fn binned(run: &ComparedRun, end: u64) -> Vec<(u64, f64)> {
    let width = end.div_ceil(BINS).max(1);
    let mut bins: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for row in run.steps.iter().filter(|row| row.step <= end) {
        bins.entry((row.step.div_ceil(width) * width).min(end)).or_default().push(f64::from(row.loss));
    }
    bins.into_iter().filter_map(|(step, losses)| Some((step, Figure::of(losses)?.mean))).collect()
}

/// Means at the steps that all curves have: where one has ended, the mean of the others would jump.
fn mean(curves: impl Iterator<Item = Vec<(u64, f64)>>) -> Vec<Point> {
    let curves: Vec<BTreeMap<u64, f64>> = curves.map(BTreeMap::from_iter).filter(|curve| !curve.is_empty()).collect();
    let all = curves.len();
    let mut at: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for (step, value) in curves.into_iter().flatten() {
        at.entry(step).or_default().push(value);
    }
    let point = |(step, values): (u64, Vec<f64>)| {
        let figure = Figure::of(values)?;
        Some(Point { x: step as f64, y: figure.mean, margin: figure.spread.unwrap_or(0.0) })
    };
    at.into_iter().filter(|(_, values)| values.len() == all).filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::super::comparison::tests::comparison;
    use super::*;
    use crate::train::folder::StepRow;

    #[test]
    fn curves_are_means_over_runs() {
        let comparison = comparison();
        let group = &comparison.groups[0];
        let curve = miou(&comparison, group);
        assert_eq!(curve.iter().map(|point| point.x as u64).collect::<Vec<_>>(), [10, 20]);
        assert!((curve[1].y - 0.45).abs() < 1e-12 && (curve[1].margin - 0.005_f64.sqrt()).abs() < 1e-12, "{curve:?}");
        let losses = loss(&comparison, group);
        assert_eq!((losses.len(), losses[0].margin), (20, 0.0));
        assert!((losses[1].y - 1.0).abs() < 1e-6);
    }

    #[test]
    fn losses_are_averaged_within_bins_that_end_with_the_run() {
        let mut run = comparison().runs[0].clone();
        run.steps = (1..=65).map(|step| StepRow { step, epoch: 1, loss: step as f32, lr: 1e-3 }).collect();
        let bins = binned(&run, 65);
        assert_eq!((bins.len(), bins[0]), (22, (3, 2.0)));
        assert_eq!(bins[21], (65, 64.5), "the last bin has two steps");
    }

    #[test]
    fn a_mean_ends_where_a_run_ends() {
        let mut comparison = comparison();
        comparison.runs[1].metrics.truncate(1);
        comparison.runs[1].steps.truncate(10);
        let group = &comparison.groups[0];
        assert_eq!(miou(&comparison, group).iter().map(|point| point.x as u64).collect::<Vec<_>>(), [10]);
        assert_eq!(loss(&comparison, group).len(), 10);
    }
}
