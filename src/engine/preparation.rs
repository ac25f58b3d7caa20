//! What every stage of preparing a run needs: where to report, and whether it was cancelled.

use super::outbox::Outbox;
use super::protocol::{EventKind, Phase};

/// The run was stopped before its first step.
#[derive(Debug, thiserror::Error)]
#[error("the run was stopped before its first step")]
pub(super) struct Cancelled;

/// A run being prepared.
pub(super) struct Preparation<'a> {
    pub(super) outbox: &'a Outbox,
    is_cancelled: &'a mut dyn FnMut() -> bool,
}

impl<'a> Preparation<'a> {
    /// `is_cancelled` is asked between stages and, in long ones, between tiles.
    pub(super) fn new(outbox: &'a Outbox, is_cancelled: &'a mut dyn FnMut() -> bool) -> Self {
        Self { outbox, is_cancelled }
    }

    /// Reports the current activity: `done` of `total` items, or 0 of 0 if there are none to count.
    pub(super) fn announce(&self, what: &str, done: usize, total: usize) {
        self.outbox.send(EventKind::Phase(Phase::Preparing { what: what.to_owned(), done, total }));
    }

    pub(super) fn is_cancelled(&mut self) -> bool {
        (self.is_cancelled)()
    }

    /// An error if the run was stopped meanwhile.
    pub(super) fn check(&mut self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}
