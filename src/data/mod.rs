//! From disk to domain and back: layouts, readers, writers, the label journal, the demo scenes.

pub mod augment;
pub mod crop;
pub mod error;
pub mod journal;
pub mod loader;
pub mod normalize;
pub mod project;
pub mod training_set;

pub use error::DataError;
pub use journal::Journal;
pub use project::{Project, Tile};
