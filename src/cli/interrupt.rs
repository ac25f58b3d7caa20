//! Ctrl-C: the first one asks for a clean end, the second one ends at once.

use std::sync::atomic::{AtomicBool, Ordering};

/// The exit code of a run that was interrupted, as shells give it.
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

/// Whether somebody asked for an end.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
