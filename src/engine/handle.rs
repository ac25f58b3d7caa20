//! What the window and the command line hold of the engine.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::priority;
use super::protocol::{Command, Event, Preview};
use super::transport::{UserEnd, in_process};
use super::waker::Waker;
use super::worker;

/// How long to wait for room in the command queue before making room in the event queue.
const SEND_PATIENCE: Duration = Duration::from_millis(20);
/// How long dropping the handle waits for the worker to finish its current work.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same after [`EngineHandle::hurry`].
const SHORT_PATIENCE: Duration = Duration::from_secs(1);
/// How long a signal handler waits for room in the command queue.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// The engine, seen from outside. Dropping the handle ends a run cleanly and joins the worker's thread. If that takes too
/// long, the thread is left behind.
pub struct EngineHandle {
    end: Arc<dyn UserEnd>,
    thread: Option<JoinHandle<()>>,
    patience: Duration,
}

impl EngineHandle {
    /// Starts the worker in a thread of this process, and the thread pool that it computes with.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn start(waker: Waker) -> std::io::Result<Self> {
        priority::start_compute_pool(); // Before anything else starts the pool, at normal priority.
        let (user, end) = in_process::connect(waker);
        let thread = std::thread::Builder::new().name("trainer".to_owned()).spawn(move || {
            priority::lower_this_thread();
            worker::work(Arc::new(end));
        })?;
        Ok(Self::over(Arc::new(user), Some(thread)))
    }

    /// A handle for a worker at the other end of a connection, and its thread if it is in this process.
    pub fn over(end: Arc<dyn UserEnd>, thread: Option<JoinHandle<()>>) -> Self {
        Self { end, thread, patience: PATIENCE }
    }

    /// Sends a command without waiting. Returns `false` if the queue is full or the worker is gone.
    pub fn send(&self, command: Command) -> bool {
        self.end.try_send(command).is_ok()
    }

    /// A function that ends the run cleanly, to be called from the thread of a signal handler.
    pub fn stopper(&self) -> impl Fn() + Send + 'static {
        let end = Arc::clone(&self.end);
        move || {
            end.send_timeout(Command::Stop, STOP_PATIENCE).ok();
        }
    }

    /// Makes dropping the handle wait a second at most.
    pub fn hurry(&mut self) {
        self.patience = SHORT_PATIENCE;
    }

    /// The next event, if one is waiting.
    pub fn try_event(&self) -> Option<Event> {
        self.end.try_event()
    }

    /// Waits for the next event; `None` once the worker is gone.
    pub fn wait_event(&self) -> Option<Event> {
        self.end.wait_event(None)
    }

    /// The latest preview, if a new one has come.
    pub fn take_preview(&self) -> Option<Preview> {
        self.end.take_preview()
    }
}

impl Drop for EngineHandle {
    fn drop(&mut self) {
        let deadline = Instant::now() + self.patience;
        let mut unsent = Some(Command::Shutdown);
        let Some(thread) = self.thread.take() else {
            self.end.send_timeout(Command::Shutdown, SEND_PATIENCE).ok();
            return;
        };
        // Both queues are bounded: while the worker waits for room for its events, it takes no command.
        while !thread.is_finished() && Instant::now() < deadline {
            unsent = unsent.take().and_then(|command| self.end.send_timeout(command, SEND_PATIENCE).err());
            self.end.wait_event(Some(SEND_PATIENCE));
            while self.try_event().is_some() {}
        }
        if thread.is_finished() {
            thread.join().ok();
        } else {
            log::warn!("the engine did not finish its work in time and is left behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_never_ends_does_not_delay_the_exit() {
        let (user, end) = in_process::connect(Arc::new(|| {}));
        let (release, held) = crossbeam_channel::bounded::<()>(0);
        let thread = std::thread::Builder::new().spawn(move || {
            held.recv().ok();
            drop(end);
        });
        let mut engine = EngineHandle::over(Arc::new(user), Some(thread.unwrap()));
        while engine.send(Command::Pause) {}
        engine.hurry();
        let began = Instant::now();
        drop(engine);
        assert!(began.elapsed() < PATIENCE / 2);
        drop(release);
    }
}
