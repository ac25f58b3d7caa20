//! A run under way: one turn is one step or one window of an evaluation, so that whoever calls stays in control.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::choice::Choice;
use super::keeper::Keeper;
use super::meter::Meter;
use super::outbox::Outbox;
use super::protocol::{Evaluation, EventKind, Outcome, Phase, RunInfo, StepReport, Summary};
use super::{report, start};
use crate::data::feed::loader::Loader;
use crate::data::feed::training_set::TrainingSet;
use crate::data::{DataError, Journal, Project, TileFault};
use crate::infer::evaluation::Evaluated;
use crate::infer::{EvaluationJob, Predictor};
use crate::model::Net;
use crate::train::folder::{self, SplitRecord, StepRow};
use crate::train::schedule::{self, Anchor};
use crate::train::trainer::Trainer;
use crate::train::weighting::Weighting;

/// What a run is made of.
pub(super) struct Parts {
    pub(super) info: RunInfo,
    pub(super) project: Arc<Project>,
    pub(super) val: Vec<usize>,
    pub(super) trainer: Trainer,
    pub(super) loader: Loader,
    pub(super) set: Arc<TrainingSet>,
    pub(super) weighting: Weighting,
    pub(super) journal: Journal,
    pub(super) keeper: Keeper,
}

/// A run under way.
pub(super) struct Run {
    parts: Parts,
    weights: Vec<f32>,
    /// The learning rate that was set last.
    set_rate: Anchor,
    /// The learning rate of the last step.
    last_rate: f64,
    step: u64,
    paused: bool,
    ending: Option<Outcome>,
    evaluation: Option<EvaluationJob>,
    evaluated_at_step: Option<u64>,
    meter: Meter,
    choice: Choice,
    last: Option<Evaluation>,
    /// Ids of tiles of the split that turned out unreadable.
    left_out: BTreeSet<String>,
    started: Instant,
    evaluated: Instant,
}

/// What a turn came to.
pub(super) enum Turn {
    /// There is more to do. Seconds spent training, of which previews may take a share.
    More(f64),
    /// The run is over and on disk.
    Finished(Box<Summary>),
}

impl Run {
    pub(super) fn new(parts: Parts) -> Self {
        let now = Instant::now();
        Self {
            weights: parts.weighting.weights(),
            set_rate: Anchor { rate: parts.info.config.train.lr, step: 0 },
            last_rate: 0.0,
            step: 0,
            paused: false,
            ending: None,
            evaluation: None,
            evaluated_at_step: None,
            meter: Meter::new(),
            choice: Choice::default(),
            last: None,
            left_out: BTreeSet::new(),
            started: now,
            evaluated: now,
            parts,
        }
    }

    /// Tells that everything is ready.
    pub(super) fn announce_start(&mut self, outbox: &Outbox) {
        let info = self.parts.info.clone();
        let note = start::weights_note(&info.config.train.class_weights, &self.weights);
        note.into_iter().for_each(|note| self.say(outbox, note));
        let (name, why) = (&info.device.name, &info.device.why);
        self.say(outbox, format!("Training on {name} ({}): {why}", info.device.backend));
        outbox.send(EventKind::Started(Box::new(info)));
        outbox.send(EventKind::Phase(Phase::Training));
    }

    pub(super) fn project(&self) -> Arc<Project> {
        Arc::clone(&self.parts.project)
    }

    pub(super) fn info(&self) -> &RunInfo {
        &self.parts.info
    }

    pub(super) fn step(&self) -> u64 {
        self.step
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused && self.ending.is_none() && self.evaluation.is_none()
    }

    pub(super) fn set_paused(&mut self, paused: bool, outbox: &Outbox) {
        self.paused = paused;
        outbox.send(EventKind::Phase(self.phase()));
    }

    fn phase(&self) -> Phase {
        match self.evaluation.as_ref().map(EvaluationJob::progress) {
            Some((done, total)) => Phase::Evaluating { done, total },
            None if self.paused => Phase::Paused,
            None => Phase::Training,
        }
    }

    /// The rate of the next step; what comes after decays from there.
    pub(super) fn set_learning_rate(&mut self, rate: f64, outbox: &Outbox) {
        if rate.is_finite() && rate > 0.0 {
            self.set_rate = Anchor { rate, step: self.step };
            self.say(outbox, format!("Learning rate set to {rate} after step {}", self.step));
        } else {
            self.parts.keeper.warn(outbox, format!("a learning rate of {rate} cannot be used: the one before stays"));
        }
        outbox.send(EventKind::LearningRate(self.learning_rate()));
    }

    /// The rate of the next step.
    fn learning_rate(&self) -> f64 {
        let RunInfo { config, total_steps, .. } = &self.parts.info;
        schedule::learning_rate(config.train.schedule, self.set_rate, self.step, *total_steps)
    }

    /// The run ends after the current step.
    pub(super) fn stop(&mut self, outbox: &Outbox) {
        self.ending = Some(Outcome::Stopped);
        self.evaluation = None;
        outbox.send(EventKind::Phase(Phase::Stopping));
    }

