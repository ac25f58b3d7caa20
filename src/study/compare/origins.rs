//! Files that a run begins with, by their content: as a study's key of a run compares them, whatever their paths are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::domain::RunConfig;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::Encoder;
use crate::study::hash_cache::HashCache;
use crate::study::record::Record;

/// Characters of a hash that are shown.
const SHOWN: usize = 8;

/// Hashes of what a run began with, as a study recorded them; `None` where there is no such file or no record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// The file with the encoder's weights.
    pub encoder: Option<String>,
    /// The checkpoint of the run that it began with.
    pub beginning: Option<String>,
}

impl Origins {
    /// Those of a run with this record.
    pub(super) fn of(record: Option<&Record>) -> Self {
        // In a record, hashes stand in place of paths.
        let recorded = record.map(|record| &record.key.config);
        let text = |hash: &Path| hash.display().to_string();
        Self {
            encoder: recorded.and_then(encoder_file).map(text),
            beginning: recorded.and_then(|config| config.init_from.as_deref()).map(text),
        }
    }
}

fn encoder_file(config: &RunConfig) -> Option<&Path> {
    match &config.model.encoder {
        Encoder::File(path) => Some(path),
        Encoder::None | Encoder::Lite0 => None,
    }
}

/// The checkpoint that a run begins with, by the folder of its run.
fn beginning(config: &RunConfig) -> Option<(PathBuf, Checkpoint)> {
    config.init_from.clone().map(|folder| (folder, config.init_checkpoint))
}

fn hash(path: &Path) -> Option<String> {
    let hashed = HashCache::default().hash_all(&[path.to_owned()], &|_| true).ok()??;
    hashed.into_iter().next().map(|file| file.hash)
}

/// Files whose content is known, with their hashes, in the order of the runs.
#[derive(Debug)]
struct Known<F>(Vec<(F, String)>);

impl<F: PartialEq> Known<F> {
    /// The first file with the content of this one, and its hash. A run that does not know the hash has that of another one with its file.
    fn first<'a>(&'a self, file: &'a F, hash: Option<&'a str>) -> Option<(&'a F, &'a str)> {
        let of_file = || self.0.iter().find(|(other, _)| other == file).map(|(_, hash)| hash.as_str());
        let hash = hash.or_else(of_file)?;
        Some((self.0.iter().find(|(_, other)| other == hash).map_or(file, |(first, _)| first), hash))
    }
}

/// What the runs of a comparison begin with.
#[derive(Debug)]
pub(super) struct KnownFiles {
    encoders: Known<PathBuf>,
    beginnings: Known<(PathBuf, Checkpoint)>,
    /// Hashes of encoder files as they are now; `None` of those that are gone.
    now: BTreeMap<PathBuf, Option<String>>,
}

impl KnownFiles {
    /// The files of runs. Encoder files that no study recorded are read, each once.
    pub(super) fn of<'a>(runs: impl Iterator<Item = (&'a RunConfig, &'a Origins)>) -> Self {
        let mut files = Self { encoders: Known(Vec::new()), beginnings: Known(Vec::new()), now: BTreeMap::new() };
        for (config, origins) in runs {
            if let (Some(path), None) = (encoder_file(config), &origins.encoder) {
                files.now.entry(path.to_owned()).or_insert_with(|| hash(path));
            }
            let encoder = encoder_file(config).zip(files.encoder_hash(config, origins));
            let encoder = encoder.map(|(path, hash)| (path.to_owned(), hash.to_owned()));
            files.encoders.0.extend(encoder);
            files.beginnings.0.extend(beginning(config).zip(origins.beginning.clone()));
        }
        files
    }

    /// The content of a run's encoder file: as a study recorded it, else as it is now.
    fn encoder_hash<'a>(&'a self, config: &RunConfig, origins: &'a Origins) -> Option<&'a str> {
        let now = || self.now.get(encoder_file(config)?)?.as_deref();
        origins.encoder.as_deref().or_else(now)
    }

    /// The configuration with one name in place of all paths of a content.
    pub(super) fn name_in(&self, mut config: RunConfig, origins: &Origins) -> RunConfig {
        if let Some(path) = encoder_file(&config).map(Path::to_owned)
            && let Some((first, hash)) = self.encoders.first(&path, self.encoder_hash(&config, origins))
        {
            config.model.encoder = Encoder::File(name(first, hash));
        }
        if let Some(file) = beginning(&config)
            && let Some(((first, _), hash)) = self.beginnings.first(&file, origins.beginning.as_deref())
        {
            config.init_from = Some(name(first, hash));
            config.init_checkpoint = RunConfig::default().init_checkpoint; // Its content says which it is.
        }
        config
    }
}

