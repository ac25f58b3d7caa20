//! When two runs are the same: by what they do and by the data that they do it with, not by name, place or device.

use std::path::PathBuf;

use super::fingerprint::Fingerprint;
use super::hash_cache::hash_bytes;
use crate::domain::RunConfig;
use crate::domain::config::{DeviceChoice, Encoder};

/// Settings that do not make another run: where it computes, and what it writes beside its tables. Nor does the place of the data.
pub const BESIDE: [&str; 2] = ["device", "tensorboard"];

/// What a run does, and with which data.
#[derive(Clone, Debug, PartialEq)]
pub struct RunKey {
    /// The configuration without paths, device and what is written beside the tables. In place of a file with the encoder's weights stands the file's hash.
    pub config: RunConfig,
    /// The data.
    pub data: Fingerprint,
}

impl RunKey {
    /// The key of a run. `encoder` is the hash of the file with its encoder's weights, if it has one.
    pub fn new(config: &RunConfig, encoder: Option<String>, data: Fingerprint) -> Self {
        let mut config =
            RunConfig { data: PathBuf::new(), device: DeviceChoice::Auto, tensorboard: false, ..config.clone() };
        config.train.precision = config.train.precision.in_study();
        if let (Encoder::File(_), Some(hash)) = (&config.model.encoder, encoder) {
            config.model.encoder = Encoder::File(hash.into());
        }
        Self { config, data }
    }

    /// The key of a run that begins with the weights of another one: the hash of its checkpoint stands in place of its folder.
    #[must_use]
    pub fn beginning_with(mut self, checkpoint: Option<String>) -> Self {
        self.config.init_from = checkpoint.map(PathBuf::from);
        self.config.init_checkpoint = RunConfig::default().init_checkpoint;
        self
    }

    /// The key in short, as a name of files.
    pub fn id(&self) -> String {
        let config = serde_json::to_string(&self.config).unwrap_or_default();
        hash_bytes(format!("{config}\n{}", self.data.digest).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::fields;

    /// Where the data are.
    const PLACE: &str = "data";

    fn key(config: &RunConfig, data: &str) -> RunKey {
        RunKey::new(config, None, Fingerprint { digest: data.to_owned(), files: 1, bytes: 2 })
    }

    #[test]
    fn place_and_device_do_not_tell_runs_apart_and_settings_do() {
        let config = RunConfig::demo();
        let moved =
            RunConfig { data: "/elsewhere".into(), device: DeviceChoice::Gpu, tensorboard: true, ..config.clone() };
        assert_eq!(key(&config, "d"), key(&moved, "d"));
        assert_eq!(key(&config, "d").id(), key(&moved, "d").id());
        let other = RunConfig { seed: 7, ..config.clone() };
        assert_ne!(key(&config, "d").id(), key(&other, "d").id());
        assert_ne!(key(&config, "d").id(), key(&config, "e").id());
    }

    #[test]
    fn the_settings_beside_are_those_that_the_key_leaves_out() {
        let base =
            RunConfig { ignore: Some(vec!["x".to_owned()]), init_from: Some("/r".into()), ..RunConfig::few_clicks() };
        let table = toml::Table::try_from(&base).unwrap();
        let mut compared = 0;
        for setting in fields::settings(&table) {
            let Ok(other) = fields::set(&RunConfig::demo(), &setting) else { panic!("{setting:?}") };
            if other != RunConfig::demo() {
                let is_other = key(&other, "d") != key(&RunConfig::demo(), "d");
                let counts = !BESIDE.contains(&setting.field.as_str()) && setting.field != PLACE;
                assert_eq!(is_other, counts, "{}", setting.field);
                compared += 1;
            }
        }
        let beside = RunConfig { device: DeviceChoice::Gpu, tensorboard: true, data: "/e".into(), ..RunConfig::demo() };
        assert_eq!(key(&beside, "d"), key(&RunConfig::demo(), "d"));
        assert!(compared > 5, "{compared}");
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
}
