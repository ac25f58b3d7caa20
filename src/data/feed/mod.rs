//! What the network is fed: targets, crops, augmentation and the prefetching loader.
//!
//! Uses [`super::label`], [`super::cache`] and [`super::layout`]. Batches are plain memory; devices are not known here.

pub mod augment;
pub mod batch;
pub mod batch_maker;
pub mod crop;
mod hidden;
pub mod jitter;
pub mod label_table;
pub mod loader;
pub mod normalize;
pub mod pseudo_labels;
mod resample;
pub mod target;
pub mod training_set;
pub mod warp;
pub mod windows;
