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
    /// That its loss has diverged, if it has.
    pub divergence: Option<Divergence>,
}

/// That the loss of a run has diverged after it was saved last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Divergence {
    /// The step of that state.
    pub after: u64,
    /// How often it has diverged from there.
    pub times: u32,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    divergence: Option<Divergence>,
}

impl Record {
    /// The record of a run that begins.
    pub fn new(study: &str, run: &str, key: &RunKey, steps_per_epoch: u64) -> Self {
        let (study, run, key) = (study.to_owned(), run.to_owned(), key.clone());
        Self { study, run, id: key.id(), steps_per_epoch, key, divergence: None }
    }

    /// The same, after its loss has diverged once more. It was saved last after this step.
    #[must_use]
    pub fn diverged(self, after: u64) -> Self {
        let before = self.divergence.filter(|before| before.after == after).map_or(0, |before| before.times);
        Self { divergence: Some(Divergence { after, times: before + 1 }), ..self }
    }

    /// Whether it has gone on from the state after this step in vain: its loss had diverged from there, and did so again.
    pub fn has_diverged_again(&self, after: u64) -> bool {
        self.divergence.is_some_and(|divergence| divergence.after == after && divergence.times > 1)
    }

    /// Steps of the run in all; 0 if unknown.
    pub fn steps(&self) -> u64 {
        self.key.config.train.length.steps(self.steps_per_epoch)
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
        let Self { study, run, id, steps_per_epoch, key, divergence } = self.clone();
        let config = serde_json::to_value(&key.config).map_err(broken)?;
        let stored = Stored { study, run, id, steps_per_epoch, config, data: key.data, divergence };
        write::atomically(&file, &serde_json::to_vec_pretty(&stored).map_err(broken)?)
    }

    /// Reads that of a run's folder. `None` if there is none, or if it has a field that this version does not know. Fields that
    /// came later have their default.
    pub fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read(folder.join(FILE)).ok()?;
        let Stored { study, run, id, steps_per_epoch, config, data, divergence } =
            serde_json::from_slice(&text).ok()?;
        let (mut config, lost) = stored::read(&RunConfig::default(), &RunConfig::every_field(), &config).ok()?;
        config.train.precision = config.train.precision.in_study(); // Earlier versions computed in f32 always.
        lost.is_empty().then_some(Self { study, run, id, steps_per_epoch, key: RunKey { config, data }, divergence })
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
    fn a_run_that_gets_further_may_diverge_again() {
        let dir = tempfile::tempdir().unwrap();
        let record = Record::new("s", "r", &RunKey::new(&RunConfig::demo(), None, Fingerprint::default()), 7);
        let once = record.diverged(5);
        assert!(!once.has_diverged_again(5));
        assert!(!once.clone().diverged(9).has_diverged_again(9), "it was saved in between");
        once.diverged(5).write(dir.path()).unwrap();
        let twice = Record::read(dir.path()).unwrap();
        assert!(twice.has_diverged_again(5) && !twice.has_diverged_again(9));
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
