//! How much of each run of a study is saved: of one that was broken off, what need not be done again; of one in progress, how far it is.

use std::path::PathBuf;

use super::earlier;
use super::folder::StudyFolder;
use super::key::RunKey;
use super::record::Record;
use super::worth::Worth;

/// What the attempts in a study's folder have saved.
pub(super) struct Saved<'a> {
    study: &'a StudyFolder,
    attempts: Vec<(PathBuf, Record)>,
}

impl<'a> Saved<'a> {
    /// Lists the attempts. If that fails, nothing is known to be saved.
    pub(super) fn of(study: &'a StudyFolder) -> Self {
        let attempts = earlier::attempts(study).unwrap_or_else(|error| {
            log::warn!("what is saved of interrupted runs is not known: {error}");
            Vec::new()
        });
        Self { study, attempts }
    }

    /// The share of its steps that the run with this key has saved, by the attempt that is furthest on; 0 without one.
    pub(super) fn share(&self, key: &RunKey) -> f64 {
        let attempts = earlier::at_run(self.study, &self.attempts, key).into_iter();
        attempts.map(|(folder, record)| Worth::of(folder, record).share(record.steps())).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::domain::{Classes, RunConfig};
    use crate::engine::protocol::{Outcome, Summary};
    use crate::study::fingerprint::Fingerprint;
    use crate::train::folder::{RunFolder, files};

    fn config(seed: u64) -> RunConfig {
        RunConfig { seed, ..RunConfig::demo() }
    }

    fn key(seed: u64) -> RunKey {
        RunKey::new(&config(seed), None, Fingerprint::default())
    }

    #[test]
    fn of_several_attempts_the_one_that_is_furthest_on_counts() {
        let dir = tempfile::tempdir().unwrap();
        let study = StudyFolder::at(dir.path());
        let share = |seed| Saved::of(&study).share(&key(seed));
        assert_eq!(share(1), 0.0, "there is no folder");
        for name in ["begun", "over"] {
            let folder = study.unfinished().join(name);
            drop(RunFolder::create(&folder, &config(1), &Classes::deepglobe()).unwrap());
            Record::new("s", "run", &key(1), 10).write(&folder).unwrap();
        }
        assert_eq!(share(1), 0.0, "they were broken off before anything was saved");
        let summary = Summary { outcome: Outcome::Completed, ..Summary::default() };
        let file = study.unfinished().join("over").join(files::SUMMARY);
        fs::write(file, serde_json::to_vec(&summary).unwrap()).unwrap();
        assert_eq!([1, 2].map(share), [1.0, 0.0], "another run has none");
    }
}
