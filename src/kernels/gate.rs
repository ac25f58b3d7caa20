//! The compute gate: kernels pause while the window draws a frame that answers user input.
//!
//! Pre-empting compute threads costs such a frame some milliseconds, whatever their priority, and the caches they
//! evicted cost more. So SIMD work items wait here while the gate is closed. An item that has begun is not interrupted;
//! with a network of base 16 it takes about a millisecond, with wider ones longer. Waiting items block their threads,
//! and with them all other users of rayon's pool, but no longer than the gate is closed.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The gate stays open at least this long between two closures, so that constant input cannot stop training.
const OPEN: Duration = Duration::from_millis(40);
/// How long a waiting thread sleeps between checks.
const POLL: Duration = Duration::from_millis(1);

thread_local! {
    static GOES_THROUGH: Cell<bool> = const { Cell::new(false) };
}

/// From now on the calling thread passes the gate even while it is closed, or no longer: what the user waits for does not wait for
/// frames that lack it.
pub fn go_through(goes: bool) {
    GOES_THROUGH.set(goes);
}

/// The gate that all kernels pass.
pub static GATE: Gate = Gate::opened();

/// The time at which the gate opens or last opened, in microseconds; 0 if it was never closed. No other data depends on
/// it, so relaxed ordering suffices.
#[derive(Debug)]
pub struct Gate(AtomicU64);

impl Gate {
    /// An open gate.
    pub const fn opened() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Closes the gate for `limit`, or until [`Self::open`]. Has no effect while it is closed or within 40 ms after it
    /// opened: training has to make progress.
    pub fn close(&self, limit: Duration) {
        self.close_at(now(), limit);
    }

    /// Opens the gate.
    pub fn open(&self) {
        self.open_at(now());
    }

    /// Blocks while the gate is closed, unless the thread [goes through](go_through).
    pub fn pass(&self) {
        while self.is_closed() && !GOES_THROUGH.get() {
            std::thread::sleep(POLL);
        }
    }

    /// Whether kernels have to wait. If the gate was never closed, as in processes without a window, this does not even
    /// read the clock.
    pub fn is_closed(&self) -> bool {
        self.was_ever_closed() && self.is_closed_at(now())
    }

    fn opens(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }

    fn was_ever_closed(&self) -> bool {
        !self.opens().is_zero()
    }

    fn is_closed_at(&self, now: Duration) -> bool {
        now < self.opens()
    }

    fn close_at(&self, now: Duration, limit: Duration) {
        if !self.was_ever_closed() || now >= self.opens() + OPEN {
            self.0.store(micros(now + limit), Ordering::Relaxed);
        }
    }

    fn open_at(&self, now: Duration) {
        self.0.fetch_min(micros(now), Ordering::Relaxed);
    }
}

/// Time since the first call.
fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::simd;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn it_opens_at_the_limit_or_on_request() {
        let gate = Gate::opened();
        assert!(!gate.is_closed_at(at(0)));
        gate.close_at(at(1), at(30));
        assert!(gate.is_closed_at(at(30)) && !gate.is_closed_at(at(31)));
        gate.close_at(at(100), at(30));
        gate.open_at(at(110));
        assert!(!gate.is_closed_at(at(110)));
        gate.open_at(at(120)); // No effect: it has been open since 110.
        gate.close_at(at(110) + OPEN, at(30));
        assert!(gate.is_closed_at(at(110) + OPEN));
    }

    #[test]
    fn repeated_closing_leaves_it_open_most_of_the_time() {
        let gate = Gate::opened();
        let closed = (0..7000).filter(|&millis| {
            gate.close_at(at(millis), at(30));
            gate.is_closed_at(at(millis))
        });
        let share = closed.count() as f64 / 7000.0;
        assert!((0.4..0.5).contains(&share), "closed {share} of the time");
    }

    /// The only test that closes the shared gate: a second one would find its call without effect so soon after.
    #[test]
    fn kernels_wait_for_it() {
        let began = Instant::now();
        GATE.close(at(20));
        go_through(true);
        simd::lanes();
        assert!(began.elapsed() < at(20), "this thread goes through");
        go_through(false);
        simd::lanes();
        assert!(began.elapsed() >= at(20));
    }
}
