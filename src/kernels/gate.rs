//! Computing waits while the picture that answers a person's hand is drawn.
//!
//! Threads that have to be pushed aside first cost such a frame some milliseconds, whatever their priority, and what they leave
//! in the caches some more. So whatever the kernels do in vectors passes a gate, piece by piece, and none begins while it is
//! closed. A piece of a network of base 16 takes about a millisecond, of wider ones more: what has begun is not interrupted.
//! Those who wait hold up their threads, and so whoever else has work for rayon's pool, no longer than the gate is closed.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Between two closures the gate stays open at least this long, so that no hand is quick enough to stop training.
const OPEN: Duration = Duration::from_millis(40);
/// How long one who waits sleeps before looking again.
const NAP: Duration = Duration::from_millis(1);

/// The gate that the kernels pass.
pub static GATE: Gate = Gate::opened();

/// When it opens, or has opened last, in microseconds; 0 if it was never closed. Nothing else hangs on it: no order is needed.
#[derive(Debug)]
pub struct Gate(AtomicU64);

impl Gate {
    /// A gate that is open.
    pub const fn opened() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Closes it for as long as `limit`; [`Self::open`] ends that sooner. Has no effect so soon after the last time that
    /// computing would hardly go on.
    pub fn close(&self, limit: Duration) {
        self.close_at(now(), limit);
    }

    /// Opens it.
    pub fn open(&self) {
        self.open_at(now());
    }

    /// Waits until it is open.
    pub fn pass(&self) {
        while self.is_closed() {
            std::thread::sleep(NAP);
        }
    }

    /// Whether those who come have to wait. Where it never was closed, as in all processes without a window, this does not even
    /// ask for the time.
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

/// Since the first time this is asked.
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
    fn it_opens_by_itself_or_when_told() {
        let gate = Gate::opened();
        assert!(!gate.is_closed_at(at(0)));
        gate.close_at(at(1), at(30));
        assert!(gate.is_closed_at(at(30)) && !gate.is_closed_at(at(31)));
        gate.close_at(at(100), at(30));
        gate.open_at(at(110));
        assert!(!gate.is_closed_at(at(110)));
        gate.open_at(at(120)); // It has been open since 110.
        gate.close_at(at(110) + OPEN, at(30));
        assert!(gate.is_closed_at(at(110) + OPEN));
    }

    #[test]
    fn it_cannot_be_kept_closed() {
        let gate = Gate::opened();
        let closed = (0..7000).filter(|&millis| {
            gate.close_at(at(millis), at(30));
            gate.is_closed_at(at(millis))
        });
        let share = closed.count() as f64 / 7000.0;
        assert!((0.4..0.5).contains(&share), "closed {share} of the time");
    }

    /// The only test here that closes the gate of all: another's call would have no effect so soon after.
    #[test]
    fn the_kernels_pass_it() {
        let began = Instant::now();
        GATE.close(at(20));
        simd::lanes();
        assert!(began.elapsed() >= at(20));
    }
}
