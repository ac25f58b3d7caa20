//! One run of a study, by the engine.

use std::path::Path;

use super::folder::StudyFolder;
use super::heartbeat::Heartbeat;
use super::key::RunKey;
use super::keys;
use super::record::Record;
use crate::domain::RunConfig;
use crate::engine::protocol::{Outcome, RunId, Summary};
use crate::engine::{Command, EngineHandle, Event, EventKind, report};

/// Why a run is not made by a worker that has read other data.
const CHANGED: &str = "The data or labels have changed since this worker began. Start the same command again";

/// What is to be run.
pub(super) struct Job<'a> {
    pub(super) study: &'a str,
    pub(super) name: &'a str,
    pub(super) config: RunConfig,
    pub(super) key: &'a RunKey,
    /// Where the attempt is made.
    pub(super) out: &'a Path,
    /// Where the hashes of the data are.
    pub(super) folder: &'a StudyFolder,
    pub(super) number: RunId,
}

/// How it ended.
pub(super) enum End {
    Done(Box<Summary>),
    /// With the reason.
    Failed(String),
    /// Somebody asked for it.
    Stopped,
    /// Another worker has taken it over.
    Lost,
}

/// Makes the run, and passes its events on.
///
/// # Errors
/// If the engine is gone.
pub(super) fn run(
    job: &Job<'_>,
    engine: &EngineHandle,
    heartbeat: &Heartbeat,
    is_asked_to_stop: &dyn Fn() -> bool,
    tell: &mut dyn FnMut(&Event),
) -> anyhow::Result<End> {
    engine.send(Command::Start { run: job.number, config: Box::new(job.config.clone()), out: job.out.to_owned() });
    let (mut is_stopping, mut fault) = (false, None);
    while let Some(event) = engine.wait_event() {
        if event.run != job.number {
            continue; // It belongs to the run before.
        }
        tell(&event);
        if let EventKind::Started(info) = &event.kind {
            fault = job.began(info.steps_per_epoch).err();
        }
        if let Some(end) = end(event.kind) {
            return Ok(if heartbeat.is_lost_now() { End::Lost } else { with_fault(end, fault) });
        }
        let must_stop = is_asked_to_stop() || heartbeat.is_lost() || fault.is_some();
        if must_stop && !is_stopping {
            is_stopping = engine.send(Command::Stop);
        }
    }
    anyhow::bail!("the engine ended unexpectedly")
}

impl Job<'_> {
    /// The run has read its data and is about to learn: from now on its folder says which run it is.
    fn began(&self, steps_per_epoch: u64) -> anyhow::Result<()> {
        self.confirm_data()?;
        Record::new(self.study, self.name, self.key, steps_per_epoch).write(self.out)?;
        Ok(())
    }

    /// Refuses a run whose data are no longer those of its key.
    ///
    /// # Errors
    /// If they are not, or cannot be read.
    pub(super) fn confirm_data(&self) -> anyhow::Result<()> {
        let now = keys::of_run(&self.config, &mut self.folder.hashes())?;
        anyhow::ensure!(now.id() == self.key.id(), "{CHANGED}");
        Ok(())
    }
}

/// How a run has ended; `None` while it goes on.
fn end(event: EventKind) -> Option<End> {
    match event {
        EventKind::Finished(summary) => Some(of_summary(summary)),
        EventKind::Failed(notice) => Some(End::Failed(notice.to_string())),
        EventKind::Cancelled => Some(End::Stopped),
        _ => None,
    }
}

/// A run that was stopped for a fault has failed.
fn with_fault(end: End, fault: Option<anyhow::Error>) -> End {
    match (end, fault) {
        (End::Failed(why), _) => End::Failed(why),
        (_, Some(fault)) => End::Failed(fault.to_string()),
        (end, None) => end,
    }
}

fn of_summary(summary: Box<Summary>) -> End {
    match (summary.outcome, &summary.unsaved) {
        (_, Some(why)) => End::Failed(report::unsaved_line(why)),
        (Outcome::Completed | Outcome::Early, None) => End::Done(summary),
        (Outcome::Stopped | Outcome::Imported, None) => End::Stopped,
        (Outcome::Failed, None) => End::Failed(summary.why.unwrap_or_default()),
    }
}
