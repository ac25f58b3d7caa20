//! The two ends of a connection.

use std::time::Duration;

use crate::engine::protocol::{Command, Event, Preview};

/// The end of the window or the command line.
pub trait UserEnd: Send + Sync {
    /// Sends a command without waiting. Gives it back if the queue is full or the worker is gone.
    ///
    /// # Errors
    /// The command that was not sent.
    fn try_send(&self, command: Command) -> Result<(), Command>;

    /// Sends a command, waiting for room in the queue. Gives it back if there is none in time; without a worker it is
    /// dropped.
    ///
    /// # Errors
    /// The command that was not sent.
    fn send_timeout(&self, command: Command, patience: Duration) -> Result<(), Command>;

    /// The next event, if one is waiting.
    fn try_event(&self) -> Option<Event>;

    /// Waits for the next event, at most this long; for ever if `None`. Returns `None` if none came or the worker is gone.
    fn wait_event(&self, patience: Option<Duration>) -> Option<Event>;

    /// The latest preview, if a new one has come.
    fn take_preview(&self) -> Option<Preview>;
}

/// The end of the worker.
pub trait WorkerEnd: Send + Sync {
    /// The next command, if one is waiting.
    fn try_command(&self) -> Option<Command>;

    /// Waits for the next command. `None` once the other end is gone.
    fn wait_command(&self) -> Option<Command>;

    /// Sends an event, waiting if the queue is full, and wakes the user. Without a user it is dropped.
    fn send(&self, event: Event);

    /// Replaces the preview. The user learns of it by an event.
    fn put_preview(&self, preview: Preview);
}
