//! One run of a study, by the engine.

use std::path::Path;

use super::heartbeat::Heartbeat;
use super::key::RunKey;
use crate::domain::RunConfig;
use crate::engine::protocol::{Outcome, RunId, Summary};
use crate::engine::{Command, EngineHandle, Event, EventKind, report};

/// What is to be run.
pub(super) struct Job<'a> {
    pub(super) study: &'a str,
    pub(super) name: &'a str,
    pub(super) config: RunConfig,
    pub(super) key: &'a RunKey,
    pub(super) out: &'a Path,
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
        match event.kind {
            EventKind::Started(_) => fault = job.key.write(job.out, job.study, job.name).err(),
            EventKind::Finished(_) | EventKind::Failed(_) if heartbeat.is_lost() => return Ok(End::Lost),
            EventKind::Finished(summary) => {
                return Ok(fault.map_or_else(|| end(summary), |fault| End::Failed(fault.to_string())));
            }
            EventKind::Failed(notice) => return Ok(End::Failed(notice.to_string())),
            EventKind::Cancelled => return Ok(End::Stopped),
            _ => {}
        }
        let must_stop = is_asked_to_stop() || heartbeat.is_lost() || fault.is_some();
        if must_stop && !is_stopping {
            is_stopping = engine.send(Command::Stop);
        }
    }
    anyhow::bail!("the engine ended unexpectedly")
}

fn end(summary: Box<Summary>) -> End {
    match (summary.outcome, &summary.unsaved) {
        (_, Some(why)) => End::Failed(report::unsaved_line(why)),
        (Outcome::Completed | Outcome::Early, None) => End::Done(summary),
        (Outcome::Stopped | Outcome::Imported, None) => End::Stopped,
        (Outcome::Failed, None) => End::Failed(summary.why.unwrap_or_default()),
    }
}
