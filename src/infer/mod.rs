//! Prediction: windows over a tile, and scoring what they say. Bounded slices of work, so that whoever calls stays in control.

pub mod evaluation;
pub mod predictor;
pub mod window;

pub use evaluation::EvaluationJob;
pub use predictor::{Predictor, TileJob, TilePrediction};
