//! `simulate`: labels tiles as somebody would who knows their masks, and scores the maps.

mod across;
mod pupil;
mod table;

use std::process::ExitCode;
use std::sync::Arc;

use super::args::SimulateArgs;
use super::{ignoring, no_effect, out};
use crate::data::Project;
use crate::engine::priority;
use crate::quick::clicks::Clicker;
use crate::quick::simulate::OneTile;
use pupil::{School, Subject};
use table::Row;

/// Radius of a click on one tile, pixels.
const RADIUS: u32 = 4;

pub(super) fn run(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    priority::start_compute_pool();
    anyhow::ensure!(
        args.overwrite || !args.out.exists(),
        "{} exists: choose another file, or give --overwrite",
        args.out.display()
    );
    anyhow::ensure!(args.seeds > 0, "--seeds 0 measures nothing: give 1 or more");
    anyhow::ensure!(args.steps != Some(0), "--steps 0 leaves the network untrained: give 1 or more");
    no_effect::refuse_for_method(args)?;
    out::create_folder_of(&args.out)?;
    let counts = ascending(&args.clicks)?;
    let project = Arc::new(ignoring::open(&args.data, args.ignore.as_ref())?);
    project.told().for_each(|note| out::line(&format!("[INFO] {note}")));
    project.doubt().iter().for_each(|doubt| out::error(&format!("[WARNING] {doubt}")));
    let rows = match args.across {
        true => across::across_tiles(args, &project, &counts)?,
        false => one_by_one(args, &project, &counts)?,
    };
    anyhow::ensure!(!rows.is_empty(), "no tile in {} has a mask with two classes to click", args.data.display());
    table::write_table(&args.out, args, &rows)?;
    table::summarise(args, &rows, &counts);
    Ok(ExitCode::SUCCESS)
}

/// The numbers of clicks, in order.
fn ascending(clicks: &[usize]) -> anyhow::Result<Vec<usize>> {
    anyhow::ensure!(!clicks.contains(&0), "--clicks 0 leaves nothing to learn from: give numbers from 1");
    let mut counts = clicks.to_vec();
    counts.sort_unstable();
    counts.dedup();
    Ok(counts)
}

/// Each tile on its own: clicked, mapped and scored.
fn one_by_one(args: &SimulateArgs, project: &Arc<Project>, counts: &[usize]) -> anyhow::Result<Vec<Row>> {
    let school = School::open(args, project)?;
    let has_mask = |index: &usize| project.tiles[*index].mask.is_some() && project.tiles[*index].fault.is_none();
    let tiles: Vec<usize> = (0..project.tiles.len()).filter(has_mask).collect();
    let mut rows = Vec::new();
    for (done, &index) in tiles.iter().enumerate() {
        let subject = Subject::read(project, index, args)?;
        let before = rows.len();
        for seed in 0..args.seeds {
            rows.extend(clicked(args, project, &subject, index, &school, (seed, counts))?);
        }
        let last = rows[before..].last().map_or(f64::NAN, |row: &Row| row.round.miou);
        let id = &project.tiles[index].id;
        out::line(&format!("[{}/{}] {id}: mIoU {last:.3} after the last round", done + 1, tiles.len()));
    }
    Ok(rows)
}

/// The rounds of clicks on one tile with one seed.
fn clicked(
    args: &SimulateArgs,
    project: &Project,
    subject: &Subject,
    index: usize,
    school: &School,
    (seed, counts): (u64, &[usize]),
) -> anyhow::Result<Vec<Row>> {
    let (tile, mut pupil) = (&project.tiles[index], school.pupil(seed));
    let mut clicker = Clicker::new(&subject.truth, &project.classes, &tile.short_id, seed, RADIUS);
    let one = OneTile { truth: &subject.truth, classes: &project.classes };
    let rounds = one.rounds(&mut clicker, args.placement, counts, |clicks| -> anyhow::Result<_> {
        pupil.set_clicks(subject, clicks);
        pupil.learn()?;
        Ok(pupil.map(subject))
    })?;
    let row = |round| Row { mode: "tile", tile: tile.id.clone(), seed, round };
    Ok(rounds.into_iter().map(row).collect())
}
