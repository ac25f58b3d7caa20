//! What the window and the command line hold of the engine.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError};

use super::outbox::Outbox;
use super::priority;
use super::protocol::{Command, Event, Preview};
use super::slot::Latest;
use super::worker::Worker;

/// How long a full command queue is waited for before events are cleared out of the way.
const MOMENT: Duration = Duration::from_millis(20);
/// How long the end of the work at hand is waited for when the handle is dropped.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same for somebody who wants to leave.
const HURRY: Duration = Duration::from_secs(1);

/// Called whenever there is something to fetch: the window asks for a repaint.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// The engine, seen from outside. Dropping it ends a run cleanly and joins the thread, unless that takes too long: a
/// thread in the middle of something that does not end is left behind.
pub struct EngineHandle {
    commands: Sender<Command>,
    events: Receiver<Event>,
    previews: Arc<Latest<Preview>>,
    thread: Option<JoinHandle<()>>,
    patience: Duration,
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
        Ok(Self { commands, events, previews, thread: Some(thread), patience: PATIENCE })
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

    /// Dropping is not to wait for a step that takes its time.
    pub fn hurry(&mut self) {
        self.patience = HURRY;
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
        let deadline = Instant::now() + self.patience;
        let mut unsent = Some(Command::Shutdown);
        // Both queues are bounded: while the worker waits for room for its events, it takes no command.
        while !thread.is_finished() && Instant::now() < deadline {
            if let Some(shutdown) = unsent.take()
                && let Err(SendTimeoutError::Timeout(shutdown)) = self.commands.send_timeout(shutdown, MOMENT)
            {
                unsent = Some(shutdown);
            }
            self.events.recv_timeout(MOMENT).ok();
            while self.try_event().is_some() {}
        }
        if thread.is_finished() {
            thread.join().ok();
        } else {
            log::warn!("the engine is left in the middle of its work");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_never_ends_does_not_hold_up_whoever_leaves() {
        let (commands, inbox) = crossbeam_channel::bounded(1);
        let (events_in, events) = crossbeam_channel::bounded(1);
        let (release, held) = crossbeam_channel::bounded::<()>(0);
        let thread = std::thread::Builder::new().spawn(move || {
            held.recv().ok();
            drop((inbox, events_in));
        });
        let mut engine = EngineHandle {
            commands,
            events,
            previews: Arc::default(),
            thread: Some(thread.unwrap()),
            patience: PATIENCE,
        };
        assert!(engine.send(Command::Pause), "the queue is full now");
        engine.hurry();
        let began = Instant::now();
        drop(engine);
        assert!(began.elapsed() < PATIENCE / 2);
        drop(release);
    }
}
