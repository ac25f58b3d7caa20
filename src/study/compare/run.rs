//! A run folder, read to be compared with others.

use std::path::{Path, PathBuf};

use super::epoch_length;
use super::origins::Origins;
use crate::data::DataError;
use crate::domain::{Classes, FurtherScores, RunConfig};
use crate::engine::protocol::{Outcome, Summary};
use crate::study::folder::minutes_per_epoch;
use crate::study::record::Record;
use crate::train::folder::{FinishedRun, MetricsRow, SplitRecord, StepRow};
use crate::train::label_counts::LabelCounts;
use crate::train::start_labels::StartLabels;

/// A run, and what its folder says of it.
#[derive(Clone, Debug)]
pub struct ComparedRun {
    /// Name to show: that of its folder, or of the run in a plan.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// How it was configured.
    pub config: RunConfig,
    /// The classes of its network, in index order.
    pub classes: Classes,
    /// How it ended; `None` if it was killed or is still in progress.
    pub summary: Option<Summary>,
    /// Rows of `steps.csv`.
    pub steps: Vec<StepRow>,
    /// Rows of `metrics.csv`.
    pub metrics: Vec<MetricsRow>,
    /// Which tiles were learned from and which were scored; empty if that is not known.
    pub split: SplitRecord,
    /// Steps of an epoch; `None` if that is not known.
    pub steps_per_epoch: Option<u64>,
    /// Hash of its data and labels, as a study's run records it.
    pub digest: Option<String>,
    /// Hashes of the files that it began with, as a study recorded them.
    pub origins: Origins,
    /// What it learned from at its start, where that was recorded.
    pub recorded_labels: Option<StartLabels>,
    /// What it learned from, once that is counted.
    pub labels: Option<LabelCounts>,
}

/// Scores after the last step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FinalScores<'a> {
    /// Mean IoU, 0 to 1; NaN if nothing was scored.
    pub miou: f64,
    /// Share of right pixels, 0 to 1.
    pub accuracy: f64,
    /// IoU of each class, in index order; NaN where there is none.
    pub iou: &'a [f64],
}

impl ComparedRun {
    /// Reads a run folder.
    ///
    /// # Errors
    /// If it is not a run folder, or damaged; the message names the file.
    pub fn open(folder: &Path) -> Result<Self, DataError> {
        let run = FinishedRun::open(folder)?;
        let (steps, metrics) = run.history();
        let record = Record::read(folder);
        let recorded = record.as_ref().map(|record| record.steps_per_epoch).filter(|steps| *steps > 0);
        let summary = run.summary::<Summary>().map(|(summary, _)| summary);
        Ok(Self {
            name: name_of(folder),
            folder: folder.to_owned(),
            split: run.split().unwrap_or_default(),
            recorded_labels: run.labels(),
            steps_per_epoch: recorded.or_else(|| epoch_length::of(&steps, &metrics, summary.as_ref())),
            summary,
            origins: Origins::of(record.as_ref()),
            config: run.config,
            classes: run.classes,
            steps,
            metrics,
            digest: record.map(|record| record.key.data.digest),
            labels: None,
        })
    }

    /// Whether its scores are those that its configuration asks for: it was not stopped, and did not fail.
    pub fn is_complete(&self) -> bool {
        let outcome = self.summary.as_ref().map(|summary| summary.outcome);
        matches!(outcome, Some(Outcome::Completed | Outcome::Early | Outcome::Imported))
    }

