//! What is told and asked while a run is prepared.

use super::outbox::Outbox;
use super::protocol::{EventKind, Phase};

/// Somebody stopped the run before its first step.
#[derive(Debug, thiserror::Error)]
#[error("the run was stopped before its first step")]
pub(super) struct Cancelled;

/// Tells what is being done.
pub(super) fn announce(outbox: &Outbox, what: &str, done: usize, total: usize) {
    outbox.send(EventKind::Phase(Phase::Preparing { what: what.to_owned(), done, total }));
}

/// Gives up if somebody wants the run stopped.
pub(super) fn go_on(cancelled: &mut dyn FnMut() -> bool) -> Result<(), Cancelled> {
    if cancelled() { Err(Cancelled) } else { Ok(()) }
}
