//! A run under way: one turn is one step or one window of an evaluation, so that whoever calls stays in control.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::meter::Meter;
use super::outbox::Outbox;
use super::protocol::{Evaluation, EventKind, Outcome, Phase, RunInfo, StepReport, Summary};
use super::{report, start};
use crate::data::loader::Loader;
use crate::data::training_set::TrainingSet;
use crate::data::{DataError, Journal, Project, TileFault};
use crate::domain::RunConfig;
use crate::domain::config::Length;
use crate::infer::evaluation::Evaluated;
use crate::infer::{EvaluationJob, Predictor};
use crate::train::folder::{Checkpoint, MetricsRow, RunFolder, SplitRecord, StepRow};
use crate::train::schedule;
use crate::train::trainer::Trainer;
use crate::train::weighting::Weighting;

/// A killed run loses at most this much.
const SAVE_EVERY: Duration = Duration::from_secs(60);

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
    pub(super) folder: RunFolder,
}

/// A run under way.
pub(super) struct Run {
    parts: Parts,
    weights: Vec<f32>,
    lr: f64,
    step: u64,
    paused: bool,
    ending: Option<Outcome>,
    evaluation: Option<EvaluationJob>,
    evaluated_at_step: Option<u64>,
    meter: Meter,
    best: Option<Best>,
    last: Option<Evaluation>,
    /// Ids of tiles of the split that turned out unreadable.
    left_out: BTreeSet<String>,
    started: Instant,
    evaluated: Instant,
    saved: Instant,
}

/// The best evaluation so far.
struct Best {
    rating: f64,
    step: u64,
    miou: Option<f64>,
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
            lr: parts.info.config.train.lr,
            step: 0,
            paused: false,
            ending: None,
            evaluation: None,
            evaluated_at_step: None,
            meter: Meter::new(),
            best: None,
            last: None,
            left_out: BTreeSet::new(),
            started: now,
            evaluated: now,
            saved: now,
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

    pub(super) fn set_learning_rate(&mut self, lr: f64, outbox: &Outbox) {
        if lr.is_finite() && lr > 0.0 {
            self.lr = lr;
            self.say(outbox, format!("Learning rate set to {lr} at step {}", self.step));
        } else {
            outbox.warn(format!("a learning rate of {lr} cannot be used: the one before stays"));
        }
    }

    /// The run ends after the current step.
    pub(super) fn stop(&mut self, outbox: &Outbox) {
        self.ending = Some(Outcome::Stopped);
        self.evaluation = None;
        outbox.send(EventKind::Phase(Phase::Stopping));
    }

    /// Tells and logs.
    pub(super) fn say(&mut self, outbox: &Outbox, text: String) {
        self.parts.folder.log(&format!("[INFO] {text}"));
        outbox.info(text);
    }

    fn warn(&mut self, outbox: &Outbox, text: String) {
        self.parts.folder.log(&format!("[WARNING] {text}"));
        outbox.warn(text);
    }

