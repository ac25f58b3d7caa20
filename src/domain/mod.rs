//! The domain model: classes, masks, labels, sampling, scores, geometry and the run configuration.
//!
//! Plain Rust without files, Burn or egui, so that everything here can be tested with numbers worked out by hand.

pub mod agreement;
pub mod bits;
pub mod blocks;
pub mod bootstrap;
pub mod boundary;
pub mod calibration;
pub mod checkpoint;
pub mod choice;
pub mod class;
pub mod class_map;
pub mod config;
pub mod count;
pub mod estimate;
pub mod further_scores;
pub mod geometry;
pub mod hash;
pub mod kept_aside;
pub mod label;
mod label_book;
pub mod mask;
pub mod metrics;
pub mod nan;
pub mod notice;
pub mod panic;
pub mod patched_map;
pub mod sampling;
pub mod split;
pub mod stored;
pub mod tensor;
pub mod time;
pub mod valid;
pub mod weights;

pub use choice::Choice;
pub use class::{ClassDef, Classes};
pub use class_map::ClassMap;
pub use config::RunConfig;
pub use further_scores::FurtherScores;
pub use label::{Edit, Stroke};
pub use label_book::{Drawn, LabelBook};
pub use mask::{Mask, UNLABELLED};
pub use metrics::{Confusion, Scores};
pub use notice::Notice;
pub use patched_map::{MapPatch, PatchedMap};
pub use sampling::{Sampling, Strategy};
pub use tensor::NamedTensor;
pub use valid::Validity;
