//! Writing a run to disk. A disk that is full for a moment must not end a run of ten hours: a failure is reported once,
//! and the data is kept and written later.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::event_file::EventFile;
use super::outbox::Outbox;
use super::progress::SavedState;
use super::protocol::{Evaluation, EventKind};
use crate::data::DataError;
use crate::domain::Notice;
use crate::domain::checkpoint::Checkpoint;
use crate::train::folder::{MetricsRow, RunFolder, SplitRecord, StepRow};
use crate::train::snapshot::Snapshot;

/// Time between checkpoints: a killed run loses at most this much.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// Time from one state to the next at an evaluation: epochs may be short, and a state is large.
const STATE_EVERY: Duration = Duration::from_secs(10);
/// Making and writing states takes at most one part in so many of the time: training waits meanwhile.
const STATE_SHARE: u32 = 20;
/// Time between attempts after a failure.
const RETRY_EVERY: Duration = Duration::from_secs(10);

/// Writes a run's folder.
pub(super) struct Recorder {
    folder: RunFolder,
    /// When a checkpoint was last written or attempted.
    tried: Instant,
    /// When the state of the run was last written or attempted.
    stated: Option<Instant>,
    /// How long that took.
    state_took: Duration,
    /// How long it took to make the state that is written next.
    state_made_in: Duration,
    /// The state could not be written, and the user was told.
    lacks_state: bool,
    /// Something could not be written, and the user was told.
    failing: bool,
    /// The best network, until it is on disk.
    unsaved_best: Option<Snapshot>,
    /// The split, if it could not be written.
    unsaved_split: Option<SplitRecord>,
    /// The same figures for TensorBoard, if they are wanted.
    events: Option<EventFile>,
}

impl Recorder {
    pub(super) fn new(folder: RunFolder) -> Self {
        Self {
            folder,
            tried: Instant::now(),
            stated: None,
            state_took: Duration::ZERO,
            state_made_in: Duration::ZERO,
            lacks_state: false,
            failing: false,
            unsaved_best: None,
            unsaved_split: None,
            events: None,
        }
    }

    /// The same, writing an event file as well.
    pub(super) fn with_events(self, events: Option<EventFile>) -> Self {
        Self { events, ..self }
    }

    /// Informs the user and the log.
    pub(super) fn inform(&mut self, outbox: &Outbox, notice: impl Into<Notice>) {
        let notice = notice.into();
        self.log(&format!("[INFO] {notice}"), outbox);
        outbox.info(notice);
    }

    /// Warns the user and the log.
    pub(super) fn warn(&mut self, outbox: &Outbox, notice: impl Into<Notice>) {
        let notice = notice.into();
        self.log(&format!("[WARNING] {notice}"), outbox);
        outbox.warn(notice);
    }

    pub(super) fn log(&mut self, line: &str, outbox: &Outbox) {
        let written = self.folder.log(line);
        self.note(written, outbox);
    }

    pub(super) fn add_step(&mut self, row: &StepRow, outbox: &Outbox) {
        let written = self.folder.add_step(row);
        self.note(written, outbox);
        let written = self.events.as_mut().map_or(Ok(()), |events| events.add_step(row));
        self.note(written, outbox);
    }

    pub(super) fn add_metrics(&mut self, evaluation: &Evaluation, outbox: &Outbox) {
        let row = metrics_row(evaluation);
        let written = self.folder.add_metrics(&row);
        self.note(written, outbox);
        let written = self.events.as_mut().map_or(Ok(()), |events| events.add_metrics(&row));
        self.note(written, outbox);
    }

    pub(super) fn write_split(&mut self, split: SplitRecord, outbox: &Outbox) {
        let written = self.folder.write_split(&split);
        self.unsaved_split = written.is_err().then_some(split);
        self.note(written, outbox);
    }

    /// Whether it is time to save or to try again.
    pub(super) fn is_due(&self) -> bool {
        self.tried.elapsed() >= if self.failing { RETRY_EVERY } else { SAVE_EVERY }
    }

