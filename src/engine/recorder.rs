//! Writing a run to disk. A disk that is full for a moment must not end a run of ten hours: a failure is reported once,
//! and the data is kept and written later.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::event_file::EventFile;
use super::outbox::Outbox;
use super::progress::SavedState;
use super::protocol::{Evaluation, EventKind};
use super::state_writer::{StateNews, StateWriter};
use crate::data::DataError;
use crate::domain::Notice;
use crate::domain::checkpoint::Checkpoint;
use crate::train::folder::{MetricsRow, RunFolder, SplitRecord, StepRow};
use crate::train::snapshot::Snapshot;

/// Time between checkpoints: a killed run loses at most this much.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// Time between attempts after a failure.
const RETRY_EVERY: Duration = Duration::from_secs(10);

/// Writes a run's folder.
pub(super) struct Recorder {
    /// Writes the state of the run. It is dropped, and waited for, before the folder and its lock.
    state: StateWriter,
    folder: RunFolder,
    /// When a checkpoint was last written or attempted.
    tried: Instant,
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
            state: StateWriter::new(folder.state_file().path().to_owned()),
            folder,
            tried: Instant::now(),
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
        self.state.is_due()
    }

    /// Making the state that is written next has taken so long.
    pub(super) fn state_made_in(&mut self, took: Duration) {
        self.state.made_in(took);
    }

    /// Tells what has come of the state that was being written.
    pub(super) fn follow_state(&mut self, outbox: &Outbox) {
        let news = self.state.poll();
        self.tell(news, outbox);
    }

    /// Waits for the state that is being written.
    pub(super) fn wait_for_state(&mut self, outbox: &Outbox) {
        let news = self.state.wait();
        self.tell(news, outbox);
    }

    /// Writes this network as the last checkpoint and whatever could not be written before. If it is given, the state of the run is
    /// written after that, while training goes on.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone. The user has been told.
    pub(super) fn save(
        &mut self,
        net: &Snapshot,
        state: Option<Arc<SavedState>>,
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

    /// The final save: this network, the state of the run, and whatever could not be written before. It waits for all of it.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone. The user has not been told: the summary says so.
    pub(super) fn save_at_end(
        &mut self,
        net: &Snapshot,
        state: Option<Arc<SavedState>>,
        is_best: bool,
        outbox: &Outbox,
    ) -> Result<(), DataError> {
        if is_best {
            self.unsaved_best = Some(net.clone());
        }
        let written = self.write_all(net, state, outbox);
        self.wait_for_state(outbox);
        written
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
    fn write_all(&mut self, net: &Snapshot, state: Option<Arc<SavedState>>, outbox: &Outbox) -> Result<(), DataError> {
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

    fn write_state(&mut self, state: Arc<SavedState>, outbox: &Outbox) {
        let file = self.folder.state_file();
        let news = self.state.begin(move || state.write(&file));
        self.tell(news, outbox);
    }

    /// If a state cannot be written the checkpoints are on the disk all the same; the user is told once.
    fn tell(&mut self, news: Option<StateNews>, outbox: &Outbox) {
        match news {
            Some(StateNews::Back) => self.inform(outbox, "The run can be resumed from here again"),
            Some(StateNews::Lost(error)) => {
                let notice = Notice::new("The run cannot be resumed from here, only from where it was saved before");
                self.warn(outbox, notice.cause(error.to_string()));
            }
            None => {}
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
mod tests;
