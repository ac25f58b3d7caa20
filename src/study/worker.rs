//! Who works: machine, process and, under Slurm, job.

use std::process::Command;

#[cfg(unix)]
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// A process that takes runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Worker {
    /// Name of the machine.
    pub(super) host: String,
    /// Where process ids mean the same: this start of the system, this container. `None` where that cannot be told.
    pub(super) system: Option<String>,
    pub(super) pid: u32,
    /// Job, array task and process within it, if Slurm started it. A requeued task has the same.
    pub(super) job: Option<String>,
    /// How often Slurm has queued the task again.
    pub(super) restarts: u32,
}

impl Worker {
    /// This process.
    pub(super) fn this() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let restarts = variable("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0);
        Self { host: host(), system: system(), pid: std::process::id(), job: job(&variable), restarts }
    }

    /// Whether a process of this machine is over; `None` if that cannot be told from here.
    pub(super) fn is_over(&self, system: Option<&str>, pid: u32) -> Option<bool> {
        let is_here = self.system.is_some() && self.system.as_deref() == system;
        is_here.then(|| is_gone(pid)).flatten()
    }
}

/// Whether there is no such process; `None` if the system does not say. It is asked, because `/proc` may hide the processes of other
/// users (`hidepid`).
#[cfg(unix)]
fn is_gone(pid: u32) -> Option<bool> {
    let Some(pid) = i32::try_from(pid).ok().filter(|pid| *pid > 0) else {
        return Some(true); // No process has such an id, and to the system it means others.
    };
    let pid = Pid::from_raw(pid);
    match kill(pid, None::<Signal>) {
        Ok(()) | Err(Errno::EPERM) => Some(is_zombie(pid)),
        Err(Errno::ESRCH) => Some(true),
        Err(_) => None,
    }
}

/// Whether a process has ended and only waits for whoever started it to take notice, which in a container may be never. Its state stands
/// behind its name, which is in brackets and may hold any character.
#[cfg(unix)]
fn is_zombie(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with(['Z', 'X']))
}

#[cfg(not(unix))]
fn is_gone(_pid: u32) -> Option<bool> {
    None
}

/// The job in Slurm's own variables. Tasks of an array have job ids of their own, which a requeue may change.
fn job(variable: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let process = variable("SLURM_PROCID").unwrap_or_else(|| "0".to_owned());
    let array = variable("SLURM_ARRAY_JOB_ID").zip(variable("SLURM_ARRAY_TASK_ID"));
    let job = array.map(|(job, task)| format!("{job}_{task}")).or_else(|| variable("SLURM_JOB_ID"))?;
    Some(format!("{job}.{process}"))
}

fn host() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let command = || Command::new("hostname").output().ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let name = kernel.or_else(command).unwrap_or_default().trim().to_owned();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

fn system() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let processes = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), processes.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requeued_task_is_the_same_worker() {
        let variable = |name: &str| match name {
            "SLURM_ARRAY_JOB_ID" => Some("7".to_owned()),
            "SLURM_ARRAY_TASK_ID" => Some("3".to_owned()),
            "SLURM_JOB_ID" => Some("9".to_owned()),
            _ => None,
        };
        assert_eq!(job(&variable).as_deref(), Some("7_3.0"));
        assert_eq!(job(&|name: &str| (name == "SLURM_JOB_ID").then(|| "9".to_owned())).as_deref(), Some("9.0"));
        assert_eq!(job(&|_: &str| None), None);
    }

    #[test]
    fn processes_of_another_system_cannot_be_told() {
        let this = Worker::this();
        assert_eq!(this.is_over(Some("another"), this.pid), None);
        assert_eq!(Worker { system: None, ..this.clone() }.is_over(None, this.pid), None);
        if this.system.is_some() {
            assert_eq!(this.is_over(this.system.as_deref(), this.pid), Some(false));
            assert_eq!(this.is_over(this.system.as_deref(), u32::MAX), Some(true));
            assert_eq!(
                this.is_over(this.system.as_deref(), 1),
                Some(false),
                "the first process lives, whoever may see it"
            );
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_nobody_has_reaped_is_over() {
        let mut child = Command::new("true").spawn().unwrap();
        let ends = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while is_gone(child.id()) == Some(false) && std::time::Instant::now() < ends {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(is_gone(child.id()), Some(true));
        child.wait().unwrap();
        assert_eq!(is_gone(std::process::id()), Some(false));
    }
}
