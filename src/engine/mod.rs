//! The engine: commands in, events out. One long-lived thread owns Burn and does all the work; a handle talks to it.
//!
//! `start` leads from a command to a run: `run_plan` decides, `opened_run` opens, `run` steps. `quick` answers clicks on a thread of
//! its own, without a run.

pub mod bench;
mod best_network;
pub mod device;
pub mod diagnostics;
mod early_stop;
mod ending;
mod evaluating;
mod event_file;
mod export;
pub mod exported;
pub mod exported_figures;
pub mod finished;
mod finished_checkpoints;
mod first_network;
pub mod handle;
mod head_start;
pub mod imported;
mod kept_split;
mod label_record;
mod labels;
mod latest;
mod learner;
mod meter;
mod opened_run;
mod outbox;
mod preparation;
mod preview;
pub mod priority;
mod progress;
mod project;
pub mod protocol;
mod pseudo_labels;
mod pseudo_teacher;
pub mod quick;
mod recorder;
pub mod refusal;
pub mod rehearsal;
pub mod report;
pub mod resumable;
mod resume;
mod run;
mod run_history;
pub mod run_maps;
mod run_plan;
mod session;
mod sketch;
mod start;
mod state_writer;
pub mod transport;
mod waker;
mod warm_start;
mod worker;

pub use handle::EngineHandle;
pub use protocol::{Command, Event, EventKind, Phase, RunId};
pub use waker::Waker;
pub use worker::work;