    /// Tells and logs.
    pub(super) fn say(&mut self, outbox: &Outbox, text: String) {
        self.parts.keeper.say(outbox, text);
    }

    /// Takes over what has been clicked since.
    pub(super) fn follow_labels(&mut self, outbox: &Outbox) {
        let Parts { journal, set, weighting, project, keeper, info, .. } = &mut self.parts;
        let changed = match set.follow(journal) {
            Ok(changed) => changed,
            Err(error) => return keeper.warn(outbox, format!("new labels cannot be read: {error}")),
        };
        if changed.iter().any(|id| !info.val_tiles.contains(id)) {
            self.choice.labels_changed();
        }
        if weighting.needs_counts() {
            let learned = set.tiles();
            let touched = |&index: &usize| changed.contains(&project.tiles[index].id) && learned.contains(&index);
            for index in (0..project.tiles.len()).filter(touched) {
                if let Some(counts) = set.label_counts(index) {
                    weighting.count(index, counts);
                }
            }
            self.weights = weighting.weights();
        }
    }

    /// Evaluates after the current step, if that was not done yet.
    pub(super) fn evaluate(&mut self, predictor: &mut Predictor, outbox: &Outbox) {
        if self.evaluated_at_step == Some(self.step) {
            self.say(outbox, format!("Scored already at step {}: the network has not changed since", self.step));
        } else if self.evaluation.is_none() {
            predictor.set_net(self.parts.trainer.valid());
            self.evaluation = Some(EvaluationJob::new(self.project(), &self.parts.val));
            outbox.send(EventKind::Phase(self.phase()));
        }
    }

    /// Writes the last checkpoint because somebody asked for it: a failure is told even if the one before was.
    pub(super) fn save(&mut self, outbox: &Outbox) {
        if let Err(error) = self.parts.keeper.save(&self.parts.trainer.valid(), outbox) {
            outbox.warn(format!("the checkpoint was not written: {error}"));
        }
    }

    /// What is left to save of a run that is over.
    pub(super) fn into_unsaved(self) -> (Keeper, Net) {
        let net = self.parts.trainer.valid();
        (self.parts.keeper, net)
    }

    /// Gives a predictor the network of this moment.
    pub(super) fn refresh(&self, predictor: &mut Predictor) {
        predictor.set_net(self.parts.trainer.valid());
    }

    /// Does the next bit of work.
    pub(super) fn turn(&mut self, predictor: &mut Predictor, outbox: &Outbox) -> anyhow::Result<Turn> {
        if self.evaluation.is_some() {
            self.evaluation_turn(predictor, outbox);
            return Ok(Turn::More(0.0));
        }
        if let Some(outcome) = self.ending {
            return Ok(Turn::Finished(Box::new(self.finish(outcome, outbox))));
        }
        if self.step >= self.parts.info.total_steps {
            self.ending = Some(Outcome::Completed);
            return Ok(Turn::More(0.0));
        }
        let began = Instant::now();
        self.take_step(outbox)?;
        let secs = began.elapsed().as_secs_f64();
        if self.parts.keeper.is_due() {
            self.parts.keeper.save(&self.parts.trainer.valid(), outbox).ok(); // The keeper tells and tries again.
        }
        let at_epoch_end = self.step.is_multiple_of(self.parts.info.steps_per_epoch);
        if at_epoch_end || self.step == self.parts.info.total_steps {
            self.evaluate(predictor, outbox);
        }
        Ok(Turn::More(secs))
    }

    fn take_step(&mut self, outbox: &Outbox) -> anyhow::Result<()> {
        let began = Instant::now();
        let batch = self.parts.loader.next_batch();
        let waiting = began.elapsed();
        self.leave_out(self.parts.loader.take_faults(), outbox);
        let batch = batch.map_err(anyhow::Error::msg)?;
        let lr = self.learning_rate();
        let loss = self.parts.trainer.step(&batch, &self.weights, lr);
        self.step += 1;
        if !loss.is_finite() {
            anyhow::bail!("the loss is {loss} at step {}: start again with a lower learning rate than {lr}", self.step);
        }
        self.meter.step(loss, waiting.as_secs_f64(), (began.elapsed() - waiting).as_secs_f64());
        self.report(lr, batch.labelled, outbox);
        Ok(())
    }

    /// Names tiles that turned out unreadable, and says how many are left: fewer than the split that was told at the start.
    fn leave_out(&mut self, faults: Vec<TileFault>, outbox: &Outbox) {
        for TileFault { tile, what } in faults {
            let id = self.parts.project.tiles[tile].id.clone();
            if !self.left_out.insert(id.clone()) {
                continue; // A validation tile is tried, and fails, at each evaluation.
            }
            let Parts { keeper, project, info: RunInfo { train_tiles, val_tiles, .. }, .. } = &mut self.parts;
            keeper.warn(outbox, format!("tile {id} is left out: {what}"));
            let left = |ids: &[String]| -> Vec<String> {
                ids.iter().filter(|id| !self.left_out.contains(*id)).cloned().collect()
            };
            let (train, val) = (left(train_tiles), left(val_tiles).len());
            let corrected =
                format!("Split corrected: {} train / {val} val, since tile {id} cannot be read", train.len());
            // A validation tile may be readable again at the next evaluation, so it stays recorded.
            keeper.write_split(SplitRecord::new(project, train, val_tiles.clone()), outbox);
            keeper.say(outbox, corrected);
        }
    }