    /// Takes over what has been clicked since.
    pub(super) fn follow_labels(&mut self, outbox: &Outbox) {
        let Parts { journal, set, weighting, project, .. } = &mut self.parts;
        let changed = match set.follow(journal) {
            Ok(changed) => changed,
            Err(error) => return self.warn(outbox, format!("new labels cannot be read: {error}")),
        };
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

    /// Evaluates after the current step.
    pub(super) fn evaluate(&mut self, predictor: &mut Predictor, outbox: &Outbox) {
        if self.evaluation.is_none() {
            predictor.set_net(self.parts.trainer.valid());
            self.evaluation = Some(EvaluationJob::new(self.project(), &self.parts.val));
            outbox.send(EventKind::Phase(self.phase()));
        }
    }

    /// Writes the last checkpoint.
    pub(super) fn save(&mut self, outbox: &Outbox) -> anyhow::Result<()> {
        let path = self.parts.folder.save(&self.parts.trainer.valid(), Checkpoint::Last)?;
        self.parts.folder.flush()?;
        self.saved = Instant::now();
        outbox.send(EventKind::Checkpoint { path, best: false });
        Ok(())
    }

    /// Gives a predictor the network of this moment.
    pub(super) fn refresh(&self, predictor: &mut Predictor) {
        predictor.set_net(self.parts.trainer.valid());
    }

    /// Does the next bit of work.
    pub(super) fn turn(&mut self, predictor: &mut Predictor, outbox: &Outbox) -> anyhow::Result<Turn> {
        if self.evaluation.is_some() {
            self.evaluation_turn(predictor, outbox)?;
            return Ok(Turn::More(0.0));
        }
        if let Some(outcome) = self.ending {
            return Ok(Turn::Finished(Box::new(self.finish(outcome, outbox)?)));
        }
        if self.step >= self.parts.info.total_steps {
            self.ending = Some(Outcome::Completed);
            return Ok(Turn::More(0.0));
        }
        let began = Instant::now();
        self.take_step(outbox)?;
        let secs = began.elapsed().as_secs_f64();
        if self.saved.elapsed() >= SAVE_EVERY {
            self.save(outbox)?;
        }
        let at_epoch_end = self.step.is_multiple_of(self.parts.info.steps_per_epoch);
        if at_epoch_end || self.step == self.parts.info.total_steps {
            self.evaluate(predictor, outbox);
        }
        Ok(Turn::More(secs))
    }

    fn take_step(&mut self, outbox: &Outbox) -> anyhow::Result<()> {
        let began = Instant::now();
        let batch = self.parts.loader.next_batch().map_err(anyhow::Error::msg)?;
        let waiting = began.elapsed();
        self.leave_out(self.parts.loader.take_faults(), outbox)?;
        let RunInfo { config: RunConfig { train, .. }, total_steps, .. } = &self.parts.info;
        let lr = schedule::learning_rate(train.schedule, self.lr, self.step, *total_steps);
        let loss = self.parts.trainer.step(&batch, &self.weights, lr);
        self.step += 1;
        if !loss.is_finite() {
            anyhow::bail!("the loss is {loss} at step {}: start again with a lower learning rate than {lr}", self.step);
        }
        self.meter.step(loss, waiting.as_secs_f64(), (began.elapsed() - waiting).as_secs_f64());
        if self.meter.is_report_due() || self.step == *total_steps {
            self.report(lr, batch.labelled, outbox)?;
        }
        Ok(())
    }

    /// Names tiles that turned out unreadable, and says how many are left: fewer than the split that was told at the start.
    fn leave_out(&mut self, faults: Vec<TileFault>, outbox: &Outbox) -> anyhow::Result<()> {
        for TileFault { tile, what } in faults {
            let id = self.parts.project.tiles[tile].id.clone();
            if !self.left_out.insert(id.clone()) {
                continue; // A validation tile is tried, and fails, at each evaluation.
            }
            self.warn(outbox, format!("tile {id} is left out: {what}"));
            let left = |ids: &[String]| -> Vec<String> {
                ids.iter().filter(|id| !self.left_out.contains(*id)).cloned().collect()
            };
            let RunInfo { train_tiles, val_tiles, .. } = &self.parts.info;
            let (train, val) = (left(train_tiles), left(val_tiles).len());
            let corrected =
                format!("Split corrected: {} train / {val} val, since tile {id} cannot be read", train.len());
            // A validation tile may be readable again at the next evaluation, so it stays recorded.
            self.parts.folder.write_split(&SplitRecord { train, val: val_tiles.clone() })?;
            self.say(outbox, corrected);
        }
        Ok(())
    }

    fn report(&mut self, lr: f64, labelled: u64, outbox: &Outbox) -> anyhow::Result<()> {
        let (step_secs, waiting) = self.meter.take_report();
        let (step, epoch, loss) = (self.step, self.epoch(), self.meter.since_report.take());
        self.parts.folder.add_step(&StepRow { step, epoch, loss, lr })?;
        outbox.send(EventKind::Step(StepReport { step, epoch, loss, lr, step_secs, waiting, labelled }));
        Ok(())
    }

    /// The epoch the last step belonged to, from 1.
    fn epoch(&self) -> u32 {
        self.step.div_ceil(self.parts.info.steps_per_epoch) as u32
    }

    /// Epochs in all, for "epoch 3/20".
    fn epochs(&self) -> u32 {
        match self.parts.info.config.train.length {
            Length::Epochs(epochs) => epochs,
            Length::Steps(steps) => steps.div_ceil(self.parts.info.steps_per_epoch) as u32,
        }
    }

    fn evaluation_turn(&mut self, predictor: &Predictor, outbox: &Outbox) -> anyhow::Result<()> {
        let Some(mut job) = self.evaluation.take() else { return Ok(()) };
        let before = job.progress();
        if job.advance(predictor) {
            if job.progress() != before {
                let (done, total) = job.progress();
                outbox.send(EventKind::Phase(Phase::Evaluating { done, total }));
            }
            self.evaluation = Some(job);
            return Ok(());
        }
        self.evaluated(job.finish(), outbox)?;
        outbox.send(EventKind::Phase(self.phase()));
        Ok(())
    }

    fn evaluated(&mut self, result: Evaluated, outbox: &Outbox) -> anyhow::Result<()> {
        let Evaluated { scores, confusion, tiles, faults } = result;
        self.leave_out(faults, outbox)?;
        let train_loss = self.meter.since_evaluation.take();
        let miou = (!scores.miou.is_nan()).then_some(scores.miou);
        let rating = miou.unwrap_or(-f64::from(train_loss));
        // A network that has not taken a step is nobody's best.
        let best = self.step > 0 && self.best.as_ref().is_none_or(|best| rating > best.rating);
        let evaluation = Evaluation {
            step: self.step,
            epoch: self.epoch(),
            train_loss,
            measured_on: measured_on(&self.parts, tiles.len(), scores.pixels),
            scores,
            confusion,
            tiles,
            secs: self.evaluated.elapsed().as_secs_f32(),
            best,
        };
        self.evaluated = Instant::now();
        self.evaluated_at_step = Some(self.step);
        for line in report::epoch_lines(&evaluation, self.epochs()) {
            self.parts.folder.log(&line);
        }
        self.parts.folder.add_metrics(&metrics_row(&evaluation))?;
        self.save(outbox)?;
        if best {
            let path = self.parts.folder.save(&self.parts.trainer.valid(), Checkpoint::Best)?;
            self.best = Some(Best { rating, step: self.step, miou });
            outbox.send(EventKind::Checkpoint { path, best: true });
        }
        self.last = Some(evaluation.clone());
        outbox.send(EventKind::Evaluated(Box::new(evaluation)));
        Ok(())
    }

    fn finish(&mut self, outcome: Outcome, outbox: &Outbox) -> anyhow::Result<Summary> {
        outbox.send(EventKind::Phase(Phase::Stopping));
        if self.step > 0 {
            self.save(outbox)?;
            if self.best.is_none() {
                // Stopped before the first evaluation: what there is must still predict.
                self.parts.folder.save(&self.parts.trainer.valid(), Checkpoint::Best)?;
                self.say(outbox, "Stopped before the first evaluation: the best checkpoint is the last one".to_owned());
            }
        }
        let summary = self.summary(outcome, None);
        self.parts.folder.write_summary(&summary)?;
        self.parts.folder.log(&report::closing_line(&summary));
        Ok(summary)
    }

    /// The run broke: its figures so far and the reason are brought to the disk, and the checkpoints stay as they are, so
    /// that it can be opened. The network of this moment is not saved, for it may be what broke.
    pub(super) fn fail(&mut self, why: &str) -> Result<(), DataError> {
        self.parts.folder.log(&format!("[ERROR] {why}"));
        self.parts.folder.write_summary(&self.summary(Outcome::Failed, Some(why.to_owned())))?;
        self.parts.folder.flush()
    }

    fn summary(&self, outcome: Outcome, why: Option<String>) -> Summary {
        Summary {
            folder: self.parts.info.folder.clone(),
            outcome,
            why,
            steps: self.step,
            epochs: (self.step / self.parts.info.steps_per_epoch) as u32,
            best_miou: self.best.as_ref().and_then(|best| best.miou),
            best_step: self.best.as_ref().map(|best| best.step),
            last: self.last.clone(),
            secs: self.started.elapsed().as_secs_f64(),
            waiting: self.meter.waiting_share(),
            device: self.parts.info.device.clone(),
            parameters: self.parts.info.parameters,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

fn measured_on(parts: &Parts, tiles: usize, pixels: u64) -> String {
    if tiles == 0 {
        return "nothing: no validation tiles".to_owned();
    }
    let ignored: Vec<&str> = parts.project.classes.iter().filter(|c| c.ignored).map(|c| c.name.as_str()).collect();
    let ignored = if ignored.is_empty() { String::new() } else { format!(", without {}", ignored.join(", ")) };
    let (plural, megapixels) = (if tiles == 1 { "" } else { "s" }, pixels as f64 / 1e6);
    format!("{tiles} validation tile{plural}, full masks at native resolution, {megapixels:.2} Mpx{ignored}")
}

fn metrics_row(evaluation: &Evaluation) -> MetricsRow {
    let Evaluation { step, epoch, train_loss, scores, secs, .. } = evaluation;
    MetricsRow {
        step: *step,
        epoch: *epoch,
        train_loss: *train_loss,
        miou: scores.miou,
        pixel_accuracy: scores.pixel_accuracy,
        pixels: scores.pixels,
        secs: *secs,
        iou: scores.iou.clone(),
    }
}
