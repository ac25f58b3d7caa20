//! Which tiles are scored.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::super::args::EvaluateArgs;
use super::super::choices::Scored;
use super::super::out;
use crate::data::layout::tile::TileMatch;
use crate::data::{Project, Tile};
use crate::domain::RunConfig;
use crate::domain::blocks::HeldOut;
use crate::train::division::Division;
use crate::train::folder::{FinishedRun, SplitRecord};

/// The tiles to score.
pub(super) struct ScoredTiles {
    /// What they are.
    pub(super) which: &'static str,
    /// Their indices in the project.
    pub(super) tiles: Vec<usize>,
    /// Of these only the blocks that were held out of the run are scored.
    pub(super) held_out: BTreeMap<usize, HeldOut>,
    /// Ids of those in another folder that the run learned from all the same.
    pub(super) learned: BTreeSet<String>,
}

impl ScoredTiles {
    fn whole(which: &'static str, tiles: Vec<usize>) -> Self {
        Self { which, tiles, held_out: BTreeMap::new(), learned: BTreeSet::new() }
    }

    /// How many blocks are scored. One across several tiles counts once.
    pub(super) fn blocks(&self) -> usize {
        self.held_out.values().flat_map(|held| held.scored.keys()).collect::<BTreeSet<_>>().len()
    }
}

/// The tiles to score: those with a mask of another folder, or of the part of it that is asked for; else the
/// run's validation tiles. A quick head learns from labels on these too; without one left, the others that it has not learned from
/// are scored.
///
/// # Errors
/// If there are none.
pub(super) fn scored(args: &EvaluateArgs, run: &FinishedRun, project: &Project) -> anyhow::Result<ScoredTiles> {
    let mut scored = match (args.split, args.data.as_deref()) {
        (Scored::Test, data) => test_tiles(run, project, data),
        (Scored::Val, Some(data)) => all_tiles(project, data),
        (Scored::Val, None) => validation_tiles(run, project),
    }?;
    if args.data.is_some() {
        scored.learned = learned_files(run, project, &scored.tiles);
    }
    Ok(scored)
}

/// Ids of tiles whose image the run learned from: the folder may be that of the run, a part of it, or have it as a part.
fn learned_files(run: &FinishedRun, project: &Project, tiles: &[usize]) -> BTreeSet<String> {
    let split = run.split().unwrap_or_else(|error| {
        out::error(&format!("[WARNING] It is not known which tiles the run learned from: {error}"));
        SplitRecord::default()
    });
    let files = split.train.iter().filter_map(|id| split.files.get(id));
    let learned: BTreeSet<PathBuf> = files.filter_map(|file| run.config.data.join(file).canonicalize().ok()).collect();
    let tiles = tiles.iter().map(|index| &project.tiles[*index]);
    let is_learned = |tile: &&Tile| tile.image.canonicalize().is_ok_and(|image| learned.contains(&image));
    tiles.filter(is_learned).map(|tile| tile.id.clone()).collect()
}

fn all_tiles(project: &Project, data: &Path) -> anyhow::Result<ScoredTiles> {
    let tiles = with_masks(project);
    anyhow::ensure!(!tiles.is_empty(), "no tile in {} has a mask to score against", data.display());
    Ok(ScoredTiles::whole("all tiles with a mask", tiles))
}

/// The tiles set aside for tests. In another folder only that folder says which these are.
fn test_tiles(run: &FinishedRun, project: &Project, data: Option<&Path>) -> anyhow::Result<ScoredTiles> {
    let tiles = match data {
        Some(_) => Division::test(project, &RunConfig::default()),
        None => untouched(project, &run.split()?, Division::test(project, &run.config)),
    };
    let folder = data.unwrap_or(&run.config.data).display();
    anyhow::ensure!(!tiles.is_empty(), "no tile in {folder} is a test tile with a mask: leave out --split test");
    Ok(ScoredTiles::whole("the test tiles", tiles))
}

/// Test tiles that the run has not learned from: labels of its own let a test tile without a mask be learned from.
fn untouched(project: &Project, split: &SplitRecord, mut tiles: Vec<usize>) -> Vec<usize> {
    let learned = learned(project, split);
    for index in tiles.iter().filter(|index| learned.contains(*index)) {
        let id = &project.tiles[*index].id;
        out::error(&format!("[WARNING] Test tile {id} is not scored: the run learned from it"));
    }
    tiles.retain(|index| !learned.contains(index));
    tiles
}

fn validation_tiles(run: &FinishedRun, project: &Project) -> anyhow::Result<ScoredTiles> {
    let split = run.split()?;
    let tiles = recorded(project, &split);
    if !tiles.is_empty() {
        let held_out = split.held_out_of(project);
        let which = if held_out.is_empty() { "the run's validation tiles" } else { "the run's validation blocks" };
        return Ok(ScoredTiles { held_out, ..ScoredTiles::whole(which, tiles) });
    }
    let others = if run.is_quick() { unlearned(project, &split) } else { Vec::new() };
    let missing = match (run.is_quick(), with_masks(project).is_empty()) {
        (false, _) => "the run has no validation tiles",
        (true, true) => "no tile has a mask",
        (true, false) => "every tile with a mask was learned from",
    };
    anyhow::ensure!(!others.is_empty(), "{missing}: give a folder with masks with --data");
    Ok(ScoredTiles::whole("the tiles with a mask that were not learned from", others))
}

/// Tiles with a mask that the run has not learned from.
fn unlearned(project: &Project, split: &SplitRecord) -> Vec<usize> {
    let learned = learned(project, split);
    with_masks(project).into_iter().filter(|index| !learned.contains(index)).collect()
}

/// The tiles that the run learned from. Those that are gone are reported.
fn learned(project: &Project, split: &SplitRecord) -> BTreeSet<usize> {
    let mut learned = BTreeSet::new();
    for id in &split.train {
        match split.find(project, id) {
            TileMatch::One(index) => drop(learned.insert(index)),
            _ => out::error(&format!(
                "[WARNING] The run learned from tile {id}, which is not found: under another name its score says too much"
            )),
        }
    }
    learned
}

/// The validation tiles recorded in the run folder. Those that are gone or ambiguous are reported.
fn recorded(project: &Project, split: &SplitRecord) -> Vec<usize> {
    let find = |id: &String| match split.find(project, id) {
        TileMatch::One(index) if project.tiles[index].fault.is_none() => Ok(index),
        TileMatch::Several => Err(format!("{id}, but several files have this id now")),
        TileMatch::One(_) | TileMatch::None => Err(format!("{id}, but it is gone or cannot be read")),
    };
    let found: Vec<Result<usize, String>> = split.val.iter().map(find).collect();
    for what in found.iter().filter_map(|found| found.as_ref().err()) {
        out::error(&format!("[WARNING] The run was scored on tile {what}"));
    }
    found.into_iter().flatten().collect()
}

fn with_masks(project: &Project) -> Vec<usize> {
    let scorable = |index: &usize| project.tiles[*index].mask.is_some() && project.tiles[*index].fault.is_none();
    (0..project.tiles.len()).filter(scorable).collect()
}
