//! Ctrl-C: the first one ends the run cleanly, the second one ends the process at once.

use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of an interrupted run, by the convention of shells (128 + SIGINT).
pub(super) const CODE: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Calls `stop` on the first Ctrl-C (or SIGTERM), and ends the process on the second.
pub(super) fn on_first(stop: impl Fn() + Send + 'static) -> anyhow::Result<()> {
    ctrlc::set_handler(move || {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(CODE));
        }
        stop();
    })?;
    Ok(())
}

/// Whether Ctrl-C was pressed.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
