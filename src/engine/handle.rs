//! What the window and the command line hold of the engine.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError};

use super::outbox::Outbox;
use super::priority;
use super::protocol::{Command, Event, Preview};
use super::slot::Latest;
use super::worker::Worker;

/// How long a full command queue is waited for before events are cleared out of the way.
const PATIENCE: Duration = Duration::from_millis(20);

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
    /// Starts the worker thread, and the pool of threads that it computes with.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub fn start(waker: Waker) -> std::io::Result<Self> {
        priority::start_compute_pool(); // Before anybody else builds one, at the priority of the window.
        let (commands, inbox) = crossbeam_channel::bounded(64);
        let (events_in, events) = crossbeam_channel::bounded(1024);
        let previews = Arc::<Latest<Preview>>::default();
        let slot = Arc::clone(&previews);
        let thread = std::thread::Builder::new().name("trainer".to_owned()).spawn(move || {
            priority::lower_this_thread();
            Worker::new(inbox, Outbox::new(events_in, waker), slot).work();
        })?;
        Ok(Self { commands, events, previews, thread: Some(thread) })
    }

    /// Sends a command without blocking. `false` if the engine is gone or too busy to listen.
    pub fn send(&self, command: Command) -> bool {
        match self.commands.try_send(command) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }

    /// Something that asks for a clean end of the run, to be called from a signal handler's thread.
    pub fn stopper(&self) -> impl Fn() + Send + 'static {
        let commands = self.commands.clone();
        move || {
            commands.send(Command::Stop).ok();
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
        let Some(thread) = self.thread.take() else { return };
        // Both queues are bounded: while the worker waits for room for its events, it takes no command.
        let mut shutdown = Command::Shutdown;
        while let Err(SendTimeoutError::Timeout(unsent)) = self.commands.send_timeout(shutdown, PATIENCE) {
            shutdown = unsent;
            while self.try_event().is_some() {}
        }
        while self.wait_event().is_some() {}
        thread.join().ok();
    }
}
