//! What the engine reports.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::evaluation::{Evaluation, StepReport};
use super::export::ExportNews;
use super::run_id::RunId;
use super::run_info::{Predicting, RunInfo};
use super::summary::Summary;
use crate::domain::Notice;
use crate::domain::config::StepOffer;

/// Something that happened in the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The run it belongs to; 0 before the first one.
    pub run: RunId,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// What the engine is doing now.
    Phase(Phase),
    /// The run is ready to train (or an opened run to predict).
    Started(Box<RunInfo>),
    /// Optimiser steps were taken. At most 20 reports per second.
    Step(StepReport),
    /// The validation tiles were scored.
    Evaluated(Box<Evaluation>),
    /// A new preview can be taken.
    PreviewReady,
    /// A checkpoint was written.
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Whether it is the best so far.
        best: bool,
    },
    /// The learning rate of the next step, after one was set.
    LearningRate(f64),
    /// This checkpoint predicts from now on.
    Predicting(Predicting),
    /// How an export of maps goes.
    Export(ExportNews),
    /// Information for the user.
    Info(Notice),
    /// Something went wrong, but the run continues.
    Warning(Notice),
    /// The run is over and everything is on disk.
    Finished(Box<Summary>),
    /// The run that is about to be refused needs more memory than there is; this would fit.
    WouldFit(StepOffer),
    /// The run that is about to be refused can never be resumed, whatever else changes: its folder is damaged, of another version, or of
    /// other classes.
    Unresumable,
    /// The run broke off or did not start. Files written before stay, and another run can be started.
    Failed(Notice),
    /// The run was stopped before its first step; nothing was written.
    Cancelled,
}

/// What the engine is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// No run is in progress. Previews are still computed if a network is loaded.
    #[default]
    Idle,
    /// Reading tiles or setting up the device.
    Preparing {
        /// The current activity, in words.
        what: String,
        /// Items finished.
        done: usize,
        /// Items in all; 0 if unknown.
        total: usize,
    },
    /// Taking the first step on a GPU, which tries kernels for each shape of tensors. It takes minutes for a network and an input that
    /// are new to it, and cannot be interrupted; what it finds is remembered.
    Tuning,
    /// Taking steps.
    Training,
    /// The run waits for [`Command::Resume`](super::Command::Resume).
    Paused,
    /// Scoring the validation tiles.
    Evaluating {
        /// Tiles finished.
        done: usize,
        /// Tiles in all.
        total: usize,
    },
    /// Writing the last checkpoint and summary.
    Stopping,
}

impl Phase {
    /// What is said during [`Phase::Tuning`], in few words.
    pub const TUNING: &'static str = "trying GPU kernels";

    /// Whether steps are being taken.
    pub fn takes_steps(&self) -> bool {
        matches!(self, Self::Tuning | Self::Training)
    }

    /// Whether a run is in progress.
    pub fn is_running(&self) -> bool {
        !matches!(self, Self::Idle)
    }
}
