//! Computing waits while the picture that answers a person's hand is drawn.
//!
//! Threads that have to be pushed aside first cost such a frame some milliseconds, whatever their priority, and what they leave
//! in the caches some more. So every piece of work passes this gate, and none begins while it is closed. A piece takes about
//! a millisecond.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Between two closures the gate stays open at least this long, so that no hand is quick enough to stop training.
const OPEN: Duration = Duration::from_millis(40);
/// How long one who waits sleeps before looking again.
const NAP: Duration = Duration::from_millis(1);

/// The gate of this process.
static GATE: Gate = Gate::new();

/// Closes the gate for as long as `limit`; [`open`] ends that sooner. Has no effect so soon after the last time that computing
/// would hardly go on.
pub fn close(limit: Duration) {
    GATE.close(now(), limit);
}

/// Opens the gate.
pub fn open() {
    GATE.open(now());
}

/// Waits until the gate is open.
pub(crate) fn pass() {
    // A process that never closes it, as all without a window, does not even ask for the time.
    while GATE.was_ever_closed() && GATE.is_closed(now()) {
        std::thread::sleep(NAP);
    }
}

/// Since the first time this is asked.
fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// When it opens, or has opened last, in microseconds; 0 if it was never closed. Nothing else hangs on it: no order is needed.
struct Gate(AtomicU64);

impl Gate {
    const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    fn opens(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }

    fn was_ever_closed(&self) -> bool {
        !self.opens().is_zero()
    }

    fn is_closed(&self, now: Duration) -> bool {
        now < self.opens()
    }

    fn close(&self, now: Duration, limit: Duration) {
        if !self.was_ever_closed() || now >= self.opens() + OPEN {
            self.0.store(micros(now + limit), Ordering::Relaxed);
        }
    }

    fn open(&self, now: Duration) {
        self.0.fetch_min(micros(now), Ordering::Relaxed);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn it_opens_by_itself_or_when_told() {
        let gate = Gate::new();
        assert!(!gate.is_closed(at(0)));
        gate.close(at(1), at(30));
        assert!(gate.is_closed(at(30)) && !gate.is_closed(at(31)));
        gate.close(at(100), at(30));
        gate.open(at(110));
        assert!(!gate.is_closed(at(110)));
        gate.open(at(120)); // It has been open since 110.
        gate.close(at(110) + OPEN, at(30));
        assert!(gate.is_closed(at(130)));
    }

    #[test]
    fn it_cannot_be_kept_closed() {
        let gate = Gate::new();
        let closed = (0..7000).filter(|&millis| {
            gate.close(at(millis), at(30));
            gate.is_closed(at(millis))
        });
        let share = closed.count() as f64 / 7000.0;
        assert!((0.4..0.5).contains(&share), "closed {share} of the time");
    }

    #[test]
    fn who_comes_to_the_closed_gate_waits() {
        let began = Instant::now();
        close(at(20));
        pass();
        assert!(began.elapsed() >= at(20));
    }
}
