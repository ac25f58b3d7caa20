//! Where the worker's events go.

use crossbeam_channel::Sender;

use super::handle::Waker;
use super::protocol::{Event, EventKind, RunId};

/// Sends events of the current run and wakes whoever listens.
pub(super) struct Outbox {
    events: Sender<Event>,
    waker: Waker,
    /// The run events belong to.
    pub(super) run: RunId,
}

impl Outbox {
    pub(super) fn new(events: Sender<Event>, waker: Waker) -> Self {
        Self { events, waker, run: 0 }
    }

    /// Sends an event, waiting if the queue is full. If nobody listens any more, the worker is about to be told so.
    pub(super) fn send(&self, kind: EventKind) {
        self.send_for(self.run, kind);
    }

    /// Sends an event of another run than the current one.
    pub(super) fn send_for(&self, run: RunId, kind: EventKind) {
        self.events.send(Event { run, kind }).ok();
        (self.waker)();
    }

    pub(super) fn info(&self, text: impl Into<String>) {
        self.send(EventKind::Info(text.into()));
    }

    pub(super) fn warn(&self, text: impl Into<String>) {
        self.send(EventKind::Warning(text.into()));
    }
}