    /// Whether a checkpoint that is written now should come with the state of the run.
    pub(super) fn wants_state(&self) -> bool {
        let least = if self.lacks_state { SAVE_EVERY } else { STATE_EVERY };
        self.stated.is_none_or(|at| at.elapsed() >= least.max(self.state_took * STATE_SHARE))
    }

    /// Making the state that is written next has taken so long.
    pub(super) fn state_made_in(&mut self, took: Duration) {
        self.state_made_in = took;
    }

    /// Writes this network as the last checkpoint, whatever could not be written before and, if it is given, the state of the run.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone. The user has been told.
    pub(super) fn save(
        &mut self,
        net: &Snapshot,
        state: Option<&SavedState>,
        outbox: &Outbox,
    ) -> Result<(), DataError> {
        self.tried = Instant::now();
        match self.write_all(net, state, outbox) {
            Ok(()) => {
                if std::mem::take(&mut self.failing) {
                    self.inform(outbox, "The run can be saved again; nothing is missing");
                }
                Ok(())
            }
            Err(error) => {
                self.report(&error, outbox);
                Err(error)
            }
        }
    }

    /// The final save: this network, the state of the run, and whatever could not be written before.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone. The user has not been told: the summary says so.
    pub(super) fn save_at_end(
        &mut self,
        net: &Snapshot,
        state: Option<&SavedState>,
        is_best: bool,
        outbox: &Outbox,
    ) -> Result<(), DataError> {
        if is_best {
            self.unsaved_best = Some(net.clone());
        }
        self.write_all(net, state, outbox)
    }

    /// Writes this network as the best checkpoint, now or as soon as possible.
    pub(super) fn save_best(&mut self, net: Snapshot, outbox: &Outbox) {
        self.unsaved_best = Some(net);
        let written = self.write_best(outbox);
        self.note(written, outbox);
    }

    /// Writes `summary.json`.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone.
    pub(super) fn write_summary(&mut self, summary: &impl Serialize) -> Result<(), DataError> {
        self.folder.write_summary(summary)
    }

    /// Writes the tables and the log to disk.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone.
    pub(super) fn sync(&mut self) -> Result<(), DataError> {
        self.folder.sync()?;
        self.events.as_mut().map_or(Ok(()), EventFile::sync)
    }

    /// The state comes last: whatever it counts on is on the disk by then.
    fn write_all(&mut self, net: &Snapshot, state: Option<&SavedState>, outbox: &Outbox) -> Result<(), DataError> {
        self.sync()?;
        if let Some(split) = &self.unsaved_split {
            self.folder.write_split(split)?;
            self.unsaved_split = None;
        }
        let path = self.folder.save(net, Checkpoint::Last)?;
        outbox.send(EventKind::Checkpoint { path, best: false });
        self.write_best(outbox)?;
        if let Some(state) = state {
            self.write_state(state, outbox);
        }
        Ok(())
    }

    /// Writes the state of the run. If that fails the checkpoints are on the disk all the same; the user is told once.
    fn write_state(&mut self, state: &SavedState, outbox: &Outbox) {
        let began = Instant::now();
        let written = state.write(&self.folder);
        (self.stated, self.state_took) = (Some(Instant::now()), self.state_made_in + began.elapsed());
        let lacked_state = std::mem::replace(&mut self.lacks_state, written.is_err());
        match written {
            Ok(()) if lacked_state => self.inform(outbox, "The run can be resumed from here again"),
            Err(error) if !lacked_state => {
                let notice = Notice::new("The run cannot be resumed from here, only from where it was saved before");
                self.warn(outbox, notice.cause(error.to_string()));
            }
            Ok(()) | Err(_) => {}
        }
    }

    fn write_best(&mut self, outbox: &Outbox) -> Result<(), DataError> {
        if let Some(net) = &self.unsaved_best {
            let path = self.folder.save(net, Checkpoint::Best)?;
            outbox.send(EventKind::Checkpoint { path, best: true });
            self.unsaved_best = None;
        }
        Ok(())
    }

