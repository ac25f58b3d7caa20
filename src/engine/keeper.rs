//! What a run brings to the disk. A disk that is full for a moment must not end a run of ten hours: what cannot be
//! written is told once, kept, and tried again.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::outbox::Outbox;
use super::protocol::{Evaluation, EventKind};
use crate::data::DataError;
use crate::model::Net;
use crate::train::folder::{Checkpoint, MetricsRow, RunFolder, SplitRecord, StepRow};

/// A killed run loses at most this much.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// After a failure it is tried again sooner.
const RETRY_EVERY: Duration = Duration::from_secs(10);

/// Writes a run's folder.
pub(super) struct Keeper {
    folder: RunFolder,
    tried: Instant,
    /// Something could not be written, and was told.
    failing: bool,
    /// The best network, while it is not on the disk.
    best_owed: Option<Net>,
    split_owed: Option<SplitRecord>,
}

impl Keeper {
    pub(super) fn new(folder: RunFolder) -> Self {
        Self { folder, tried: Instant::now(), failing: false, best_owed: None, split_owed: None }
    }

    /// Tells and logs.
    pub(super) fn say(&mut self, outbox: &Outbox, text: String) {
        self.log(&format!("[INFO] {text}"), outbox);
        outbox.info(text);
    }

    /// Warns and logs.
    pub(super) fn warn(&mut self, outbox: &Outbox, text: String) {
        self.log(&format!("[WARNING] {text}"), outbox);
        outbox.warn(text);
    }

    pub(super) fn log(&mut self, line: &str, outbox: &Outbox) {
        let written = self.folder.log(line);
        self.note(written, outbox);
    }

    pub(super) fn add_step(&mut self, row: &StepRow, outbox: &Outbox) {
        let written = self.folder.add_step(row);
        self.note(written, outbox);
    }

    pub(super) fn add_metrics(&mut self, evaluation: &Evaluation, outbox: &Outbox) {
        let written = self.folder.add_metrics(&metrics_row(evaluation));
        self.note(written, outbox);
    }

    pub(super) fn write_split(&mut self, split: SplitRecord, outbox: &Outbox) {
        let written = self.folder.write_split(&split);
        self.split_owed = written.is_err().then_some(split);
        self.note(written, outbox);
    }

    /// Whether it is time to save, or to try again.
    pub(super) fn is_due(&self) -> bool {
        self.tried.elapsed() >= if self.failing { RETRY_EVERY } else { SAVE_EVERY }
    }

    /// Writes this network as the last checkpoint, and whatever could not be written before.
    ///
    /// # Errors
    /// If the disk is full or the folder gone. That was told, unless the failure before was.
    pub(super) fn save(&mut self, net: &Net, outbox: &Outbox) -> Result<(), DataError> {
        self.tried = Instant::now();
        match self.write_all(net, outbox) {
            Ok(()) => {
                if std::mem::take(&mut self.failing) {
                    self.say(outbox, "The run can be written again; nothing of it is missing".to_owned());
                }
                Ok(())
            }
            Err(error) => {
                self.tell(&error, outbox);
                Err(error)
            }
        }
    }

    /// The last save of all: this network, and whatever could not be written before.
    ///
    /// # Errors
    /// If the disk is full or the folder gone: that is for the summary to say.
    pub(super) fn save_at_end(&mut self, net: &Net, is_best: bool, outbox: &Outbox) -> Result<(), DataError> {
        if is_best {
            self.best_owed = Some(net.clone());
        }
        self.write_all(net, outbox)
    }

    /// Writes this network as the best checkpoint, now or as soon as that can be done.
    pub(super) fn save_best(&mut self, net: Net, outbox: &Outbox) {
        self.best_owed = Some(net);
        let written = self.pay_best(outbox);
        self.note(written, outbox);
    }

    /// Writes `summary.json`.
    ///
    /// # Errors
    /// If the disk is full or the folder gone.
    pub(super) fn write_summary(&mut self, summary: &impl Serialize) -> Result<(), DataError> {
        self.folder.write_summary(summary)
    }

    /// Brings the tables and the log to the disk.
    ///
    /// # Errors
    /// If the disk is full or the folder gone.
    pub(super) fn sync(&mut self) -> Result<(), DataError> {
        self.folder.sync()
    }

    fn write_all(&mut self, net: &Net, outbox: &Outbox) -> Result<(), DataError> {
        self.folder.sync()?;
        if let Some(split) = &self.split_owed {
            self.folder.write_split(split)?;
            self.split_owed = None;
        }
        let path = self.folder.save(net, Checkpoint::Last)?;
        outbox.send(EventKind::Checkpoint { path, best: false });
        self.pay_best(outbox)
    }

    fn pay_best(&mut self, outbox: &Outbox) -> Result<(), DataError> {
        if let Some(net) = &self.best_owed {
            let path = self.folder.save(net, Checkpoint::Best)?;
            outbox.send(EventKind::Checkpoint { path, best: true });
            self.best_owed = None;
        }
        Ok(())
    }

    fn note(&mut self, written: Result<(), DataError>, outbox: &Outbox) {
        if let Err(error) = written {
            self.tell(&error, outbox);
        }
    }

    /// Says that something cannot be written, once until it can.
    fn tell(&mut self, error: &DataError, outbox: &Outbox) {
        if !std::mem::replace(&mut self.failing, true) {
            let secs = RETRY_EVERY.as_secs();
            outbox.warn(format!("The run goes on but cannot be saved; it is tried again every {secs} s: {error}"));
        }
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use burn::tensor::Device;

    use super::*;
    use crate::domain::{Classes, RunConfig};

    #[test]
    fn a_failed_save_is_told_once_and_everything_is_written_when_it_can_be() {
        let dir = tempfile::tempdir().unwrap();
        let (config, classes) = (RunConfig::demo(), Classes::deepglobe());
        let mut keeper = Keeper::new(RunFolder::create(&dir.path().join("run"), &config, &classes).unwrap());
        let net = Net::new(&config.model, classes.len(), &Device::flex());
        let (events, told) = crossbeam_channel::unbounded();
        let outbox = Outbox::new(events, Arc::new(|| {}));
        let last = keeper.folder.path().join("last.bpk");
        let best = keeper.folder.path().join("best.bpk");
        [&last, &best].iter().for_each(|path| std::fs::create_dir(path).unwrap());
        for _ in 0..3 {
            assert!(keeper.save(&net, &outbox).is_err());
            keeper.save_best(net.clone(), &outbox);
        }
        let warnings = || told.try_iter().filter(|event| matches!(event.kind, EventKind::Warning(_))).count();
        assert_eq!(warnings(), 1);
        [&last, &best].iter().for_each(|path| std::fs::remove_dir(path).unwrap());
        keeper.save(&net, &outbox).unwrap();
        assert!(last.is_file() && best.is_file());
        let log = std::fs::read_to_string(keeper.folder.path().join("log.txt")).unwrap();
        assert!(log.contains("can be written again"), "{log}");
        std::fs::remove_file(&last).unwrap();
        std::fs::create_dir(&last).unwrap();
        assert!(keeper.save(&net, &outbox).is_err());
        assert_eq!(warnings(), 1, "the next trouble is told again");
    }

    #[test]
    fn after_a_failure_it_is_tried_again_soon() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(&dir.path().join("run"), &RunConfig::demo(), &Classes::deepglobe()).unwrap();
        let mut keeper = Keeper::new(folder);
        let Some(then) = Instant::now().checked_sub(RETRY_EVERY) else { return };
        keeper.tried = then;
        assert!(!keeper.is_due());
        keeper.failing = true;
        assert!(keeper.is_due());
    }
}
