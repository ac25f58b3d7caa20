//! Files that a run begins with, by their content: as a study's key of a run compares them, whatever their paths are.

use std::path::{Path, PathBuf};

use crate::domain::RunConfig;
use crate::domain::config::Encoder;
use crate::study::hash_cache::HashCache;
use crate::study::record::Record;

/// Characters of a hash that are shown.
const SHOWN: usize = 8;

/// Hashes of what a run began with; `None` where there is no such file, or nobody knows its content any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// The file with the encoder's weights: as a study recorded it, else as it is now.
    pub encoder: Option<String>,
    /// The checkpoint of the run that it began with, as a study recorded it.
    pub beginning: Option<String>,
}

impl Origins {
    /// Those of a run.
    pub(super) fn of(config: &RunConfig, record: Option<&Record>) -> Self {
        // In a record, hashes stand in place of paths.
        let recorded = record.map(|record| &record.key.config);
        let text = |hash: &Path| hash.display().to_string();
        let encoder = recorded.and_then(encoder_file).map(text);
        Self {
            encoder: encoder.or_else(|| hash(encoder_file(config)?)),
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

fn hash(path: &Path) -> Option<String> {
    let hashed = HashCache::default().hash_all(&[path.to_owned()], &|_| true).ok()??;
    hashed.into_iter().next().map(|file| file.hash)
}

/// Paths of files whose content is known, with their hashes, in the order of the runs.
#[derive(Debug)]
pub(super) struct KnownFiles(Vec<(PathBuf, String)>);

impl KnownFiles {
    /// The files of runs.
    pub(super) fn of<'a>(runs: impl Iterator<Item = (&'a RunConfig, &'a Origins)>) -> Self {
        let mut known = Vec::new();
        for (config, origins) in runs {
            let encoder = encoder_file(config).zip(origins.encoder.as_ref());
            let beginning = config.init_from.as_deref().zip(origins.beginning.as_ref());
            known.extend(encoder.into_iter().chain(beginning).map(|(path, hash)| (path.to_owned(), hash.clone())));
        }
        Self(known)
    }

    /// The configuration with one name in place of all paths of a content.
    pub(super) fn name_in(&self, mut config: RunConfig, origins: &Origins) -> RunConfig {
        if let Some(name) = encoder_file(&config).and_then(|path| self.name(path, origins.encoder.as_deref())) {
            config.model.encoder = Encoder::File(name);
        }
        if let Some(name) = config.init_from.as_deref().and_then(|path| self.name(path, origins.beginning.as_deref())) {
            config.init_from = Some(name);
            config.init_checkpoint = RunConfig::default().init_checkpoint; // Its content says which it is.
        }
        config
    }

    /// The name of the first file of this content, with the begin of its hash. A run that does not know the hash has that of another one
    /// with its path.
    fn name(&self, path: &Path, hash: Option<&str>) -> Option<PathBuf> {
        let of_path = || self.0.iter().find(|(other, _)| other == path).map(|(_, hash)| hash.as_str());
        let hash = hash.or_else(of_path)?;
        let first = self.0.iter().find(|(_, other)| other == hash).map_or(path, |(first, _)| first.as_path());
        let name = first.file_name().unwrap_or(first.as_os_str()).to_string_lossy();
        let begin: String = hash.chars().take(SHOWN).collect();
        Some(format!("{name} ({begin})").into())
    }
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
        let origins = Origins::of(&config, None);
        ComparedRun { origins, ..run(name, config, 0.5, &[]) }
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
}
