//! Where a run would go on, told from its folder alone.

use std::path::Path;

use super::progress::Progress;
use super::refusal::Refusal;
use crate::domain::Notice;
use crate::train::folder::FinishedRun;

/// The step that a run goes on from; `None` if its state was never saved. What is large of the state is not read: resuming the run may
/// still be refused.
///
/// # Errors
/// If it is no run folder, or its state is damaged or of another version.
pub fn step(folder: &Path) -> anyhow::Result<Option<u64>> {
    let run = FinishedRun::open(folder)?;
    let Some(progress) = run.progress::<Progress>()? else { return Ok(None) };
    match progress.problem(&run.config.train) {
        Some(problem) => Err(damaged(problem).into()),
        None => Ok(Some(progress.step)),
    }
}

fn damaged(problem: &str) -> Refusal {
    Refusal(Notice::new(format!("Its last.state is damaged: it has {problem}")))
}
