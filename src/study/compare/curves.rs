//! Curves of a group: means over its runs at equal steps, with their standard deviation.

use std::collections::BTreeMap;

use super::comparison::{Comparison, Group};
use super::run::ComparedRun;
use crate::charts::lines::Point;
use crate::study::figure::Figure;

/// Points of a curve of losses, at most: single steps are noise.
const BINS: u64 = 30;

/// Training loss over steps, averaged within bins.
pub(super) fn loss(comparison: &Comparison, group: &Group) -> Vec<Point> {
    let steps = comparison.members(group).filter_map(|run| run.steps.last()).map(|row| row.step).max().unwrap_or(0);
    let width = steps.div_ceil(BINS).max(1);
    mean(comparison.members(group).map(|run| binned(run, width)))
}

/// Validation mIoU over steps.
pub(super) fn miou(comparison: &Comparison, group: &Group) -> Vec<Point> {
    mean(comparison.members(group).map(|run| run.metrics.iter().map(|row| (row.step, row.miou)).collect()))
}

/// Mean loss of each bin of a run, by the bin's last step.
fn binned(run: &ComparedRun, width: u64) -> Vec<(u64, f64)> {
    let mut bins: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for row in &run.steps {
        bins.entry(row.step.div_ceil(width) * width).or_default().push(f64::from(row.loss));
    }
    bins.into_iter().filter_map(|(step, losses)| Some((step, Figure::of(losses)?.mean))).collect()
}

fn mean(curves: impl Iterator<Item = Vec<(u64, f64)>>) -> Vec<Point> {
    let mut at: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for (step, value) in curves.flatten() {
        at.entry(step).or_default().push(value);
    }
    let point = |(step, values): (u64, Vec<f64>)| {
        let figure = Figure::of(values)?;
        Some(Point { x: step as f64, y: figure.mean, margin: figure.spread.unwrap_or(0.0) })
    };
    at.into_iter().filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::super::comparison::tests::comparison;
    use super::*;

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
    fn losses_are_averaged_within_bins() {
        let run = &comparison().runs[0];
        let bins = binned(run, 10);
        assert_eq!(bins.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [10, 20]);
        let first: f64 = (1..=10).map(|step| 2.0 / f64::from(step)).sum::<f64>() / 10.0;
        assert!((bins[0].1 - first).abs() < 1e-6, "{bins:?}");
    }
}
