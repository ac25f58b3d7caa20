//! Commands to the engine, and events and previews from it. All of them can be serialised, so the worker can be a thread of
//! this process, a child process, or at the other end of a pipe (see [`super::transport`]).

mod command;
mod evaluation;
mod event;
mod export;
mod preview;
mod run_id;
mod run_info;
mod summary;
#[cfg(test)]
mod tests;

pub use command::{Command, ViewRequest};
pub use evaluation::{Evaluation, StepReport};
pub use event::{Event, EventKind, Phase};
pub use export::{ExportNews, ExportRequest};
pub use preview::Preview;
pub use run_id::RunId;
pub use run_info::{DeviceInfo, Predicting, QuickLearned, RunInfo, SavedCheckpoint, SavedQuick};
pub use summary::{Outcome, Summary};
