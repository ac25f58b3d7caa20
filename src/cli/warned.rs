//! Signals that must not end the process: SIGUSR1, with which schedulers warn a job before its time is up, and a SIGHUP that whoever
//! started the process has ignored (`nohup`).

#[cfg(unix)]
use nix::{
    sys::signal::{SigSet, Signal, kill},
    unistd::Pid,
};

/// Holds the signals back, in this thread and in those that it starts. It must be called before there are any.
#[cfg(unix)]
pub(super) fn hold() {
    let mut held = warnings();
    if std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hang_up(&status)) {
        held.add(Signal::SIGHUP); // The handler of Ctrl-C takes it from the system otherwise, ignored or not.
    }
    if let Err(error) = held.thread_block() {
        log::warn!("a scheduler's warning (SIGUSR1) would end this process: {error}");
    }
}

/// Whether a process ignores SIGHUP, by its `status` on Linux: bit 0 of the mask `SigIgn`. Other systems do not say.
#[cfg(unix)]
fn ignores_hang_up(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// From now on the warning, also one that was held back before, counts as SIGTERM.
///
/// # Errors
/// If the system cannot start a thread.
#[cfg(unix)]
pub(super) fn pass_on() -> std::io::Result<()> {
    std::thread::Builder::new().name("signals".to_owned()).spawn(|| {
        while warnings().wait().is_ok() {
            kill(Pid::this(), Signal::SIGTERM).ok(); // A process may always signal itself.
        }
    })?;
    Ok(())
}

#[cfg(unix)]
fn warnings() -> SigSet {
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_hang_up_is_ignored_if_the_system_says_so() {
        let status = |mask: &str| format!("SigBlk:\t0000000000000001\nSigIgn:\t{mask}\nSigCgt:\t0000000000000001\n");
        assert!(ignores_hang_up(&status("0000000000001001")));
        assert!(!ignores_hang_up(&status("0000000000001002")));
        assert!(!ignores_hang_up(""));
    }
}
