//! The figures of a run that is over, as an event file for TensorBoard.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::event_file::{names, of_metrics, of_step, secs_of};
use crate::data::DataError;
use crate::data::files::write;
use crate::exchange::tensorboard;
use crate::train::folder::{FinishedRun, MetricsRow, files};

/// What to export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiguresExport {
    /// The run folder.
    pub run: PathBuf,
    /// The folder for the event file.
    pub out: PathBuf,
    /// Whether event files in it may be replaced.
    pub overwrite: bool,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFigures {
    /// The event file.
    pub file: PathBuf,
    /// Rows of both tables.
    pub rows: usize,
    /// What to tell about the run, a sentence each.
    pub notes: Vec<String>,
}

impl FiguresExport {
    /// Writes the file, whole or not at all, and its folder if that is missing.
    ///
    /// # Errors
    /// If the folder has event files and they may not be replaced, the run has no figures, or reading or writing fails.
    pub fn carry_out(&self) -> anyhow::Result<ExportedFigures> {
        let out = &self.out;
        let run = FinishedRun::open(&self.run)?;
        let (steps, metrics) = run.history();
        let rows = steps.len() + metrics.len();
        anyhow::ensure!(rows > 0, "the run has no steps and no scores to export: {}", run.path.display());
        let former = event_files(out);
        anyhow::ensure!(
            self.overwrite || former.is_empty(),
            "{} has event files already: choose another folder, or give --overwrite",
            out.display()
        );
        fs::create_dir_all(out).map_err(DataError::io("cannot create the folder for the event file", out))?;
        let clock = Clock::of(&run, &metrics);
        let classes = names(&run.classes);
        let mut content = tensorboard::beginning(clock.began, 0);
        steps.iter().for_each(|row| content.extend(of_step(clock.at(row.step), row)));
        metrics.iter().for_each(|row| content.extend(of_metrics(clock.at(row.step), row, &classes)));
        let file = out.join(tensorboard::file_name(clock.began as u64));
        write::atomically(&file, &content)?;
        for path in former.iter().filter(|path| **path != file) {
            fs::remove_file(path).map_err(DataError::io("cannot replace", path))?;
        }
        Ok(ExportedFigures { file, rows, notes: run.notes })
    }
}

/// The event files in a folder.
fn event_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_one =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().contains(tensorboard::MARK));
    entries.filter(is_one).collect()
}

/// When the steps of a run were taken, as far as its tables tell: the time since the last evaluation stands in each row of `metrics.csv`,
/// and steps between two evaluations took the same time each.
struct Clock {
    /// Seconds since 1970.
    began: f64,
    /// Steps taken and seconds since the beginning, at each evaluation.
    known: Vec<(u64, f64)>,
}

impl Clock {
    fn of(run: &FinishedRun, metrics: &[MetricsRow]) -> Self {
        let mut secs = 0.0;
        let known: Vec<(u64, f64)> = metrics
            .iter()
            .map(|row| {
                secs += f64::from(row.secs);
                (row.step, secs)
            })
            .collect();
        let written = fs::metadata(run.path.join(files::METRICS)).and_then(|metadata| metadata.modified());
        let ended = secs_of(written.unwrap_or(SystemTime::UNIX_EPOCH));
        Self { began: (ended - secs).max(0.0), known }
    }

    /// Seconds from 1970 to the end of a step.
    fn at(&self, step: u64) -> f64 {
        let next = self.known.partition_point(|(known, _)| *known < step);
        let (from, start) = next.checked_sub(1).map_or((0, 0.0), |before| self.known[before]);
        let Some(&(to, end)) = self.known.get(next) else { return self.began + start };
        let share = (step - from) as f64 / (to - from).max(1) as f64;
        self.began + start + share * (end - start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_between_evaluations_took_the_same_time_each() {
        let clock = Clock { began: 1000.0, known: vec![(10, 20.0), (30, 30.0)] };
        let times = [0, 5, 10, 20, 30, 40].map(|step| clock.at(step));
        assert_eq!(times, [1000.0, 1010.0, 1020.0, 1025.0, 1030.0, 1030.0]);
        assert_eq!(Clock { began: 7.0, known: Vec::new() }.at(9), 7.0);
    }
}