/// The name of a file with the begin of its hash.
fn name(file: &Path, hash: &str) -> PathBuf {
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let begin: String = hash.chars().take(SHOWN).collect();
    format!("{name} ({begin})").into()
}

#[cfg(test)]
mod tests {
    use super::super::comparison::Comparison;
    use super::super::entry::Entry;
    use super::super::run::ComparedRun;
    use super::super::run::tests::run;
    use super::*;

    fn with_encoder(name: &str, seed: u64, path: &Path) -> ComparedRun {
        let mut config = RunConfig { seed, ..RunConfig::demo() };
        config.model.encoder = Encoder::File(path.to_owned());
        run(name, config, 0.5, &[])
    }

    fn compared(runs: impl IntoIterator<Item = ComparedRun>) -> Comparison {
        Comparison::of("t", runs.into_iter().map(Entry::from).collect())
    }

    #[test]
    fn a_file_elsewhere_is_the_same_and_other_content_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str, content: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let (one, copy, other) = (path("one.pth", "1"), path("copy.pth", "1"), path("other.pth", "2"));
        let same = compared([with_encoder("a", 0, &one), with_encoder("b", 1, &copy)]);
        assert_eq!((same.groups.len(), same.fields.len()), (1, 0));
        let differ = compared([with_encoder("a", 0, &one), with_encoder("b", 0, &other)]);
        assert_eq!((differ.groups.len(), differ.fields), (2, vec!["model.encoder".to_owned()]));
        assert!(differ.groups[0].settings[0].starts_with("one.pth ("), "{:?}", differ.groups);
    }

    #[test]
    fn a_file_that_is_gone_is_known_by_its_path() {
        let gone = |name: &str, path: &str| with_encoder(name, 0, Path::new(path));
        assert_eq!(compared([gone("a", "/no/a.pth"), gone("b", "/no/b.pth")]).groups.len(), 2);
        let known = ComparedRun {
            origins: Origins { encoder: Some("0123456789".to_owned()), beginning: None },
            ..gone("a", "/no/a.pth")
        };
        let mut later = gone("b", "/no/a.pth");
        later.config.seed = 1;
        assert_eq!(compared([known, later]).groups.len(), 1, "what one run knows of it holds for the other");
    }

    #[test]
    fn another_checkpoint_of_a_run_is_not_the_one_whose_content_is_known() {
        let from = |name: &str, seed: u64, init_checkpoint: Checkpoint, hash: Option<&str>| {
            let config = RunConfig { seed, init_from: Some("/no/x".into()), init_checkpoint, ..RunConfig::demo() };
            let origins = Origins { encoder: None, beginning: hash.map(str::to_owned) };
            ComparedRun { origins, ..run(name, config, 0.5, &[]) }
        };
        let known = || from("a", 0, Checkpoint::Best, Some("0123456789"));
        let differ = compared([known(), from("b", 1, Checkpoint::Last, None)]);
        assert_eq!(differ.groups.len(), 2, "{:?}", differ.groups);
        assert_eq!(compared([known(), from("b", 1, Checkpoint::Best, None)]).groups.len(), 1);
    }
}
