//! A connection between threads of one process.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, SendTimeoutError, Sender};

use super::ends::{UserEnd, WorkerEnd};
use crate::engine::latest::Latest;
use crate::engine::protocol::{Command, Event, Preview};
use crate::engine::waker::Waker;

/// Commands that may wait for the worker.
const COMMANDS: usize = 64;
/// Events that may wait for the user; then the worker waits.
const EVENTS: usize = 1024;

/// The user's end of the channels.
pub struct User {
    commands: Sender<Command>,
    events: Receiver<Event>,
    preview: Arc<Latest<Preview>>,
}

/// The worker's end of the channels.
pub struct Worker {
    commands: Receiver<Command>,
    events: Sender<Event>,
    preview: Arc<Latest<Preview>>,
    waker: Waker,
}

/// Both ends of a new connection. The waker is called after each event.
pub fn connect(waker: Waker) -> (User, Worker) {
    let (commands, inbox) = crossbeam_channel::bounded(COMMANDS);
    let (outbox, events) = crossbeam_channel::bounded(EVENTS);
    let preview = Arc::<Latest<Preview>>::default();
    let user = User { commands, events, preview: Arc::clone(&preview) };
    (user, Worker { commands: inbox, events: outbox, preview, waker })
}

impl UserEnd for User {
    fn try_send(&self, command: Command) -> Result<(), Command> {
        self.commands.try_send(command).map_err(crossbeam_channel::TrySendError::into_inner)
    }

    fn send_timeout(&self, command: Command, patience: Duration) -> Result<(), Command> {
        match self.commands.send_timeout(command, patience) {
            Err(SendTimeoutError::Timeout(command)) => Err(command),
            Ok(()) | Err(SendTimeoutError::Disconnected(_)) => Ok(()),
        }
    }

    fn try_event(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    fn wait_event(&self, patience: Option<Duration>) -> Option<Event> {
        match patience {
            Some(patience) => self.events.recv_timeout(patience).ok(),
            None => self.events.recv().ok(),
        }
    }

    fn take_preview(&self) -> Option<Preview> {
        self.preview.take()
    }
}

impl WorkerEnd for Worker {
    fn try_command(&self) -> Option<Command> {
        self.commands.try_recv().ok()
    }

    fn wait_command(&self) -> Option<Command> {
        self.commands.recv().ok()
    }

    fn send(&self, event: Event) {
        self.events.send(event).ok();
        (self.waker)();
    }

    fn put_preview(&self, preview: Preview) {
        self.preview.put(preview);
    }
}
