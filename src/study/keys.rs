//! The keys of a plan's runs: the data of each folder are read once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::fingerprint::Fingerprint;
use super::hash_cache::HashCache;
use super::key::RunKey;
use super::plan::{Plan, PlannedRun, Projects};
use crate::data::Project;
use crate::domain::config::{Encoder, SplitBy};
use crate::domain::{Notice, RunConfig};
use crate::engine::refusal::Refusal;
use crate::train::folder::{FinishedRun, files};

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
        let print = drawn(&run.config, print, projects.get(&run.config.data));
        keys.push(key(&run.config, print, cache)?);
    }
    refuse_equal(&plan.runs, &keys)?;
    Ok(Some(keys))
}

/// The key of a run by its data of this moment. Only what has changed is read.
///
/// # Errors
/// If a file cannot be read.
pub(super) fn of_run(config: &RunConfig, cache: &mut HashCache) -> anyhow::Result<RunKey> {
    let project = Project::open(&config.data)?;
    let print = Fingerprint::take(&project, cache, &|_, _| true)?.unwrap_or_default();
    key(config, drawn(config, print, Some(&project)), cache)
}

/// The data of a run that draws its validation tiles or blocks from a project.
fn drawn(config: &RunConfig, print: Fingerprint, project: Option<&Project>) -> Fingerprint {
    let counts = |project: &&Project| match config.split_by {
        SplitBy::Block => true,
        // Tiles that touch are one scene.
        SplitBy::Scene => project.tiles.iter().any(|tile| tile.rect_in_scene().is_some()),
        SplitBy::Tile => false,
    };
    match project.filter(counts) {
        Some(project) => print.with_places(project),
        None => print,
    }
}

/// The key of a run with these data.
fn key(config: &RunConfig, data: Fingerprint, cache: &mut HashCache) -> anyhow::Result<RunKey> {
    let encoder = encoder(config, cache)?;
    Ok(RunKey::new(config, encoder, data).beginning_with(beginning(config, cache)?))
}

/// The hash of the file with a run's encoder weights, if it has one.
fn encoder(config: &RunConfig, cache: &mut HashCache) -> anyhow::Result<Option<String>> {
    let Encoder::File(path) = &config.model.encoder else { return Ok(None) };
    hash(path, cache)
}

/// The hash of the checkpoint that a run begins with, if it begins with another run.
fn beginning(config: &RunConfig, cache: &mut HashCache) -> anyhow::Result<Option<String>> {
    let Some(folder) = &config.init_from else { return Ok(None) };
    let which = FinishedRun::open(folder)?.nearest(config.init_checkpoint);
    hash(&files::checkpoint(folder, which), cache)
}

fn hash(path: &PathBuf, cache: &mut HashCache) -> anyhow::Result<Option<String>> {
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
    use crate::domain::Classes;
    use crate::domain::checkpoint::Checkpoint;
    use crate::train::folder::RunFolder;

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

    #[test]
    fn the_run_to_begin_with_counts_by_the_content_of_its_checkpoint() {
        let dir = tempfile::tempdir().unwrap();
        let base = |name: &str, best: &str| {
            let folder = dir.path().join(name);
            drop(RunFolder::create(&folder, &RunConfig::demo(), &Classes::deepglobe()).unwrap());
            std::fs::write(files::checkpoint(&folder, Checkpoint::Best), best).unwrap();
            std::fs::write(files::checkpoint(&folder, Checkpoint::Last), "last").unwrap();
            folder
        };
        let with = |init_from: Option<PathBuf>, init_checkpoint: Checkpoint| {
            let config = RunConfig { init_from, init_checkpoint, ..RunConfig::demo() };
            key(&config, Fingerprint::default(), &mut HashCache::default()).unwrap()
        };
        let begun = with(Some(base("a", "one")), Checkpoint::Best);
        assert_eq!(begun, with(Some(base("moved", "one")), Checkpoint::Best));
        assert_ne!(begun, with(Some(base("b", "two")), Checkpoint::Best), "the base run was replaced");
        assert_ne!(begun, with(Some(dir.path().join("a")), Checkpoint::Last));
        assert_eq!(with(None, Checkpoint::Last), with(None, Checkpoint::Best), "nothing is begun with");
    }

    #[test]
    fn runs_that_draw_blocks_are_told_apart_by_where_tiles_lie() {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["images", "masks", "output"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let image = |name: &str, width: u32, height: u32| {
            let image = image::GrayImage::from_fn(width, height, |x, _| image::Luma([x as u8 % 2]));
            image.save(dir.path().join(name)).unwrap();
        };
        image("images/north.png", 1100, 600);
        image("masks/north.png", 1100, 600);
        for number in 0..4 {
            image(&format!("output/north_{number}.png"), 512, 512);
            image(&format!("output/north_{number}_m.png"), 512, 512);
        }
        let prints = || {
            let project = Project::open(dir.path()).unwrap();
            [SplitBy::Tile, SplitBy::Block].map(|split_by| {
                let config = RunConfig { split_by, ..RunConfig::default() };
                drawn(&config, Fingerprint::default(), Some(&project))
            })
        };
        let before = prints();
        std::fs::remove_file(dir.path().join("images/north.png")).unwrap();
        let after = prints();
        assert_eq!(after[0], before[0], "no tile has changed");
        assert_ne!(after[1], before[1], "the patches have no place any more");
    }
}
