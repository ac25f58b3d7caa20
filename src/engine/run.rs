//! A run in progress. It advances in turns of one step or one window of an evaluation, so that the caller stays in control.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::best_network::BestNetwork;
use super::early_stop::EarlyStop;
use super::ending::Ending;
use super::evaluating::{Evaluating, Scored};
use super::meter::Meter;
use super::opened_run::OpenedRun;
use super::outbox::Outbox;
use super::progress::{Progress, SavedState};
use super::protocol::{Evaluation, EventKind, Outcome, Phase, RunInfo, StepReport, Summary};
use super::recorder::Recorder;
use super::refusal::Refusal;
use super::report;
use super::run_history::RunHistory;
use crate::data::{DataError, Project, TileFault};
use crate::domain::{Notice, RunConfig};
use crate::infer::Predictor;
use crate::infer::evaluation::Evaluated;
use crate::train::folder::{self, StepRow};
use crate::train::loss;
use crate::train::schedule::{Anchor, Course};
use crate::train::snapshot::Snapshot;

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

    fn progress(&self) -> Progress {
        if let Some(progress) = &self.at_end {
            return progress.clone();
        }
        Progress {
            step: self.step,
            batches: self.opened.learner.batches_taken(),
            steps_per_epoch: self.opened.info.steps_per_epoch,
            set_rate: self.set_rate,
            last_rate: self.last_rate,
            meter: self.meter.clone(),
            best: self.best.clone(),
            early_stop: self.early_stop.clone(),
            evaluated_at_step: self.evaluated_at_step,
            last: self.last.clone(),
            left_out: self.left_out.clone(),
            labels: self.opened.learner.fingerprint(),
            secs: self.secs(),
            evaluation_secs: self.evaluation_secs(),
        }
    }

    /// All it takes to resume the run from here. If that cannot be put together the user is told.
    fn state(&mut self, outbox: &Outbox) -> Option<SavedState> {
        let began = Instant::now();
        let made = self.opened.learner.trainer_state();
        self.opened.recorder.state_made_in(began.elapsed());
        match made {
            Ok(trainer) => Some(SavedState { progress: self.progress(), trainer }),
            Err(error) => {
                let notice = Notice::new("The run cannot be resumed from here").cause(error.to_string());
                self.opened.recorder.warn(outbox, notice);
                None
            }
        }
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
        self.inform(outbox, format!("Training on {name} ({}): {why}", info.device.backend));
        outbox.send(EventKind::Started(Box::new(info)));
        before.into_iter().for_each(|history| history.report(self.last.as_ref(), outbox));
        outbox.send(EventKind::Phase(Phase::Training));
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
    }

    fn phase(&self) -> Phase {
        match self.evaluation.as_ref().map(Evaluating::progress) {
            Some((done, total)) => Phase::Evaluating { done, total },
            None if self.paused => Phase::Paused,
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

    /// Reads new labels from the journal.
    pub(super) fn follow_labels(&mut self, outbox: &Outbox) {
        let OpenedRun { journal, learner, recorder, .. } = &mut self.opened;
        let changed = match learner.follow(journal) {
            Ok(changed) => changed,
            Err(error) => {
                let notice = Notice::new("New labels cannot be read").cause(error.to_string());
                return recorder.warn(outbox, notice);
            }
        };
        if !changed.is_empty() {
            self.labels_changed();
            self.go_on_with_new_labels(outbox);
        }
    }

    /// What was measured with other labels is not compared with what is to come.
    fn labels_changed(&mut self) {
        self.best.labels_changed();
        self.early_stop.labels_changed();
    }

    /// A run that was about to end early has more to learn than its scores knew.
    fn go_on_with_new_labels(&mut self, outbox: &Outbox) {
        if self.ending.take_if(|ending| matches!(ending, Ending::Early { .. })).is_some() {
            self.inform(outbox, "Training goes on: the labels have changed".to_owned());
        }
    }

    /// Networks that learned from earlier pseudo-labels are not compared with those to come by their loss.
    fn follow_pseudo_labels(&mut self, outbox: &Outbox) {
        let OpenedRun { learner, recorder, .. } = &mut self.opened;
        if learner.has_new_pseudo_labels() {
            self.best.labels_changed();
        }
        if let Some(why) = learner.take_trouble() {
            recorder.warn(outbox, Notice::new("Pseudo-labels stay as they are from now on").cause(why));
        }
    }

    /// Starts an evaluation of the current network, unless it has been evaluated already.
    pub(super) fn evaluate(&mut self, predictor: &mut Predictor, outbox: &Outbox) {
        if self.evaluated_at_step == Some(self.step) {
            self.inform(outbox, format!("Already scored at step {}: the network has not changed since", self.step));
        } else if self.evaluation.is_none() {
            let snapshot = self.opened.learner.snapshot();
            predictor.show(snapshot.clone());
            let raw = self.raw_predictor(predictor);
            let OpenedRun { project, val, held_out, .. } = &self.opened;
            self.evaluation = Some(Evaluating::new(project, (val.as_slice(), held_out), snapshot, raw));
            outbox.send(EventKind::Phase(self.phase()));
        }
    }

    /// What predicts by the weights without averaging, if they are to be scored as well.
    fn raw_predictor(&self, predictor: &Predictor) -> Option<Predictor> {
        let OpenedRun { info, learner, .. } = &self.opened;
        let snapshot = info.config.train.scores_raw().then(|| learner.raw_snapshot()).flatten()?;
        let mut raw = predictor.clone();
        raw.show(snapshot);
        Some(raw)
    }

    /// Writes the last checkpoint at the user's request. Each failure is reported, unlike those of regular saves.
    pub(super) fn save(&mut self, outbox: &Outbox) {
        if let Err(error) = self.save_all(true, outbox) {
            outbox.warn(Notice::new("The checkpoint was not written").cause(error.to_string()));
        }
    }

    /// Writes the last checkpoint and, if wanted, the state of the run.
    fn save_all(&mut self, with_state: bool, outbox: &Outbox) -> Result<(), DataError> {
        let state = if with_state { self.state(outbox) } else { None };
        let OpenedRun { recorder, learner, .. } = &mut self.opened;
        recorder.save(&learner.snapshot(), state.as_ref(), outbox)
    }

    /// What is needed to save a run that is over.
    pub(super) fn into_unsaved(mut self, outbox: &Outbox) -> (Recorder, Snapshot, Option<SavedState>) {
        let (net, state) = (self.opened.learner.snapshot(), self.state(outbox));
        (self.opened.recorder, net, state)
    }

    /// Gives a predictor the current network; during an evaluation, what is evaluated.
    pub(super) fn refresh(&self, predictor: &mut Predictor) {
        let evaluated = self.evaluation.as_ref().map(|evaluating| evaluating.snapshot.clone());
        predictor.show(evaluated.unwrap_or_else(|| self.opened.learner.snapshot()));
    }

    /// Takes a step, or predicts a window of an evaluation.
    pub(super) fn turn(&mut self, predictor: &mut Predictor, outbox: &Outbox) -> anyhow::Result<Turn> {
        if self.evaluation.is_some() {
            self.evaluation_turn(predictor, outbox);
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
        if self.opened.recorder.is_due() {
            self.save_all(self.opened.recorder.wants_state(), outbox).ok(); // The recorder reports it and tries again.
        }
        if self.is_evaluation_due() {
            self.evaluate(predictor, outbox);
        }
        Ok(Turn::More(secs))
    }

    /// Whether an epoch or the run has ended, and its network has not been evaluated.
    fn is_evaluation_due(&self) -> bool {
        let RunInfo { steps_per_epoch, total_steps, .. } = self.opened.info;
        let at_end = self.step.is_multiple_of(steps_per_epoch) || self.step == total_steps;
        self.step > 0 && at_end && self.evaluated_at_step != Some(self.step)
    }

    fn take_step(&mut self, outbox: &Outbox) -> anyhow::Result<()> {
        let began = Instant::now();
        let batches = self.opened.learner.next_batches();
        let waiting = began.elapsed();
        self.leave_out(self.opened.learner.take_faults(), outbox);
        let batches = batches.map_err(anyhow::Error::msg)?;
        self.follow_pseudo_labels(outbox);
        let lr = self.learning_rate();
        self.opened.learner.let_neighbours_agree(loss::crf_has_begun(self.step, self.opened.info.total_steps));
        let loss = self.opened.learner.learn(&batches, lr);
        self.step += 1;
        if !loss.is_finite() {
            let headline = format!("The loss is {loss} at step {}", self.step);
            let remedy = format!(
                "Resume it with a lower learning rate than {lr} (--resume with --lr), or start a new run with one; it may begin with \
                 the best checkpoint of this one"
            );
            return Err(Refusal(Notice::new(headline).remedy(remedy)).into());
        }
        self.meter.step(loss, waiting.as_secs_f64(), (began.elapsed() - waiting).as_secs_f64());
        self.report(lr, batches.iter().map(|batch| batch.labelled).sum(), outbox);
        Ok(())
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

    /// Reports the step: to the table by count, to the user by the clock.
    fn report(&mut self, lr: f64, labelled: u64, outbox: &Outbox) {
        let (step, epoch, total) = (self.step, self.epoch(), self.opened.info.total_steps);
        if step.is_multiple_of(folder::steps_per_row(total)) || step == total {
            self.add_row(lr, outbox);
        }
        self.last_rate = lr;
        if self.meter.is_report_due() || step == total {
            let (step_secs, waiting) = self.meter.take_report();
            let loss = self.meter.since_report.take();
            outbox.send(EventKind::Step(StepReport { step, epoch, loss, lr, step_secs, waiting, labelled }));
        }
    }

    fn add_row(&mut self, lr: f64, outbox: &Outbox) {
        let row = StepRow { step: self.step, epoch: self.epoch(), loss: self.meter.since_row.take(), lr };
        self.opened.recorder.add_step(&row, outbox);
    }

    /// Writes a row for the steps since the last one, at the end of the run.
    fn add_last_row(&mut self, outbox: &Outbox) {
        if self.meter.since_row.is_begun() {
            self.add_row(self.last_rate, outbox);
        }
    }

    /// The epoch the last step belonged to, from 1.
    fn epoch(&self) -> u32 {
        self.step.div_ceil(self.opened.info.steps_per_epoch) as u32
    }

    fn evaluation_turn(&mut self, predictor: &Predictor, outbox: &Outbox) {
        let Some(mut evaluating) = self.evaluation.take() else { return };
        let before = evaluating.progress();
        if evaluating.advance(predictor) {
            if evaluating.progress() != before {
                let (done, total) = evaluating.progress();
                outbox.send(EventKind::Phase(Phase::Evaluating { done, total }));
            }
            self.evaluation = Some(evaluating);
            return;
        }
        self.evaluated(evaluating.finish(), outbox);
        outbox.send(EventKind::Phase(self.phase()));
    }

    fn evaluated(&mut self, Scored { result, raw_miou, net }: Scored, outbox: &Outbox) {
        let Evaluated { scores, further, confusion, tiles, faults } = result;
        self.leave_out(faults, outbox);
        let train_loss = self.meter.since_evaluation.take();
        let best = self.best.rate(self.step, scores.miou, train_loss);
        self.end_early_if_due(scores.miou, outbox);
        let evaluation = Evaluation {
            step: self.step,
            epoch: self.epoch(),
            train_loss,
            measured_on: report::measured_on(&self.opened.project.classes, tiles.len(), scores.pixels),
            scores,
            raw_miou,
            further: Some(further),
            confusion,
            tiles,
            secs: self.evaluation_secs() as f32,
            best,
        };
        (self.evaluated, self.before[1]) = (Instant::now(), 0.0);
        self.evaluated_at_step = Some(self.step);
        self.last = Some(evaluation.clone());
        let lines = report::epoch_lines(&evaluation, self.opened.info.epochs());
        let state = if self.opened.recorder.wants_state() { self.state(outbox) } else { None };
        let recorder = &mut self.opened.recorder;
        lines.iter().chain(&report::raw_line(&evaluation)).for_each(|line| recorder.log(line, outbox));
        if best {
            recorder.save_best(net.clone(), outbox);
        }
        recorder.add_metrics(&evaluation, outbox);
        recorder.save(&net, state.as_ref(), outbox).ok(); // The recorder reports it and tries again.
        outbox.send(EventKind::Evaluated(Box::new(evaluation)));
    }

    /// Ends the run if its score has stopped rising. Only scores at the end of an epoch count, not those that somebody asks for.
    fn end_early_if_due(&mut self, miou: f64, outbox: &Outbox) {
        if self.step == 0 || !self.step.is_multiple_of(self.opened.info.steps_per_epoch) {
            return;
        }
        let why = self.early_stop.rate(miou);
        if let Some(why) = why.filter(|_| self.may_end_early()) {
            self.inform(outbox, format!("Training ends early after step {}: {why}", self.step));
            self.ending = Some(Ending::Early { why });
        }
    }

    /// Whether an epoch has ended and there are steps left.
    fn may_end_early(&self) -> bool {
        let RunInfo { steps_per_epoch, total_steps, .. } = self.opened.info;
        self.step > 0 && self.step.is_multiple_of(steps_per_epoch) && self.step < total_steps
    }

    fn finish(&mut self, ending: Ending, outbox: &Outbox) -> Summary {
        outbox.send(EventKind::Phase(Phase::Stopping));
        self.at_end = Some(self.progress());
        self.add_last_row(outbox);
        let unsaved = if self.step > 0 { self.save_at_end(outbox).err() } else { None };
        let mut summary = self.summary(ending.outcome(), ending.into_why());
        summary.unsaved = unsaved.map(|error| error.to_string());
        let recorder = &mut self.opened.recorder;
        recorder.log(&report::closing_line(&summary), outbox);
        summary.unsaved.iter().for_each(|why| recorder.log(&format!("[ERROR] {}", report::unsaved_line(why)), outbox));
        let written = recorder.write_summary(&summary).and_then(|()| recorder.sync());
        if let Err(error) = written {
            summary.unsaved.get_or_insert(error.to_string());
        }
        summary
    }

    fn save_at_end(&mut self, outbox: &Outbox) -> Result<(), DataError> {
        let why_best = self.best.end(self.step);
        why_best.iter().for_each(|why| self.inform(outbox, (*why).to_owned()));
        let state = self.state(outbox);
        let OpenedRun { recorder, learner, .. } = &mut self.opened;
        recorder.save_at_end(&learner.snapshot(), state.as_ref(), why_best.is_some(), outbox)
    }

    /// Ends the run after an error. Its figures and the reason are written, so that it can be opened. The checkpoints stay as
    /// they are: the current network may be the cause.
    pub(super) fn fail(&mut self, why: &Notice, outbox: &Outbox) -> Result<(), DataError> {
        self.add_last_row(outbox);
        self.opened.recorder.log(&format!("[ERROR] {why}"), outbox);
        let summary = self.summary(Outcome::Failed, Some(why.to_string()));
        self.opened.recorder.write_summary(&summary)?;
        self.opened.recorder.sync()
    }

    fn summary(&self, outcome: Outcome, why: Option<String>) -> Summary {
        Summary {
            folder: self.opened.info.folder.clone(),
            outcome,
            why,
            unsaved: None,
            steps: self.step,
            epochs: (self.step / self.opened.info.steps_per_epoch) as u32,
            best_miou: self.best.miou(),
            best_step: self.best.step(),
            last: self.last.clone(),
            secs: self.secs(),
            waiting: self.meter.waiting_share(),
            device: self.opened.info.device.clone(),
            parameters: self.opened.info.parameters,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