    fn note(&mut self, written: Result<(), DataError>, outbox: &Outbox) {
        if let Err(error) = written {
            self.report(&error, outbox);
        }
    }

    /// Reports that something cannot be written; once, until it can be again.
    fn report(&mut self, error: &DataError, outbox: &Outbox) {
        if !std::mem::replace(&mut self.failing, true) {
            let secs = RETRY_EVERY.as_secs();
            let headline = format!("The run continues but cannot be saved; the next attempt is in {secs} s");
            outbox.warn(Notice::new(headline).cause(error.to_string()));
        }
    }
}

fn metrics_row(evaluation: &Evaluation) -> MetricsRow {
    let Evaluation { step, epoch, train_loss, scores, raw_miou, secs, .. } = evaluation;
    MetricsRow {
        step: *step,
        epoch: *epoch,
        train_loss: *train_loss,
        miou: scores.miou,
        pixel_accuracy: scores.pixel_accuracy,
        pixels: scores.pixels,
        secs: *secs,
        iou: scores.iou.clone(),
        raw_miou: *raw_miou,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use burn::tensor::Device;

    use super::*;
    use crate::domain::{Classes, RunConfig};
    use crate::engine::transport::{UserEnd as _, in_process};
    use crate::model::Net;

    #[test]
    fn a_failed_save_is_reported_once_and_made_up_for_later() {
        let dir = tempfile::tempdir().unwrap();
        let (config, classes) = (RunConfig::demo(), Classes::deepglobe());
        let mut recorder = Recorder::new(RunFolder::create(&dir.path().join("run"), &config, &classes).unwrap());
        let net = Net::new(&config.model, classes.len(), &Device::flex());
        let net = Snapshot { net, predicts: vec![true; classes.len()] };
        let (user, worker) = in_process::connect(Arc::new(|| {}));
        let outbox = Outbox::new(Arc::new(worker));
        let last = recorder.folder.path().join("last.bpk");
        let best = recorder.folder.path().join("best.bpk");
        [&last, &best].iter().for_each(|path| std::fs::create_dir(path).unwrap());
        for _ in 0..3 {
            assert!(recorder.save(&net, None, &outbox).is_err());
            recorder.save_best(net.clone(), &outbox);
        }
        let told = || std::iter::from_fn(|| user.try_event());
        let warnings = || told().filter(|event| matches!(event.kind, EventKind::Warning(_))).count();
        assert_eq!(warnings(), 1);
        [&last, &best].iter().for_each(|path| std::fs::remove_dir(path).unwrap());
        recorder.save(&net, None, &outbox).unwrap();
        assert!(last.is_file() && best.is_file());
        let log = std::fs::read_to_string(recorder.folder.path().join("log.txt")).unwrap();
        assert!(log.contains("can be saved again"), "{log}");
        std::fs::remove_file(&last).unwrap();
        std::fs::create_dir(&last).unwrap();
        assert!(recorder.save(&net, None, &outbox).is_err());
        assert_eq!(warnings(), 1, "the next failure is reported again");
    }

    #[test]
    fn states_that_take_long_are_rare() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(&dir.path().join("run"), &RunConfig::demo(), &Classes::deepglobe()).unwrap();
        let mut recorder = Recorder::new(folder);
        assert!(recorder.wants_state(), "there is none yet");
        recorder.state_took = Duration::from_secs(3);
        for (secs, wants) in [(30, false), (61, true)] {
            let Some(then) = Instant::now().checked_sub(Duration::from_secs(secs)) else { return };
            recorder.stated = Some(then);
            assert_eq!(recorder.wants_state(), wants, "20 times 3 s are a minute");
        }
    }

    #[test]
    fn after_a_failure_the_next_attempt_is_sooner() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(&dir.path().join("run"), &RunConfig::demo(), &Classes::deepglobe()).unwrap();
        let mut recorder = Recorder::new(folder);
        let Some(then) = Instant::now().checked_sub(RETRY_EVERY) else { return };
        recorder.tried = then;
        assert!(!recorder.is_due());
        recorder.failing = true;
        assert!(recorder.is_due());
    }
}
