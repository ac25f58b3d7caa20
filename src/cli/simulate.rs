//! `simulate`: labels tiles as somebody would who knows their masks, and scores the maps.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use super::args::SimulateArgs;
use super::out;
use crate::data::files::write;
use crate::data::{DataError, Project, Tile};
use crate::domain::metrics::mean_of_numbers;
use crate::domain::split::Split;
use crate::domain::{Choice as _, Confusion, Mask, RunConfig};
use crate::engine::priority;
use crate::pretrained;
use crate::quick::clicks::{Click, Clicker, Placement};
use crate::quick::head::QuickHead;
use crate::quick::samples::{LabelledPixel, TileSamples};
use crate::quick::simulate::{OneTile, Round};
use crate::quick::tile_features::{Kinds, TileFeatures};
use crate::train::division::Division;

/// Radius of a click on one tile, pixels. Across tiles a click labels a single pixel.
const RADIUS: u32 = 4;

const COLUMNS: [&str; 10] =
    ["mode", "tile", "placement", "method", "seed", "round", "clicks", "miou", "accuracy", "seconds"];

/// A row of the table.
struct Row {
    mode: &'static str,
    tile: String,
    seed: u64,
    round: Round,
}

pub(super) fn run(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    priority::start_compute_pool();
    anyhow::ensure!(
        args.overwrite || !args.out.exists(),
        "{} exists: choose another file, or give --overwrite",
        args.out.display()
    );
    let counts = ascending(&args.clicks)?;
    let project = Project::open(&args.data)?;
    project.notes.iter().for_each(|note| out::line(&format!("[INFO] {note}")));
    let rows = if args.across { across_tiles(args, &project, &counts)? } else { one_by_one(args, &project, &counts)? };
    anyhow::ensure!(!rows.is_empty(), "no tile in {} has a mask with two classes to click", args.data.display());
    write_table(&args.out, args, &rows)?;
    summarise(args, &rows, &counts);
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
fn one_by_one(args: &SimulateArgs, project: &Project, counts: &[usize]) -> Result<Vec<Row>, DataError> {
    let tiles: Vec<&Tile> = project.tiles.iter().filter(|tile| tile.mask.is_some() && tile.fault.is_none()).collect();
    let mut rows = Vec::new();
    for (index, tile) in tiles.iter().enumerate() {
        let (features, truth) = read(project, tile)?;
        let one = OneTile { features: &features, truth: &truth, classes: &project.classes };
        let before = rows.len();
        for seed in 0..args.seeds {
            let mut clicker = Clicker::new(&truth, &project.classes, &tile.short_id, seed, RADIUS);
            let rounds = one.rounds(&mut clicker, args.placement, counts);
            rows.extend(rounds.into_iter().map(|round| Row { mode: "tile", tile: tile.id.clone(), seed, round }));
        }
        let last = rows[before..].last().map_or(f64::NAN, |row| row.round.miou);
        out::line(&format!("[{}/{}] {}: mIoU {last:.3} after the last round", index + 1, tiles.len(), tile.id));
    }
    Ok(rows)
}

/// A head learned across tiles with one seed and one number of clicks.
struct Trial {
    seed: u64,
    /// Place of the number of clicks among those asked for.
    round: usize,
    samples: Vec<TileSamples>,
    head: Option<QuickHead>,
    seconds: f64,
    confusion: Confusion,
}

/// Clicks on all training tiles together; validation tiles are scored together.
fn across_tiles(args: &SimulateArgs, project: &Project, counts: &[usize]) -> anyhow::Result<Vec<Row>> {
    anyhow::ensure!(args.placement != Placement::Error, "--across needs --placement random or stratified");
    let division = Division::of(project, &split_of(args));
    anyhow::ensure!(!division.val.is_empty(), "no tile validates: name some with --val-tile");
    let mut trials = trials(args, project, counts);
    for &index in division.train.iter().filter(|index| project.tiles[**index].mask.is_some()) {
        click(args, project, &project.tiles[index], counts, &mut trials)?;
    }
    trials.iter_mut().for_each(Trial::learn);
    for &index in &division.val {
        score(project, &project.tiles[index], &mut trials)?;
    }
    let learned = trials.into_iter().filter(|trial| trial.head.is_some());
    Ok(learned.map(|trial| trial.row(project)).collect())
}

fn trials(args: &SimulateArgs, project: &Project, counts: &[usize]) -> Vec<Trial> {
    let trial = |seed, round| Trial {
        seed,
        round,
        samples: Vec::new(),
        head: None,
        seconds: 0.0,
        confusion: Confusion::new(project.classes.len()),
    };
    (0..args.seeds).flat_map(|seed| (0..counts.len()).map(move |round| trial(seed, round))).collect()
}

/// Clicks on a training tile for each trial.
fn click(
    args: &SimulateArgs,
    project: &Project,
    tile: &Tile,
    counts: &[usize],
    trials: &mut [Trial],
) -> Result<(), DataError> {
    let (features, truth) = read(project, tile)?;
    for trial in trials {
        let mut clicker = Clicker::new(&truth, &project.classes, &tile.short_id, trial.seed, 0);
        let clicks = clicker.place(args.placement, counts[trial.round], None);
        let pixels: Vec<LabelledPixel> = clicks.iter().flat_map(Click::samples).collect();
        trial.samples.push(TileSamples::new(&features, &pixels, clicks.len()));
    }
    out::line(&format!("[INFO] Clicked on {}", tile.id));
    Ok(())
}

/// Maps a validation tile with the head of each trial.
fn score(project: &Project, tile: &Tile, trials: &mut [Trial]) -> Result<(), DataError> {
    let (features, truth) = read(project, tile)?;
    for trial in trials {
        if let Some(head) = &trial.head {
            trial.confusion.add(&truth, &head.predict(&features, None).classes, &project.classes);
        }
    }
    out::line(&format!("[INFO] Scored {}", tile.id));
    Ok(())
}

impl Trial {
    fn learn(&mut self) {
        let began = Instant::now();
        self.head = QuickHead::learn(&self.samples, None);
        self.seconds = began.elapsed().as_secs_f64();
    }

    fn row(self, project: &Project) -> Row {
        let scores = self.confusion.scores(&project.classes);
        let clicks = self.samples.iter().map(TileSamples::clicks).sum();
        let (miou, accuracy) = (scores.miou, scores.pixel_accuracy);
        let round = Round { round: self.round, clicks, miou, accuracy, seconds: self.seconds };
        Row { mode: "across", tile: String::new(), seed: self.seed, round }
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

/// Features and full mask of a tile. Pixels that are missing in the image are neither clicked nor scored.
fn read(project: &Project, tile: &Tile) -> Result<(TileFeatures, Mask), DataError> {
    let picture = project.read_picture(tile)?;
    let features = TileFeatures::compute(&picture.rgb, Some(pretrained::built_in()), Kinds::ALL);
    let mask = project.read_mask(tile)?.map(|decoded| decoded.mask);
    let mut mask = mask.unwrap_or_else(|| Mask::unlabelled(tile.size[0], tile.size[1]));
    picture.valid.iter().for_each(|valid| valid.take_out_of(&mut mask));
    Ok((features, mask))
}

fn write_table(path: &Path, args: &SimulateArgs, rows: &[Row]) -> anyhow::Result<()> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(COLUMNS)?;
    for Row { mode, tile, seed, round } in rows {
        let numbers = [round.miou, round.accuracy, round.seconds].map(|value| format!("{value:.4}"));
        let [miou, accuracy, seconds] = numbers.each_ref().map(String::as_str);
        let (seed, number, clicks) = (seed.to_string(), round.round.to_string(), round.clicks.to_string());
        let row =
            [*mode, tile.as_str(), args.placement.name(), "quick", &seed, &number, &clicks, miou, accuracy, seconds];
        table.write_record(row)?;
    }
    Ok(write::atomically(path, &table.into_inner()?)?)
}

/// Mean and spread over tiles and seeds, a line for each number of clicks.
fn summarise(args: &SimulateArgs, rows: &[Row], counts: &[usize]) {
    for (round, count) in counts.iter().enumerate() {
        let rows: Vec<&Round> = rows.iter().map(|row| &row.round).filter(|other| other.round == round).collect();
        let mean = |value: fn(&Round) -> f64| mean_of_numbers(&rows.iter().map(|row| value(row)).collect::<Vec<_>>());
        let miou = mean(|row| row.miou);
        let spread = rows.iter().map(|row| (row.miou - miou).powi(2)).sum::<f64>() / (rows.len().max(2) - 1) as f64;
        out::line(&format!(
            "{count} clicks a class, {}: mIoU {miou:.3} ± {:.3}, accuracy {:.3}, {:.2} s after the last click ({} scores)",
            args.placement.name(),
            spread.sqrt(),
            mean(|row| row.accuracy),
            mean(|row| row.seconds),
            rows.len()
        ));
    }
}
