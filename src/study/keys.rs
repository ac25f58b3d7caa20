//! The keys of a plan's runs: the data of each folder are read once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::fingerprint::Fingerprint;
use super::hash_cache::HashCache;
use super::key::RunKey;
use super::plan::{Plan, PlannedRun, Projects};
use crate::data::Project;
use crate::domain::config::Encoder;
use crate::domain::{Notice, RunConfig};
use crate::engine::refusal::Refusal;

/// The key of each run of a plan, in its order. `progress` receives the number of files read and their total, and returns whether
/// to go on; `None` if it returned false.
///
/// # Errors
/// If a file cannot be read, or two runs have the same key.
pub fn of_plan(
    plan: &Plan,
    projects: &Projects,
    cache: &mut HashCache,
    progress: &(impl Fn(usize, usize) -> bool + Sync),
) -> anyhow::Result<Option<Vec<RunKey>>> {
    let mut prints: BTreeMap<&PathBuf, Fingerprint> = BTreeMap::new();
    for (root, project) in projects {
        let Some(print) = Fingerprint::take(project, cache, progress)? else { return Ok(None) };
        prints.insert(root, print);
    }
    let mut keys = Vec::new();
    for run in &plan.runs {
        let print = prints.get(&run.config.data).cloned().unwrap_or_default();
        keys.push(RunKey::new(&run.config, encoder(&run.config, cache)?, print));
    }
    refuse_equal(&plan.runs, &keys)?;
    Ok(Some(keys))
}

/// The key of a run by its data of this moment. Only what has changed is read.
///
/// # Errors
/// If a file cannot be read.
pub(super) fn of_run(config: &RunConfig, cache: &mut HashCache) -> anyhow::Result<RunKey> {
    let print = Fingerprint::take(&Project::open(&config.data)?, cache, &|_, _| true)?.unwrap_or_default();
    Ok(RunKey::new(config, encoder(config, cache)?, print))
}

/// The hash of the file with a run's encoder weights, if it has one.
fn encoder(config: &RunConfig, cache: &mut HashCache) -> anyhow::Result<Option<String>> {
    let Encoder::File(path) = &config.model.encoder else { return Ok(None) };
    let hashed = cache.hash_all(std::slice::from_ref(path), &|_| true)?;
    Ok(hashed.and_then(|all| all.into_iter().next()).map(|file| file.hash))
}

/// Runs with one key would be made once and reported as two.
fn refuse_equal(runs: &[PlannedRun], keys: &[RunKey]) -> Result<(), Refusal> {
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for (run, key) in runs.iter().zip(keys) {
        if let Some(other) = names.insert(key.id(), &run.name) {
            let what = format!("{other} and {} are the same run: only device or place differ", run.name);
            return Err(Refusal(Notice::new(what).remedy("Leave one of them out")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::demo;

    #[test]
    fn runs_that_differ_in_the_device_alone_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let data = demo::unpack(dir.path()).unwrap();
        let keys = |grid: &str| {
            let plan = Plan::read("x", &format!("[grid]\n{grid}"), Path::new(""), Some(&data)).unwrap();
            of_plan(&plan, &plan.projects().unwrap(), &mut HashCache::default(), &|_, _| true)
        };
        assert_eq!(keys("train.batch = [2, 3]").unwrap().unwrap().len(), 2);
        let refusal = keys("device = ['cpu', 'gpu']").unwrap_err().to_string();
        assert!(refusal.contains("device-cpu and device-gpu are the same run"), "{refusal}");
    }

    #[test]
    fn the_key_of_a_run_follows_its_data() {
        let dir = tempfile::tempdir().unwrap();
        let data = demo::unpack(dir.path()).unwrap();
        let plan = Plan::read("x", "", Path::new(""), Some(&data)).unwrap();
        let mut cache = HashCache::default();
        let keys = of_plan(&plan, &plan.projects().unwrap(), &mut cache, &|_, _| true).unwrap().unwrap();
        assert_eq!(of_run(&plan.runs[0].config, &mut cache).unwrap(), keys[0]);
        std::fs::copy(data.join("train/1001_mask.png"), data.join("train/1002_mask.png")).unwrap();
        assert_ne!(of_run(&plan.runs[0].config, &mut cache).unwrap().data, keys[0].data);
    }
}
