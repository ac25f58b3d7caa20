//! A run in progress. It advances in turns of one step or one window of an evaluation, so that the caller stays in control.
//!
//! `steps` trains, `evaluation` scores, `labels` follows what the user draws, `saving` writes where the run stands, `finish` ends it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::best_network::BestNetwork;
use super::early_stop::EarlyStop;
use super::ending::Ending;
use super::evaluating::Evaluating;
use super::meter::Meter;
use super::opened_run::OpenedRun;
use super::outbox::Outbox;
use super::progress::Progress;
use super::protocol::{Evaluation, EventKind, Phase, RunInfo, Summary};
use super::report;
use super::run_history::RunHistory;
use crate::data::{Project, TileFault};
use crate::domain::{Notice, RunConfig};
use crate::infer::Predictor;
use crate::train::schedule::{Anchor, Course};

mod evaluation;
mod finish;
mod labels;
mod saving;
mod steps;

/// A run in progress.
pub(super) struct Run {
    opened: OpenedRun,
    course: Course,
    /// The learning rate set last: at the start or by the user.
    set_rate: Anchor,
    /// The learning rate of the last step.
    last_rate: f64,
    /// Steps taken.
    step: u64,
    paused: bool,
    /// The next step is the first one on a GPU, which tries kernels.
    tuning: bool,
    /// How the run ends at the next turn.
    ending: Option<Ending>,
    /// The evaluation in progress.
    evaluation: Option<Evaluating>,
    evaluated_at_step: Option<u64>,
    meter: Meter,
    best: BestNetwork,
    early_stop: EarlyStop,
    last: Option<Evaluation>,
    /// Ids of training and validation tiles that turned out to be unreadable.
    left_out: BTreeSet<String>,
    started: Instant,
    evaluated: Instant,
    /// Seconds before `started` and before `evaluated`, in a run that was resumed.
    before: [f64; 2],
    /// Where the run stood when it ended: ending it changes what the summary says.
    at_end: Option<Progress>,
}

/// The result of a turn.
pub(super) enum Turn {
    /// There is more to do. The seconds spent training, of which previews may take a share.
    More(f64),
    /// The run is over and on disk.
    Finished(Box<Summary>),
}

impl Run {
    pub(super) fn new(opened: OpenedRun) -> Self {
        let now = Instant::now();
        let RunInfo { config: RunConfig { train, .. }, steps_per_epoch, total_steps, .. } = &opened.info;
        let course = Course::new(train, *steps_per_epoch, *total_steps);
        Self {
            set_rate: course.start(train.lr),
            course,
            last_rate: 0.0,
            step: 0,
            paused: false,
            tuning: opened.info.device.is_gpu,
            ending: None,
            evaluation: None,
            evaluated_at_step: None,
            meter: Meter::default(),
            best: BestNetwork::default(),
            early_stop: EarlyStop::new(train.patience),
            last: None,
            left_out: BTreeSet::new(),
            started: now,
            evaluated: now,
            before: [0.0; 2],
            at_end: None,
            opened,
        }
    }

    /// A run that goes on from where it was saved. Labels that have changed since are learned from as in a run that was not stopped.
    pub(super) fn resumed(opened: OpenedRun, saved: Progress, has_new_labels: bool) -> Self {
        let Progress { step, set_rate, last_rate, meter, best, early_stop, evaluated_at_step, last, left_out, .. } =
            saved;
        let early_stop = early_stop.with_patience(opened.info.config.train.patience);
        let mut run = Self { step, set_rate, last_rate, meter, best, early_stop, ..Self::new(opened) };
        (run.evaluated_at_step, run.last, run.left_out) = (evaluated_at_step, last, left_out);
        run.before = [saved.secs, saved.evaluation_secs];
        if has_new_labels {
            run.labels_changed();
        }
        if run.evaluated_at_step == Some(step) && run.may_end_early() {
            run.ending = run.early_stop.why().map(|why| Ending::Early { why });
        }
        run
    }

    /// Seconds since the start.
    fn secs(&self) -> f64 {
        self.before[0] + self.started.elapsed().as_secs_f64()
    }

    /// Seconds since the last evaluation ended.
    fn evaluation_secs(&self) -> f64 {
        self.before[1] + self.evaluated.elapsed().as_secs_f64()
    }

    /// Reports that the run is ready to train; `before` is what it has done already.
    pub(super) fn announce_start(&mut self, before: Option<RunHistory>, outbox: &Outbox) {
        let info = self.opened.info.clone();
        let note = report::weights_line(&info.config.train.class_weights, &self.opened.learner.terms().weights);
        note.into_iter().for_each(|note| self.inform(outbox, note));
        let (name, why) = (&info.device.name, &info.device.why);
        self.inform(outbox, format!("Training on {name} ({}): {why}", info.device.how()));
        if self.tuning {
            self.inform(outbox, report::TUNING_LINE.to_owned());
        }
        outbox.send(EventKind::Started(Box::new(info)));
        before.into_iter().for_each(|history| history.report(self.last.as_ref(), outbox));
        outbox.send(EventKind::Phase(self.phase()));
    }

    pub(super) fn project(&self) -> Arc<Project> {
        Arc::clone(&self.opened.project)
    }

    pub(super) fn info(&self) -> &RunInfo {
        &self.opened.info
    }

