//! From disk to domain and back: layouts, readers, writers, the label journal, the demo scenes.

pub mod error;
pub mod journal;
pub mod project;

pub use error::DataError;
pub use journal::Journal;
pub use project::{Project, Tile};
