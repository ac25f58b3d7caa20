//! From disk to domain and back: layouts, readers, writers, the label journal, the demo scenes.

mod classes_file;
mod deepglobe;
pub mod error;
mod folders;
mod images;
pub mod journal;
mod journal_line;
mod legend;
mod listing;
mod masks;
mod naming;
mod pickup;
pub mod project;
mod scan;
mod table;
pub mod write;

pub use classes_file::write_classes;
pub use error::DataError;
pub use journal::Journal;
pub use project::{Project, Tile};
