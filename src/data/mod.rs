//! From disk to domain and back: layouts, readers, writers, the label journal, what the network is fed.

pub mod classes;
pub mod demo;
pub mod error;
pub mod export;
pub mod feed;
pub mod label;
pub mod layout;
pub mod mask;
pub mod raster;
mod text;
pub mod write;

pub use classes::class_edits::{ClassEdits, Fate};
pub use classes::classes_file::write_classes;
pub use error::DataError;
pub use label::journal::Journal;
pub use layout::project::{Project, Tile, TileFault};
pub use mask::mask_read::{Code, MaskRead, Reading};
pub use raster::picture::Picture;
