//! The run folder: everything about a run, in files that can be read, compared and cited without this program.
//!
//! `files` has the names and what each file holds. A folder is written by [`RunFolder`] and read by [`FinishedRun`].

mod claim;
mod cut;
pub mod files;
mod predicts;
mod reader;
mod split_record;
mod state_file;
mod tables;
mod takeover;
mod writer;

pub use claim::Claim;
pub use reader::{FinishedRun, load_checkpoint, quick_method};
pub use split_record::SplitRecord;
pub use state_file::StateFile;
pub use tables::{MetricsRow, StepRow, steps_per_row};
pub use takeover::take_over;
pub use writer::{Kept, RunFolder};

#[cfg(test)]
mod tests;
