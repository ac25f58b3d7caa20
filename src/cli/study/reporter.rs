//! Prints how a queue is worked off, with a progress bar where there is a terminal.

use indicatif::ProgressBar;

use crate::cli::out;
use crate::cli::progress::bar;
use crate::domain::count::counted;
use crate::engine::protocol::{RunInfo, Summary};
use crate::engine::{Event, EventKind, Phase, report};
use crate::study::folder::StudyFolder;
use crate::study::key::RunKey;
use crate::study::overview::Overview;
use crate::study::plan::Plan;
use crate::study::queue::News;

/// Prints what happens in a study.
pub(super) struct Reporter<'a> {
    plan: &'a Plan,
    keys: &'a [RunKey],
    folder: &'a StudyFolder,
    quiet: bool,
    bar: ProgressBar,
    /// Name of the run in progress.
    run: String,
    epochs: u32,
    /// What a resumed run did before is being reported.
    is_looking_back: bool,
    /// Runs of others that were waited for at the last look.
    waited: usize,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(plan: &'a Plan, keys: &'a [RunKey], folder: &'a StudyFolder, quiet: bool) -> Self {
        let (bar, run) = (bar(quiet), String::new());
        Self { plan, keys, folder, quiet, bar, run, epochs: 0, is_looking_back: false, waited: 0 }
    }

    pub(super) fn take(&mut self, news: News<'_>) {
        match news {
            News::Begins(index) => self.begins(index),
            News::Event(event) => self.event(event),
            News::Done(summary) => self.done(summary),
            News::Failed(why) => self.bar.suspend(|| out::error(&format!("{} failed: {why}", self.run))),
            News::Lost => {
                let why = "this worker seemed dead, and another one has taken the run over";
                self.bar.suspend(|| out::error(&format!("[WARNING] {}: {why}", self.run)));
            }
            News::Waits(others) => self.waits(others),
        }
    }

    fn waits(&mut self, others: usize) {
        if std::mem::replace(&mut self.waited, others) != others {
            self.print(&format!("Waiting for {} in progress elsewhere", counted(others as u64, "run")));
        }
    }

    fn begins(&mut self, index: usize) {
        self.run.clone_from(&self.plan.runs[index].name);
        self.bar.reset();
        self.bar.set_prefix(self.run.clone());
        self.print(&format!("[{}/{}] {}", index + 1, self.plan.runs.len(), self.run));
    }

    fn event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Started(info) => self.started(info),
            EventKind::Step(step) => {
                self.bar.set_position(step.step);
                self.bar.set_message(format!("loss {:.4}", step.loss));
            }
            EventKind::Phase(phase) => self.phase(phase),
            EventKind::Evaluated(_) if self.is_looking_back => {}
            EventKind::Evaluated(evaluation) => {
                report::epoch_lines(evaluation, self.epochs).iter().for_each(|line| self.print(line));
            }
            EventKind::Warning(notice) => self.bar.suspend(|| out::error(&format!("[WARNING] {}: {notice}", self.run))),
            _ => {}
        }
    }

    fn phase(&mut self, phase: &Phase) {
        self.is_looking_back &= !phase.takes_steps();
        match phase {
            Phase::Preparing { what, .. } => self.bar.set_message(what.clone()),
            Phase::Tuning => self.bar.set_message(Phase::TUNING),
            Phase::Idle | Phase::Training | Phase::Paused | Phase::Evaluating { .. } | Phase::Stopping => {}
        }
    }

    fn started(&mut self, info: &RunInfo) {
        (self.epochs, self.is_looking_back) = (info.epochs(), info.steps_before > 0);
        self.bar.set_length(info.total_steps);
        if info.steps_before > 0 {
            self.print(&format!("It goes on after step {} of {}", info.steps_before, info.total_steps));
        }
    }

    fn done(&self, summary: &Summary) {
        let score = summary.best_miou.map_or_else(|| "not scored".to_owned(), |miou| format!("best mIoU {miou:.4}"));
        let overview = Overview::of(self.plan, Some(self.keys), self.folder);
        let line = format!("{}: {score}, {}. {}", self.run, duration(summary.secs), standing(&overview));
        self.bar.suspend(|| out::line(&line));
    }

    fn print(&self, line: &str) {
        if !self.quiet {
            self.bar.suspend(|| out::line(line));
        }
    }
}

/// How far a study is, in a line.
pub(super) fn standing(overview: &Overview) -> String {
    let count = |word: &str| match overview.count(word) {
        0 => String::new(),
        count => format!(", {count} {word}"),
    };
    let (done, all) = (overview.count("done"), overview.runs.len());
    let left = overview.left_secs.filter(|_| done < all).map(|secs| format!(", about {} left", duration(secs)));
    format!("{done} of {all} runs are done{}{}{}", count("running"), count("failed"), left.unwrap_or_default())
}

/// A duration to two figures: `45 s`, `12 min`, `3.5 h`.
pub(super) fn duration(secs: f64) -> String {
    match secs {
        ..100.0 => format!("{secs:.0} s"),
        ..6000.0 => format!("{:.0} min", secs / 60.0),
        _ => format!("{:.1} h", secs / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::study::preset::StudyPreset;

    /// A run that is resumed on a GPU may be evaluated before its first step.
    #[test]
    fn what_a_run_did_before_is_over_once_it_takes_steps_or_tries_kernels() {
        let plan = Plan::read("study", StudyPreset::DeepGlobe.text(), Path::new(""), Some(Path::new("tiles"))).unwrap();
        let folder = StudyFolder::at(Path::new("study"));
        for (phase, looks_back) in [(Phase::Tuning, false), (Phase::Training, false), (Phase::Stopping, true)] {
            let mut reporter = Reporter::new(&plan, &[], &folder, true);
            reporter.is_looking_back = true;
            reporter.event(&Event { run: 0, kind: EventKind::Phase(phase.clone()) });
            assert_eq!(reporter.is_looking_back, looks_back, "{phase:?}");
        }
    }

    #[test]
    fn durations_are_rounded_for_reading() {
        assert_eq!([7.4, 99.0, 125.0, 5400.0, 9000.0].map(duration), ["7 s", "99 s", "2 min", "90 min", "2.5 h"]);
    }
}
