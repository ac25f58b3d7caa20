//! SIGUSR1, with which schedulers warn a job before its time is up. By itself it would end the process.

#[cfg(unix)]
use nix::{
    sys::signal::{SigSet, Signal, kill},
    unistd::Pid,
};

/// Holds the signal back, in this thread and in those that it starts. It must be called before there are any.
#[cfg(unix)]
pub(super) fn hold() {
    if let Err(error) = signals().thread_block() {
        log::warn!("a scheduler's warning (SIGUSR1) would end this process: {error}");
    }
}

/// From now on the signal, also one that was held back before, counts as SIGTERM.
///
/// # Errors
/// If the system cannot start a thread.
#[cfg(unix)]
pub(super) fn pass_on() -> std::io::Result<()> {
    std::thread::Builder::new().name("signals".to_owned()).spawn(|| {
        while signals().wait().is_ok() {
            kill(Pid::this(), Signal::SIGTERM).ok(); // A process may always signal itself.
        }
    })?;
    Ok(())
}

#[cfg(unix)]
fn signals() -> SigSet {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGUSR1);
    signals
}

#[cfg(not(unix))]
pub(super) fn hold() {}

#[cfg(not(unix))]
pub(super) fn pass_on() -> std::io::Result<()> {
    Ok(())
}
