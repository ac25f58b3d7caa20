//! What the engine is asked to do.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::export::ExportRequest;
use super::run_id::RunId;
use crate::domain::RunConfig;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::geometry::PixelRect;

/// A request to the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Start a run. Refused with [`EventKind::Failed`](super::EventKind::Failed) while another one is in progress.
    Start {
        /// The id its events will carry.
        run: RunId,
        /// Everything that determines it.
        config: Box<RunConfig>,
        /// The run folder to create.
        out: PathBuf,
    },
    /// Open a finished run: its network predicts from now on.
    Open {
        /// The id its events will carry.
        run: RunId,
        /// The run folder.
        folder: PathBuf,
        /// The project whose tiles are predicted; the run's own if absent.
        data: Option<PathBuf>,
    },
    /// Go on with a run that was stopped or killed, or beyond its end. Refused like [`Command::Start`].
    Continue {
        /// The id its events will carry.
        run: RunId,
        /// The run folder.
        folder: PathBuf,
        /// The project to learn from; the run's own if absent.
        data: Option<PathBuf>,
        /// Epochs to add. 0 for a run that has not reached its end.
        more_epochs: u32,
        /// The learning rate of the next step; the one it had if absent.
        #[serde(default)]
        lr: Option<f64>,
    },
    /// Pause after the current step.
    Pause,
    /// Resume a paused run.
    Resume,
    /// End the run after the current step; its checkpoints and summary are written.
    Stop,
    /// Use this learning rate for the next step; the schedule continues from there.
    SetLearningRate(f64),
    /// The label journal has grown: new labels count from the next batch on.
    LabelsChanged,
    /// Predict this tile, repeatedly while training; `None` predicts nothing.
    View(Option<ViewRequest>),
    /// Predict with this checkpoint of the run that ended or was opened.
    Show(Checkpoint),
    /// Evaluate now.
    Evaluate,
    /// Write the last checkpoint now; after the end of a run, whatever could not be written then.
    Save,
    /// Write maps with the network that predicts, unless a run is in progress.
    Export(ExportRequest),
    /// Write no more maps; the one in progress is dropped.
    CancelExport,
    /// End the worker, after ending the run cleanly.
    Shutdown,
}

/// The tile in view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewRequest {
    /// Tile id.
    pub tile: String,
    /// The part of the tile on screen, in its pixels. It is predicted first.
    pub visible: Option<PixelRect>,
}
