//! Clicks on all training tiles together; validation tiles are scored together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::super::args::SimulateArgs;
use super::super::out;
use super::pupil::{Pupil, School, Subject};
use super::table::Row;
use crate::data::Project;
use crate::domain::split::Split;
use crate::domain::{Confusion, RunConfig, hash};
use crate::engine::refusal::Refusal;
use crate::quick::clicks::{Click, Clicker};
use crate::quick::simulate::Round;
use crate::train::division::{self, Division};

/// Across tiles a click labels a single pixel.
const RADIUS: u32 = 0;

/// A pupil that learns across tiles with one seed.
struct Trial {
    seed: u64,
    /// Place of the number of clicks among those asked for.
    round: usize,
    pupil: Box<dyn Pupil>,
    /// Clicks by tile.
    clicks: BTreeMap<usize, Vec<Click>>,
    seconds: f64,
    /// Filled if the pupil maps anything.
    confusion: Option<Confusion>,
}

/// Scores each number of clicks with each seed.
pub(super) fn across_tiles(args: &SimulateArgs, project: &Arc<Project>, counts: &[usize]) -> anyhow::Result<Vec<Row>> {
    let split = split_of(args);
    let problems = division::problems(project, &split);
    if !problems.is_empty() {
        return Err(Refusal::of_start(&problems).into());
    }
    let mut division = Division::of(project, &split);
    anyhow::ensure!(!division.val.is_empty(), "no tile validates: name some with --val-tile");
    division.train.retain(|index| project.tiles[*index].mask.is_some());
    let school = School::open(args, project)?;
    match args.placement.answers() {
        true => answered(args, project, &division, (&school, counts)),
        false => at_once(args, project, &division, (&school, counts)),
    }
}

/// All clicks of a trial together; a trial for each seed and number of clicks.
fn at_once(
    args: &SimulateArgs,
    project: &Project,
    division: &Division,
    (school, counts): (&School, &[usize]),
) -> anyhow::Result<Vec<Row>> {
    let rounds = (0..args.seeds).flat_map(|seed| (0..counts.len()).map(move |round| (seed, round)));
    let mut trials: Vec<Trial> = rounds.map(|(seed, round)| Trial::new(school, seed, round)).collect();
    for &index in &division.train {
        click(args, project, index, &mut trials, |trial| counts[trial.round])?;
    }
    trials.iter_mut().try_for_each(Trial::learn)?;
    score_all(args, project, division, &mut trials)?;
    Ok(trials.iter().filter_map(|trial| trial.row(project)).collect())
}

/// Click by click, each an answer to the map that was learned from those before; a trial for each seed.
fn answered(
    args: &SimulateArgs,
    project: &Project,
    division: &Division,
    (school, counts): (&School, &[usize]),
) -> anyhow::Result<Vec<Row>> {
    let mut trials: Vec<Trial> = (0..args.seeds).map(|seed| Trial::new(school, seed, 0)).collect();
    let (mut rows, mut given) = (Vec::new(), 0);
    for (round, &count) in counts.iter().enumerate() {
        for _ in given..count {
            for &index in &division.train {
                click(args, project, index, &mut trials, |_| 1)?;
            }
            trials.iter_mut().try_for_each(Trial::learn)?;
        }
        given = count;
        trials.iter_mut().for_each(|trial| (trial.round, trial.confusion) = (round, None));
        score_all(args, project, division, &mut trials)?;
        rows.extend(trials.iter().filter_map(|trial| trial.row(project)));
    }
    rows.sort_by_key(|row| row.seed);
    Ok(rows)
}

/// Clicks on a training tile for each trial, `count` of it for each class.
fn click(
    args: &SimulateArgs,
    project: &Project,
    index: usize,
    trials: &mut [Trial],
    count: impl Fn(&Trial) -> usize,
) -> anyhow::Result<()> {
    let (subject, tile) = (Subject::read(project, index, args)?, &project.tiles[index]);
    for trial in trials {
        let given = trial.clicks.get(&index).map_or(0, Vec::len) as u64;
        // Later clicks are others than the first ones.
        let seed = if given == 0 { trial.seed } else { hash::mix(trial.seed ^ hash::mix(given)) };
        let mut clicker = Clicker::new(&subject.truth, &project.classes, &tile.short_id, seed, RADIUS);
        let mapped = args.placement.answers().then(|| trial.pupil.map(&subject)).flatten();
        let new = clicker.place(args.placement, count(trial), mapped.as_ref());
        let clicks = trial.clicks.entry(index).or_default();
        clicks.extend(new);
        trial.pupil.set_clicks(&subject, clicks);
    }
    out::line(&format!("[INFO] Clicked on {}", tile.id));
    Ok(())
}

/// Maps all validation tiles with the pupil of each trial.
fn score_all(args: &SimulateArgs, project: &Project, division: &Division, trials: &mut [Trial]) -> anyhow::Result<()> {
    division.val.iter().try_for_each(|&index| score(args, project, index, trials))
}

/// Maps a validation tile with the pupil of each trial.
fn score(args: &SimulateArgs, project: &Project, index: usize, trials: &mut [Trial]) -> anyhow::Result<()> {
    let subject = Subject::read(project, index, args)?;
    for trial in trials {
        if let Some(map) = trial.pupil.map(&subject) {
            let confusion = trial.confusion.get_or_insert_with(|| Confusion::new(project.classes.len()));
            confusion.add(&subject.truth, &map);
        }
    }
    out::line(&format!("[INFO] Scored {}", project.tiles[index].id));
    Ok(())
}

impl Trial {
    fn new(school: &School, seed: u64, round: usize) -> Self {
        let pupil = school.pupil(seed);
        Self { seed, round, pupil, clicks: BTreeMap::new(), seconds: 0.0, confusion: None }
    }

    fn learn(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        self.pupil.learn()?;
        self.seconds = began.elapsed().as_secs_f64();
        Ok(())
    }

    fn row(&self, project: &Project) -> Option<Row> {
        let scores = self.confusion.as_ref()?.scores(&project.classes);
        let (miou, accuracy) = (scores.miou, scores.pixel_accuracy);
        let clicks = self.clicks.values().map(Vec::len).sum();
        let round = Round { round: self.round, clicks, miou, accuracy, seconds: self.seconds };
        Some(Row { mode: "across", tile: String::new(), seed: self.seed, round })
    }
}

fn split_of(args: &SimulateArgs) -> RunConfig {
    let mut config = RunConfig::default();
    config.split.extend(args.val_tile.iter().map(|id| (id.clone(), Split::Val)));
    if !args.val_tile.is_empty() {
        config.val_ratio = 0.0;
    }
    config
}