    /// How it ended, in a word.
    pub fn ending(&self) -> &'static str {
        match self.summary.as_ref().map(|summary| summary.outcome) {
            Some(Outcome::Completed) => "completed",
            Some(Outcome::Early) => "early",
            Some(Outcome::Stopped) => "stopped",
            Some(Outcome::Failed) => "failed",
            Some(Outcome::Imported) => "imported",
            None => "not ended",
        }
    }

    /// The last step that its folder knows of.
    pub fn last_step(&self) -> u64 {
        let rows = [self.metrics.last().map(|row| row.step), self.steps.last().map(|row| row.step)];
        let told = self.summary.as_ref().map(|summary| summary.steps);
        rows.into_iter().chain([told]).flatten().max().unwrap_or(0)
    }

    /// Best validation mIoU; `None` if nothing was scored.
    pub fn best_miou(&self) -> Option<f64> {
        let scored = self.metrics.iter().map(|row| row.miou).filter(|miou| miou.is_finite());
        let recorded = self.summary.as_ref().and_then(|summary| summary.best_miou);
        recorded.or_else(|| scored.max_by(f64::total_cmp))
    }

    /// Scores after the last step; `None` if there was no evaluation.
    pub fn last(&self) -> Option<FinalScores<'_>> {
        if let Some(last) = self.summary.as_ref().and_then(|summary| summary.last.as_ref()) {
            let (miou, accuracy) = (last.scores.miou, last.scores.pixel_accuracy);
            return Some(FinalScores { miou, accuracy, iou: &last.scores.iou });
        }
        let row = self.metrics.last()?;
        Some(FinalScores { miou: row.miou, accuracy: row.pixel_accuracy, iou: &row.iou })
    }

    /// What stands beside mean IoU after the last step; `None` of a run that was killed, or measured by an old version.
    pub fn further(&self) -> Option<&FurtherScores> {
        self.summary.as_ref()?.last.as_ref()?.further.as_ref()
    }

    /// IoU of a class after the last step, by its name.
    pub fn iou(&self, class: &str) -> Option<f64> {
        let index = self.classes.iter().position(|other| other.name == class)?;
        self.last()?.iou.get(index).copied().filter(|iou| iou.is_finite())
    }

    /// Minutes that an epoch with its evaluation took; `None` of a run of less than one.
    pub fn minutes_per_epoch(&self) -> Option<f64> {
        let secs: f64 = self.metrics.iter().map(|row| f64::from(row.secs)).sum();
        minutes_per_epoch(secs, self.metrics.last()?.step, self.steps_per_epoch?)
    }
}

/// The name of a folder, with what is above it only if it has none.
fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A run that nobody made, with two evaluations.
    pub(crate) fn run(name: &str, config: RunConfig, miou: f64, iou: &[f64]) -> ComparedRun {
        let row = |step: u64, miou: f64| MetricsRow {
            step,
            epoch: (step / 10) as u32,
            train_loss: 1.0,
            miou,
            pixel_accuracy: miou + 0.1,
            pixels: 100,
            secs: 60.0,
            iou: iou.to_vec(),
            raw_miou: None,
        };
        ComparedRun {
            name: name.to_owned(),
            folder: PathBuf::from("/no/such").join(name),
            config,
            classes: Classes::deepglobe(),
            summary: Some(Summary { outcome: Outcome::Completed, ..Summary::default() }),
            steps: (1..=20).map(|step| StepRow { step, epoch: 1, loss: 2.0 / step as f32, lr: 1e-3 }).collect(),
            metrics: vec![row(10, miou + 0.05), row(20, miou)],
            split: SplitRecord::default(),
            steps_per_epoch: Some(10),
            digest: None,
            origins: Origins::default(),
            recorded_labels: None,
            labels: None,
        }
    }

    #[test]
    fn a_killed_run_has_the_scores_of_its_table() {
        let run = ComparedRun { summary: None, ..run("a", RunConfig::demo(), 0.4, &[0.3, f64::NAN]) };
        assert!((run.best_miou().unwrap() - 0.45).abs() < 1e-12);
        let last = run.last().unwrap();
        assert!((last.miou - 0.4).abs() < 1e-12 && (last.accuracy - 0.5).abs() < 1e-12);
        assert_eq!([run.iou("urban_land"), run.iou("agriculture_land"), run.iou("lava")], [Some(0.3), None, None]);
        assert_eq!((run.minutes_per_epoch(), run.is_complete(), run.last_step()), (Some(1.0), false, 20));
    }

    #[test]
    fn what_is_no_run_folder_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let refusal = ComparedRun::open(dir.path()).unwrap_err().to_string();
        assert!(refusal.contains("not a run folder"), "{refusal}");
    }
}
