//! From disk to domain and back: layouts, readers, writers, the label journal, what the network is fed.

pub mod augment;
mod classes_file;
pub mod crop;
mod deepglobe;
pub mod demo;
pub mod error;
mod folders;
pub mod images;
pub mod journal;
mod journal_line;
mod journal_place;
mod journal_sync;
mod journal_tail;
mod legend;
mod listing;
pub mod loader;
mod masks;
mod naming;
pub mod normalize;
mod pickup;
pub mod picture_cache;
pub mod project;
mod scan;
mod stretch;
mod table;
pub mod target;
pub mod thumbnail_store;
mod tiff_file;
pub mod training_set;
pub mod write;

pub use classes_file::write_classes;
pub use error::DataError;
pub use journal::Journal;
pub use project::{Project, Tile, TileFault};