    /// Tells of the step, in the table by count and to whoever listens by the clock.
    fn report(&mut self, lr: f64, labelled: u64, outbox: &Outbox) {
        let (step, epoch, total) = (self.step, self.epoch(), self.parts.info.total_steps);
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
        self.parts.keeper.add_step(&row, outbox);
    }

    /// The steps since the last row make a row of their own: nothing comes after them.
    fn add_last_row(&mut self, outbox: &Outbox) {
        if self.meter.since_row.is_begun() {
            self.add_row(self.last_rate, outbox);
        }
    }

    /// The epoch the last step belonged to, from 1.
    fn epoch(&self) -> u32 {
        self.step.div_ceil(self.parts.info.steps_per_epoch) as u32
    }

    fn evaluation_turn(&mut self, predictor: &Predictor, outbox: &Outbox) {
        let Some(mut job) = self.evaluation.take() else { return };
        let before = job.progress();
        if job.advance(predictor) {
            if job.progress() != before {
                let (done, total) = job.progress();
                outbox.send(EventKind::Phase(Phase::Evaluating { done, total }));
            }
            self.evaluation = Some(job);
            return;
        }
        self.evaluated(job.finish(), outbox);
        outbox.send(EventKind::Phase(self.phase()));
    }

    fn evaluated(&mut self, result: Evaluated, outbox: &Outbox) {
        let Evaluated { scores, confusion, tiles, faults } = result;
        self.leave_out(faults, outbox);
        let train_loss = self.meter.since_evaluation.take();
        let best = self.choice.rate(self.step, scores.miou, train_loss);
        let evaluation = Evaluation {
            step: self.step,
            epoch: self.epoch(),
            train_loss,
            measured_on: report::measured_on(&self.parts.project.classes, tiles.len(), scores.pixels),
            scores,
            confusion,
            tiles,
            secs: self.evaluated.elapsed().as_secs_f32(),
            best,
        };
        self.evaluated = Instant::now();
        self.evaluated_at_step = Some(self.step);
        let (lines, net) = (report::epoch_lines(&evaluation, self.parts.info.epochs()), self.parts.trainer.valid());
        let keeper = &mut self.parts.keeper;
        lines.iter().for_each(|line| keeper.log(line, outbox));
        keeper.add_metrics(&evaluation, outbox);
        keeper.save(&net, outbox).ok(); // The keeper tells and tries again.
        if best {
            keeper.save_best(net, outbox);
        }
        self.last = Some(evaluation.clone());
        outbox.send(EventKind::Evaluated(Box::new(evaluation)));
    }

    fn finish(&mut self, outcome: Outcome, outbox: &Outbox) -> Summary {
        outbox.send(EventKind::Phase(Phase::Stopping));
        self.add_last_row(outbox);
        let unsaved = if self.step > 0 { self.save_at_end(outbox).err() } else { None };
        let mut summary = self.summary(outcome, None);
        summary.unsaved = unsaved.map(|error| error.to_string());
        let keeper = &mut self.parts.keeper;
        keeper.log(&report::closing_line(&summary), outbox);
        summary.unsaved.iter().for_each(|why| keeper.log(&format!("[ERROR] {}", report::unsaved_line(why)), outbox));
        let written = keeper.write_summary(&summary).and_then(|()| keeper.sync());
        if let Err(error) = written {
            summary.unsaved.get_or_insert(error.to_string());
        }
        summary
    }

    fn save_at_end(&mut self, outbox: &Outbox) -> Result<(), DataError> {
        let why_best = self.choice.end(self.step);
        why_best.iter().for_each(|why| self.say(outbox, (*why).to_owned()));
        self.parts.keeper.save_at_end(&self.parts.trainer.valid(), why_best.is_some(), outbox)
    }

    /// The run broke: its figures so far and the reason are brought to the disk, and the checkpoints stay as they are, so
    /// that it can be opened. The network of this moment is not saved, for it may be what broke.
    pub(super) fn fail(&mut self, why: &str, outbox: &Outbox) -> Result<(), DataError> {
        self.add_last_row(outbox);
        self.parts.keeper.log(&format!("[ERROR] {why}"), outbox);
        let summary = self.summary(Outcome::Failed, Some(why.to_owned()));
        self.parts.keeper.write_summary(&summary)?;
        self.parts.keeper.sync()
    }

    fn summary(&self, outcome: Outcome, why: Option<String>) -> Summary {
        Summary {
            folder: self.parts.info.folder.clone(),
            outcome,
            why,
            unsaved: None,
            steps: self.step,
            epochs: (self.step / self.parts.info.steps_per_epoch) as u32,
            best_miou: self.choice.miou(),
            best_step: self.choice.step(),
            last: self.last.clone(),
            secs: self.started.elapsed().as_secs_f64(),
            waiting: self.meter.waiting_share(),
            device: self.parts.info.device.clone(),
            parameters: self.parts.info.parameters,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
