//! What is compared.

use super::run::ComparedRun;
use crate::domain::RunConfig;

/// What is compared: a run, or one that a plan has and nobody made yet.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Name of its configuration; `None` to name it by what differs.
    pub configuration: Option<String>,
    /// The same in words; without effect where there is no name.
    pub words: String,
    /// Its configuration.
    pub config: RunConfig,
    /// The run, if it is done.
    pub run: Option<ComparedRun>,
}

impl From<ComparedRun> for Entry {
    fn from(run: ComparedRun) -> Self {
        Self { configuration: None, words: String::new(), config: run.config.clone(), run: Some(run) }
    }
}

/// Gives runs whose folders are called alike the names of the folders above as well.
pub(super) fn tell_names_apart(entries: &mut [Entry]) {
    let names: Vec<String> = entries.iter().filter_map(|entry| Some(entry.run.as_ref()?.name.clone())).collect();
    for run in entries.iter_mut().filter_map(|entry| entry.run.as_mut()) {
        if names.iter().filter(|name| **name == run.name).count() > 1 {
            run.name = run.folder.display().to_string();
        }
    }
}
