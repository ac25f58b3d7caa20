//! Training: the loss, the schedule, the step, the evaluation and the run folder. What happens when is the engine's matter.

pub mod loss;

pub mod schedule;
pub mod trainer;
