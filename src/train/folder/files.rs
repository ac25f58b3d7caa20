//! Names of the files in a run folder.

use std::path::{Path, PathBuf};

use crate::domain::Choice as _;
use crate::domain::checkpoint::Checkpoint;

/// The configuration, every default filled in.
pub const CONFIG: &str = "config.toml";
/// The classes, in index order.
pub const CLASSES: &str = "classes.json";
/// How the run ended: outcome, best and last scores, device, version.
pub const SUMMARY: &str = "summary.json";
/// Scores, a row per evaluation.
pub const METRICS: &str = "metrics.csv";
/// Where the run stands: all it takes to go on from the last checkpoint as if it had never been stopped.
pub const STATE: &str = "last.state";
/// The head, in a run of a quick head. It takes the place of checkpoints.
pub const HEAD: &str = "head.json";
/// Loss and learning rate, a row per step or per few steps.
pub const STEPS: &str = "steps.csv";
/// What a person says of the run: tags and a note.
pub const NOTES: &str = "notes.json";
/// Which tiles were learned from and which were scored.
pub const SPLIT: &str = "split.json";
/// The labels that a run began with, or that none of them were own ones.
pub const LABELS: &str = "labels.json";
/// What the command line printed.
pub const LOG: &str = "log.txt";

/// The file of a checkpoint: `best.bpk` or `last.bpk`.
pub fn checkpoint(folder: &Path, which: Checkpoint) -> PathBuf {
    folder.join(format!("{}.bpk", which.name()))
}

/// What a checkpoint predicts: `best.json` or `last.json`.
pub fn predicts(folder: &Path, which: Checkpoint) -> PathBuf {
    folder.join(format!("{}.json", which.name()))
}
