//! The quick head: a map within a moment of a click, from fixed features and a linear classifier.
//!
//! [`TileFeatures`](tile_features::TileFeatures) are computed once a tile, [`QuickHead`](head::QuickHead) learns from labelled
//! pixels and predicts whole tiles. Plain slices on the CPU: no Burn, no files, no window.

mod bank;
pub mod batch;
pub mod clicks;
pub mod course;
mod distance;
mod feature_map;
mod forest;
mod forest_level;
pub mod head;
pub mod head_record;
mod lbfgs;
pub mod leave_out;
pub mod lessons;
mod levels;
mod logistic;
pub mod mask_clicks;
pub mod method;
mod model;
pub mod samples;
mod scaling;
mod shrink;
pub mod simulate;
pub mod strokes;
pub mod tile_features;
