//! Training: the split of a project, the loss, the optimisers and schedules, a step, the run folder.
//!
//! Nothing here decides when something happens: the engine calls it.

mod all_gradients;
pub mod average;
mod block_draw;
pub mod check;
pub mod clipping;
pub mod division;
pub mod folder;
pub mod frozen;
pub mod label_counts;
pub mod loss;
pub mod loss_scale;
mod moments;
pub mod optimizer;
pub mod precision;
pub mod run_list;
pub mod run_notes;
pub mod schedule;
pub mod snapshot;
pub mod start_labels;
pub mod trainer;
pub mod trainer_state;
pub mod weighting;
