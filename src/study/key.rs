//! When two runs are the same: by what they do and by the data that they do it with, not by name, place or device.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::fingerprint::Fingerprint;
use super::hash_cache::hash_bytes;
use crate::data::DataError;
use crate::data::files::write;
use crate::domain::config::{DeviceChoice, Encoder};
use crate::domain::{RunConfig, stored};

/// Name of the file in a run's folder that says what run of a study it is.
pub const FILE: &str = "study.json";

/// What a run does, and with which data.
#[derive(Clone, Debug, PartialEq)]
pub struct RunKey {
    /// The configuration without paths and device. In place of a file with the encoder's weights stands the file's hash.
    pub config: RunConfig,
    /// The data.
    pub data: Fingerprint,
}

/// [`RunKey`] as it stands in a run's folder, with the names that the run had.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Record {
    study: String,
    run: String,
    config: serde_json::Value,
    data: Fingerprint,
}

impl RunKey {
    /// The key of a run. `encoder` is the hash of the file with its encoder's weights, if it has one.
    pub fn new(config: &RunConfig, encoder: Option<String>, data: Fingerprint) -> Self {
        let mut config = RunConfig { data: PathBuf::new(), device: DeviceChoice::Auto, ..config.clone() };
        if let (Encoder::File(_), Some(hash)) = (&config.model.encoder, encoder) {
            config.model.encoder = Encoder::File(hash.into());
        }
        Self { config, data }
    }

    /// The key in short, as a name of files.
    pub fn id(&self) -> String {
        let config = serde_json::to_string(&self.config).unwrap_or_default();
        hash_bytes(format!("{config}\n{}", self.data.digest).as_bytes())
    }

    /// Writes it to a run's folder.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn write(&self, folder: &Path, study: &str, run: &str) -> Result<(), DataError> {
        let file = folder.join(FILE);
        let broken = |error: serde_json::Error| DataError::content(error.to_string(), &file);
        let config = serde_json::to_value(&self.config).map_err(broken)?;
        let record = Record { study: study.to_owned(), run: run.to_owned(), config, data: self.data.clone() };
        write::atomically(&file, &serde_json::to_vec_pretty(&record).map_err(broken)?)
    }

    /// Reads that of a run's folder. `None` if there is none, or if it has a field that this version does not know. Fields that
    /// came later have their default.
    pub fn read(folder: &Path) -> Option<Self> {
        let record: Record = serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()?;
        let (config, lost) = stored::read(&RunConfig::default(), &RunConfig::every_field(), &record.config).ok()?;
        lost.is_empty().then_some(Self { config, data: record.data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(config: &RunConfig, data: &str) -> RunKey {
        RunKey::new(config, None, Fingerprint { digest: data.to_owned(), files: 1, bytes: 2 })
    }

    #[test]
    fn place_and_device_do_not_tell_runs_apart_and_settings_do() {
        let config = RunConfig::demo();
        let moved = RunConfig { data: "/elsewhere".into(), device: DeviceChoice::Gpu, ..config.clone() };
        assert_eq!(key(&config, "d"), key(&moved, "d"));
        assert_eq!(key(&config, "d").id(), key(&moved, "d").id());
        let other = RunConfig { seed: 7, ..config.clone() };
        assert_ne!(key(&config, "d").id(), key(&other, "d").id());
        assert_ne!(key(&config, "d").id(), key(&config, "e").id());
    }

    #[test]
    fn a_file_of_weights_counts_by_its_content() {
        let with = |path: &str, hash: &str| {
            let mut config = RunConfig::demo();
            config.model.encoder = Encoder::File(path.into());
            RunKey::new(&config, Some(hash.to_owned()), Fingerprint::default())
        };
        assert_eq!(with("a.pth", "1"), with("b.pth", "1"));
        assert_ne!(with("a.pth", "1"), with("a.pth", "2"));
    }

    #[test]
    fn a_key_survives_its_file_and_fields_that_come_later() {
        let dir = tempfile::tempdir().unwrap();
        let key = key(&RunConfig::reference(), "d");
        key.write(dir.path(), "s", "r").unwrap();
        assert_eq!(RunKey::read(dir.path()), Some(key.clone()));
        let file = dir.path().join(FILE);
        let text = std::fs::read_to_string(&file).unwrap();
        let without = text.replacen("\"jitter\": 0.0,", "", 1);
        assert_ne!(text, without);
        std::fs::write(&file, without).unwrap();
        assert_eq!(RunKey::read(dir.path()), Some(key), "an earlier version wrote it");
        std::fs::write(&file, text.replacen("\"jitter\"", "\"fancy\"", 1)).unwrap();
        assert_eq!(RunKey::read(dir.path()), None, "a later version wrote it");
    }
}
