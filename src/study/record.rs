//! What run of a study a run folder holds: `study.json`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::fingerprint::Fingerprint;
use super::key::RunKey;
use crate::data::DataError;
use crate::data::files::write;
use crate::domain::{RunConfig, stored};

/// Name of the file.
pub const FILE: &str = "study.json";

/// What a run folder says of its run.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Name of the study.
    pub study: String,
    /// Name of the run in its plan.
    pub run: String,
    /// The key's id as it was when the run began. Floating-point numbers need not read back to the last digit, so it is kept.
    pub id: String,
    /// Steps of an epoch; 0 if unknown.
    pub steps_per_epoch: u64,
    /// The key.
    pub key: RunKey,
}

/// [`Record`] as it stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    study: String,
    run: String,
    id: String,
    steps_per_epoch: u64,
    config: serde_json::Value,
    data: Fingerprint,
}

impl Record {
    /// The record of a run that begins.
    pub fn new(study: &str, run: &str, key: &RunKey, steps_per_epoch: u64) -> Self {
        Self { study: study.to_owned(), run: run.to_owned(), id: key.id(), steps_per_epoch, key: key.clone() }
    }

    /// Whether it is the run with this key, whose id is `id`. A later version gives a run another id; its key is the same.
    pub fn is_of(&self, key: &RunKey, id: &str) -> bool {
        self.id == id || self.key == *key
    }

    /// Writes it to a run's folder.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), DataError> {
        let file = folder.join(FILE);
        let broken = |error: serde_json::Error| DataError::content(error.to_string(), &file);
        let Self { study, run, id, steps_per_epoch, key } = self.clone();
        let config = serde_json::to_value(&key.config).map_err(broken)?;
        let stored = Stored { study, run, id, steps_per_epoch, config, data: key.data };
        write::atomically(&file, &serde_json::to_vec_pretty(&stored).map_err(broken)?)
    }

    /// Reads that of a run's folder. `None` if there is none, or if it has a field that this version does not know. Fields that
    /// came later have their default.
    pub fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read(folder.join(FILE)).ok()?;
        let Stored { study, run, id, steps_per_epoch, config, data } = serde_json::from_slice(&text).ok()?;
        let (mut config, lost) = stored::read(&RunConfig::default(), &RunConfig::every_field(), &config).ok()?;
        config.train.precision = config.train.precision.in_study(); // Earlier versions computed in f32 always.
        lost.is_empty().then_some(Self { study, run, id, steps_per_epoch, key: RunKey { config, data } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_file_and_fields_that_come_later() {
        let dir = tempfile::tempdir().unwrap();
        let key = RunKey::new(&RunConfig::reference(), None, Fingerprint::default());
        let record = Record::new("s", "r", &key, 7);
        record.write(dir.path()).unwrap();
        assert_eq!(Record::read(dir.path()), Some(record.clone()));
        let file = dir.path().join(FILE);
        let text = std::fs::read_to_string(&file).unwrap();
        let without = text.replacen("\"jitter\": 0.0,", "", 1);
        assert_ne!(text, without);
        std::fs::write(&file, without).unwrap();
        assert_eq!(Record::read(dir.path()), Some(record), "an earlier version wrote it");
        assert!(Record::read(dir.path()).unwrap().is_of(&key, "the id of a later version"));
        std::fs::write(&file, text.replacen("\"jitter\"", "\"fancy\"", 1)).unwrap();
        assert_eq!(Record::read(dir.path()), None, "a later version wrote it");
    }

    #[test]
    fn a_number_that_does_not_read_back_exactly_is_the_same_run() {
        for lr in [0.0025118864315095794, 2.6826957952797274e-05] {
            let dir = tempfile::tempdir().unwrap();
            let mut config = RunConfig::demo();
            config.train.lr = lr;
            let key = RunKey::new(&config, None, Fingerprint::default());
            Record::new("s", "r", &key, 1).write(dir.path()).unwrap();
            assert!(Record::read(dir.path()).unwrap().is_of(&key, &key.id()), "{lr}");
        }
    }
}
