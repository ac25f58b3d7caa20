//! Training: what is learned from, the loss, the schedule, the step, the run folder. What happens when is the engine's
//! matter.

pub mod check;
pub mod folder;
pub mod loss;
pub mod optimizer;
pub mod plan;
pub mod schedule;
pub mod trainer;
pub mod weighting;
