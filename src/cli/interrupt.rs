//! Ctrl-C: the first one ends the run cleanly, the second one ends the process at once.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::warned;

/// Exit code of an interrupted run, by the convention of shells (128 + SIGINT).
pub(super) const CODE: u8 = 130;
/// A signal that follows this soon is the same one: schedulers send theirs to a job's script, which passes it on, and to the
/// process itself.
const ECHO: Duration = Duration::from_secs(1);

static FIRST: OnceLock<Instant> = OnceLock::new();

/// Calls `stop` on the first Ctrl-C (or SIGTERM, SIGUSR1, SIGHUP without `nohup`) and its echo, and ends the process on the second.
pub(super) fn on_first(stop: impl Fn() + Send + 'static) -> anyhow::Result<()> {
    ctrlc::set_handler(move || {
        let now = Instant::now();
        if is_second(*FIRST.get_or_init(|| now), now) {
            std::process::exit(i32::from(CODE));
        }
        stop();
    })?;
    warned::pass_on()?;
    Ok(())
}

/// Whether a signal is another one than the first.
fn is_second(first: Instant, now: Instant) -> bool {
    now.duration_since(first) > ECHO
}

/// Whether Ctrl-C was pressed.
pub(super) fn asked() -> bool {
    FIRST.get().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_arrives_twice_at_once_is_one() {
        let first = Instant::now();
        assert!(!is_second(first, first) && !is_second(first, first + Duration::from_millis(200)));
        assert!(is_second(first, first + Duration::from_secs(3)));
    }
}
