//! What is compared.

use super::run::ComparedRun;
use crate::domain::RunConfig;

/// What is compared: a run, or one that a plan has and nobody made yet.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Name of its configuration; `None` to name it by what differs.
    pub configuration: Option<String>,
    /// Its configuration.
    pub config: RunConfig,
    /// The run, if it is done.
    pub run: Option<ComparedRun>,
}

impl From<ComparedRun> for Entry {
    fn from(run: ComparedRun) -> Self {
        Self { configuration: None, config: run.config.clone(), run: Some(run) }
    }
}
