//! Prediction and scoring of tiles, window by window. Work comes in bounded slices, so that the caller stays in control.

mod decision;
mod enlarge;
pub mod evaluation;
mod network;
mod overview;
pub mod predictor;
pub mod window;

pub use evaluation::EvaluationJob;
pub use predictor::{Predictor, TileJob, WholeMap};