    pub(super) fn step(&self) -> u64 {
        self.step
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused && self.evaluation.is_none() && self.ending != Some(Ending::Stopped)
    }

    pub(super) fn set_paused(&mut self, paused: bool, outbox: &Outbox) {
        self.paused = paused;
        outbox.send(EventKind::Phase(self.phase()));
        self.follow_state(outbox);
    }

    /// Tells what has come of the state that was being written. In a pause nobody asks again until it ends, so it is waited for: who
    /// pauses may switch the machine off.
    fn follow_state(&mut self, outbox: &Outbox) {
        if self.is_paused() {
            self.opened.recorder.wait_for_state(outbox);
        } else {
            self.opened.recorder.follow_state(outbox);
        }
    }

    fn phase(&self) -> Phase {
        match self.evaluation.as_ref().map(Evaluating::progress) {
            Some((done, total)) => Phase::Evaluating { done, total },
            None if self.paused => Phase::Paused,
            None if self.tuning => Phase::Tuning,
            None => Phase::Training,
        }
    }

    /// Sets the rate of the next step; the schedule continues from there.
    pub(super) fn set_learning_rate(&mut self, rate: f64, outbox: &Outbox) {
        if rate.is_finite() && rate > 0.0 {
            self.set_rate = self.course.set(self.set_rate, self.step, rate);
            self.inform(outbox, format!("Learning rate set to {rate} after step {}", self.step));
        } else {
            let notice = Notice::new(format!("A learning rate of {rate} cannot be used: the previous one stays"));
            self.opened.recorder.warn(outbox, notice.remedy("Choose one above 0, such as 0.001"));
        }
        outbox.send(EventKind::LearningRate(self.learning_rate()));
    }

    /// The rate of the next step.
    fn learning_rate(&self) -> f64 {
        self.course.rate(self.set_rate, self.step)
    }

    /// The run ends after the current step.
    pub(super) fn stop(&mut self, outbox: &Outbox) {
        self.ending = Some(Ending::Stopped);
        self.evaluation = None;
        outbox.send(EventKind::Phase(Phase::Stopping));
    }

    /// Informs the user and the log.
    pub(super) fn inform(&mut self, outbox: &Outbox, text: String) {
        self.opened.recorder.inform(outbox, text);
    }

    /// Gives a predictor the current network; during an evaluation, what is evaluated.
    pub(super) fn refresh(&self, predictor: &mut Predictor) {
        let evaluated = self.evaluation.as_ref().map(|evaluating| evaluating.snapshot.clone());
        predictor.show(evaluated.unwrap_or_else(|| self.opened.learner.snapshot()));
    }

    /// Warns the user, and in the log.
    pub(super) fn warn(&mut self, outbox: &Outbox, notice: Notice) {
        self.opened.recorder.warn(outbox, notice);
    }

    /// Takes a step, or predicts a window of an evaluation.
    pub(super) fn turn(&mut self, predictor: &mut Predictor, outbox: &Outbox) -> anyhow::Result<Turn> {
        if self.evaluation.is_some() {
            self.evaluation_turn(predictor, outbox);
            self.follow_state(outbox);
            return Ok(Turn::More(0.0));
        }
        if let Some(ending) = self.ending.take() {
            return Ok(Turn::Finished(Box::new(self.finish(ending, outbox))));
        }
        if self.is_evaluation_due() {
            self.evaluate(predictor, outbox); // The run was stopped before it.
            return Ok(Turn::More(0.0));
        }
        if self.step >= self.opened.info.total_steps {
            self.ending = Some(Ending::Completed);
            return Ok(Turn::More(0.0));
        }
        let began = Instant::now();
        self.take_step(outbox)?;
        let secs = began.elapsed().as_secs_f64();
        if std::mem::take(&mut self.tuning) {
            outbox.send(EventKind::Phase(self.phase()));
        }
        self.follow_state(outbox);
        if self.opened.recorder.is_due() {
            self.save_all(self.opened.recorder.wants_state(), outbox).ok(); // The recorder reports it and tries again.
        }
        if self.is_evaluation_due() {
            self.evaluate(predictor, outbox);
        }
        Ok(Turn::More(secs))
    }

    /// Reports tiles that turned out to be unreadable, and corrects the split that was reported at the start.
    fn leave_out(&mut self, faults: Vec<TileFault>, outbox: &Outbox) {
        for TileFault { tile, what } in faults {
            let id = self.opened.project.tiles[tile].id.clone();
            if !self.left_out.insert(id.clone()) {
                continue; // A validation tile fails at each evaluation.
            }
            let OpenedRun { recorder, split, info: RunInfo { train_tiles, val_tiles, .. }, .. } = &mut self.opened;
            recorder.warn(outbox, Notice::new(format!("Tile {id} is left out")).cause(what));
            let left = |ids: &[String]| ids.iter().filter(|id| !self.left_out.contains(*id)).count();
            let (train, val) = (left(train_tiles), left(val_tiles));
            let corrected = format!("Split corrected to {train} train / {val} val: tile {id} cannot be read");
            // A validation tile stays in the record: it may be readable again at the next evaluation.
            recorder.write_split(split.clone().without(&self.left_out), outbox);
            recorder.inform(outbox, corrected);
        }
    }
}

#[cfg(test)]
mod tests;
