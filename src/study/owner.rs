//! Who holds a claim.

use serde::{Deserialize, Serialize};

/// The holder of a claim, as it stands in its file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// Name of the run.
    pub run: String,
    /// The machine.
    pub host: String,
    /// The process on it.
    pub pid: u32,
    /// Job, array task and process, under Slurm.
    pub job: Option<String>,
    /// How often Slurm had queued the task again by then.
    pub(super) restarts: u32,
    /// Where the process id holds.
    pub(super) system: Option<String>,
    /// When it was claimed, seconds since 1970 by the holder's clock.
    pub since: u64,
    /// Tells this claim from every other one.
    pub(super) token: String,
}

impl Owner {
    /// The holder in words: `node3, process 4711, job 12_3.0`.
    pub fn describe(&self) -> String {
        let job = self.job.as_ref().map_or_else(String::new, |job| format!(", job {job}"));
        format!("{}, process {}{job}", self.host, self.pid)
    }
}
