//! Events of the current run, on their way to the user.

use std::sync::Arc;

use super::protocol::{Event, EventKind, Preview, RunId};
use super::transport::WorkerEnd;
use crate::domain::Notice;

/// Sends events and previews of the current run.
pub(super) struct Outbox {
    end: Arc<dyn WorkerEnd>,
    /// The run that events belong to.
    pub(super) run: RunId,
}

impl Outbox {
    pub(super) fn new(end: Arc<dyn WorkerEnd>) -> Self {
        Self { end, run: 0 }
    }

    /// Sends an event, waiting if the queue is full.
    pub(super) fn send(&self, kind: EventKind) {
        self.send_for(self.run, kind);
    }

    /// Sends an event of another run than the current one.
    pub(super) fn send_for(&self, run: RunId, kind: EventKind) {
        self.end.send(Event { run, kind });
    }

    /// Replaces the preview and reports that there is a new one.
    pub(super) fn send_preview(&self, preview: Preview) {
        self.end.put_preview(preview);
        self.send(EventKind::PreviewReady);
    }

    pub(super) fn info(&self, notice: impl Into<Notice>) {
        self.send(EventKind::Info(notice.into()));
    }

    pub(super) fn warn(&self, notice: impl Into<Notice>) {
        self.send(EventKind::Warning(notice.into()));
    }
}
