//! The keys of a plan's runs: the data of each folder are read once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::fingerprint::Fingerprint;
use super::hash_cache::HashCache;
use super::key::RunKey;
use super::plan::{Plan, Projects};
use crate::domain::config::Encoder;

/// The key of each run of a plan, in its order. `progress` receives the number of files read and their total, and returns whether
/// to go on; `None` if it returned false.
///
/// # Errors
/// If a file cannot be read.
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
        let encoder = match &run.config.model.encoder {
            Encoder::File(path) => {
                let hashed = cache.hash_all(std::slice::from_ref(path), &|_| true)?;
                hashed.and_then(|all| all.into_iter().next()).map(|file| file.hash)
            }
            Encoder::None | Encoder::Lite0 => None,
        };
        keys.push(RunKey::new(&run.config, encoder, prints.get(&run.config.data).cloned().unwrap_or_default()));
    }
    Ok(Some(keys))
}
