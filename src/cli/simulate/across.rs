//! Clicks on all training tiles together; validation tiles are scored together.

use std::sync::Arc;
use std::time::Instant;

use super::super::args::SimulateArgs;
use super::super::out;
use super::pupil::{Pupil, School, Subject};
use super::table::Row;
use crate::data::Project;
use crate::domain::split::Split;
use crate::domain::{Confusion, RunConfig};
use crate::quick::clicks::{Clicker, Placement};
use crate::quick::simulate::Round;
use crate::train::division::Division;

/// A pupil that learns across tiles with one seed and one number of clicks.
struct Trial {
    seed: u64,
    /// Place of the number of clicks among those asked for.
    round: usize,
    pupil: Box<dyn Pupil>,
    clicks: usize,
    seconds: f64,
    /// Filled if the pupil maps anything.
    confusion: Option<Confusion>,
}

/// Scores each number of clicks with each seed.
pub(super) fn across_tiles(args: &SimulateArgs, project: &Arc<Project>, counts: &[usize]) -> anyhow::Result<Vec<Row>> {
    anyhow::ensure!(args.placement != Placement::Error, "--across needs --placement random or stratified");
    let division = Division::of(project, &split_of(args));
    anyhow::ensure!(!division.val.is_empty(), "no tile validates: name some with --val-tile");
    let school = School::open(args, project)?;
    let trial =
        |seed, round| Trial { seed, round, pupil: school.pupil(seed), clicks: 0, seconds: 0.0, confusion: None };
    let mut trials: Vec<Trial> = (0..args.seeds)
        .flat_map(|seed| (0..counts.len()).map(move |round| (seed, round)))
        .map(|(s, r)| trial(s, r))
        .collect();
    for &index in division.train.iter().filter(|index| project.tiles[**index].mask.is_some()) {
        click(args, project, index, counts, &mut trials)?;
    }
    for trial in &mut trials {
        trial.learn()?;
    }
    for &index in &division.val {
        score(args, project, index, &mut trials)?;
    }
    Ok(trials.into_iter().filter_map(|trial| trial.row(project)).collect())
}

/// Clicks on a training tile for each trial.
fn click(
    args: &SimulateArgs,
    project: &Project,
    index: usize,
    counts: &[usize],
    trials: &mut [Trial],
) -> anyhow::Result<()> {
    let (subject, tile) = (Subject::read(project, index, args.method)?, &project.tiles[index]);
    for trial in trials {
        // Across tiles a click labels a single pixel.
        let mut clicker = Clicker::new(&subject.truth, &project.classes, &tile.short_id, trial.seed, 0);
        let clicks = clicker.place(args.placement, counts[trial.round], None);
        trial.clicks += clicks.len();
        trial.pupil.set_clicks(&subject, &clicks);
    }
    out::line(&format!("[INFO] Clicked on {}", tile.id));
    Ok(())
}

/// Maps a validation tile with the pupil of each trial.
fn score(args: &SimulateArgs, project: &Project, index: usize, trials: &mut [Trial]) -> anyhow::Result<()> {
    let subject = Subject::read(project, index, args.method)?;
    for trial in trials {
        if let Some(map) = trial.pupil.map(&subject) {
            let confusion = trial.confusion.get_or_insert_with(|| Confusion::new(project.classes.len()));
            confusion.add(&subject.truth, &map, &project.classes);
        }
    }
    out::line(&format!("[INFO] Scored {}", project.tiles[index].id));
    Ok(())
}

impl Trial {
    fn learn(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        self.pupil.learn()?;
        self.seconds = began.elapsed().as_secs_f64();
        Ok(())
    }

    fn row(self, project: &Project) -> Option<Row> {
        let scores = self.confusion?.scores(&project.classes);
        let (miou, accuracy) = (scores.miou, scores.pixel_accuracy);
        let round = Round { round: self.round, clicks: self.clicks, miou, accuracy, seconds: self.seconds };
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
