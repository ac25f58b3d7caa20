//! How long the rest of a study takes, from what was measured.

use std::collections::BTreeMap;

use crate::domain::RunConfig;
use crate::domain::config::Precision;

/// A run, as far as time is concerned.
pub(super) struct Timed<'a> {
    pub(super) config: &'a RunConfig,
    pub(super) progress: Progress,
    /// The share of its steps that is saved, of a run that is not done.
    pub(super) saved: f64,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Progress {
    /// Done, in so many seconds.
    Done(f64),
    /// Being made for so many seconds.
    Running(f64),
    /// To be made.
    Open,
}

/// Seconds until all runs are done, with as many workers as there are now; `None` before the first one is done.
pub(super) fn seconds(runs: &[Timed<'_>]) -> Option<f64> {
    let mut done: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut all = Vec::new();
    for run in runs {
        if let Progress::Done(secs) = run.progress {
            done.entry(cost_class(run.config)).or_default().push(secs);
            all.push(secs);
        }
    }
    let usual = median(&all)?;
    let expected = |run: &Timed<'_>| done.get(&cost_class(run.config)).and_then(|secs| median(secs)).unwrap_or(usual);
    let left = |run: &Timed<'_>| {
        let unsaved = expected(run) * (1.0 - run.saved);
        match run.progress {
            Progress::Done(_) => 0.0,
            // It is slower than expected: what is saved tells how far it is.
            Progress::Running(secs) if secs > expected(run) && run.saved > 0.0 => unsaved,
            // Its worker may have gone on with what another one had saved.
            Progress::Running(secs) => (expected(run) - secs).min(unsaved).max(0.0),
            Progress::Open => unsaved,
        }
    };
    let workers = runs.iter().filter(|run| matches!(run.progress, Progress::Running(_))).count().max(1);
    // No worker is faster than the longest run.
    let (sum, longest) = runs.iter().map(left).fold((0.0, 0.0_f64), |(sum, most), secs| (sum + secs, most.max(secs)));
    Some((sum / workers as f64).max(longest))
}

/// Whether two runs take about as long as each other.
pub(super) fn is_like(one: &RunConfig, other: &RunConfig) -> bool {
    cost_class(one) == cost_class(other)
}

/// Runs of one class take about as long as each other: same network, data, input, numbers and length.
fn cost_class(config: &RunConfig) -> String {
    let (model, train) = (&config.model, &config.train);
    let extent = (train.length, train.batch, train.accumulate, train.input, train.scales);
    let effort = (train.precision == Precision::Mixed, train.pseudo_labels > 0.0, train.loss.gated_crf > 0.0);
    format!("{model:?} {extent:?} {effort:?} {:?} {}", config.data, config.folds)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        count if count % 2 == 0 => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
        _ => Some(sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::Arch;

    #[test]
    fn the_rest_is_estimated_from_runs_of_the_same_kind() {
        let small = RunConfig::demo();
        let mut large = RunConfig::demo();
        large.model.arch = Arch::UNetPlusPlus;
        let left = |runs: &[(&RunConfig, Progress)]| {
            let timed = runs.iter().map(|(config, progress)| Timed { config, progress: *progress, saved: 0.0 });
            seconds(&timed.collect::<Vec<_>>())
        };
        use Progress::{Done, Open, Running};
        assert_eq!(left(&[(&small, Open), (&large, Running(5.0))]), None);
        let measured = [(&small, Done(10.0)), (&small, Done(20.0)), (&large, Done(60.0))];
        let with = |more: &[(&RunConfig, Progress)]| left(&[&measured, more].concat());
        assert_eq!(with(&[]), Some(0.0));
        assert_eq!(with(&[(&small, Open), (&large, Open)]), Some(75.0));
        assert_eq!(with(&[(&large, Running(50.0)), (&small, Open)]), Some(25.0));
        // Two workers share (60 − 50) + (15 − 5) + 15 + 15 = 50 s.
        assert_eq!(
            with(&[(&large, Running(50.0)), (&small, Running(5.0)), (&small, Open), (&small, Open)]),
            Some(25.0)
        );
        assert_eq!(with(&[(&small, Running(99.0))]), Some(0.0), "it takes longer than usual");
        let two = [(&large, Running(0.0)), (&small, Running(15.0))];
        assert_eq!(with(&two), Some(60.0), "the longest run is not divided");
        let mut other = RunConfig::demo();
        other.train.batch = 7;
        assert_eq!(with(&[(&other, Open)]), Some(20.0), "of an unknown kind: the median of all");
    }

    #[test]
    fn what_is_saved_of_a_run_takes_no_time_again() {
        let config = &RunConfig::demo();
        let left = |progress: Progress, saved: f64| {
            let measured = Timed { config, progress: Progress::Done(100.0), saved: 0.0 };
            seconds(&[measured, Timed { config, progress, saved }])
        };
        assert_eq!(left(Progress::Open, 0.75), Some(25.0));
        assert_eq!(left(Progress::Open, 1.0), Some(0.0));
        assert_eq!(left(Progress::Running(5.0), 0.75), Some(25.0), "it has gone on from what was saved");
        assert_eq!(left(Progress::Running(90.0), 0.5), Some(10.0), "it was saved a while ago");
        assert_eq!(left(Progress::Running(150.0), 0.5), Some(50.0), "slower than expected");
    }
}
