//! What the network is fed: targets, crops, augmentation and the prefetching loader.

pub mod augment;
pub mod census;
pub mod crop;
pub mod loader;
pub mod normalize;
pub mod target;
pub mod training_set;
