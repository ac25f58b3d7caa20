//! The scores as a table and in words.

use std::path::Path;

use super::super::args::SimulateArgs;
use super::super::out;
use crate::data::files::write;
use crate::domain::Choice as _;
use crate::domain::count::counted;
use crate::domain::estimate::Estimate;
use crate::domain::metrics::mean_of_numbers;
use crate::quick::simulate::Round;

const COLUMNS: [&str; 10] =
    ["mode", "tile", "placement", "method", "seed", "round", "clicks", "miou", "accuracy", "seconds"];

/// A row of the table.
pub(super) struct Row {
    pub(super) mode: &'static str,
    pub(super) tile: String,
    pub(super) seed: u64,
    pub(super) round: Round,
}

/// Writes the table.
pub(super) fn write_table(path: &Path, args: &SimulateArgs, rows: &[Row]) -> anyhow::Result<()> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(COLUMNS)?;
    for Row { mode, tile, seed, round } in rows {
        let numbers = [round.miou, round.accuracy, round.seconds].map(|value| format!("{value:.4}"));
        let [miou, accuracy, seconds] = numbers.each_ref().map(String::as_str);
        let (seed, number, clicks) = (seed.to_string(), round.round.to_string(), round.clicks.to_string());
        let (placement, method) = (args.placement.name(), args.method.name());
        table.write_record([*mode, tile, placement, method, &seed, &number, &clicks, miou, accuracy, seconds])?;
    }
    Ok(write::atomically(path, &table.into_inner()?)?)
}

/// Mean, spread and interval of the mean over tiles and seeds, a line for each number of clicks.
pub(super) fn summarise(args: &SimulateArgs, rows: &[Row], counts: &[usize]) {
    for (round, count) in counts.iter().enumerate() {
        let rows: Vec<&Round> = rows.iter().map(|row| &row.round).filter(|other| other.round == round).collect();
        let mean = |value: fn(&Round) -> f64| mean_of_numbers(&rows.iter().map(|row| value(row)).collect::<Vec<_>>());
        let estimate = Estimate::of(&rows.iter().map(|row| row.miou).collect::<Vec<_>>());
        let (Estimate { mean: miou, spread, .. }, [low, high]) = (estimate, estimate.interval_of_share());
        let interval = match rows.len() {
            0 | 1 => String::new(),
            _ => format!(" ± {spread:.3} (95 % {low:.3} to {high:.3})"),
        };
        out::line(&format!(
            "{} with {} a class, {}: mIoU {miou:.3}{interval}, accuracy {:.3}, {:.2} s after the last click ({})",
            args.method.title(),
            counted(*count as u64, "click"),
            args.placement.name(),
            mean(|row| row.accuracy),
            mean(|row| row.seconds),
            counted(rows.len() as u64, "score")
        ));
    }
}
