//! From disk to domain and back: layouts, decoders, writers, the label journal, what the network is fed.
//!
//! The rooms stand in one order. A room uses only those before it; `tests/layering.rs` checks that:
//!
//! [`error`] < [`files`] < [`raster`] < [`classes`] < [`mask`] < [`layout`] < [`survey`] < [`cache`] < [`label`] <
//! [`feed`] < [`export`] < [`cut`] < [`demo`]

pub mod cache;
pub mod classes;
pub mod cut;
pub mod demo;
pub mod error;
pub mod export;
pub mod feed;
pub mod files;
pub mod label;
pub mod layout;
pub mod mask;
pub mod raster;
pub mod survey;

pub use classes::class_edits::{ClassEdits, Fate};
pub use classes::classes_file::write_classes;
pub use classes::known::KnownDataset;
pub use error::DataError;
pub use label::journal::Journal;
pub use layout::project::Project;
pub use layout::tile::{Tile, TileFault};
pub use mask::decoded::{DecodedMask, MaskEncoding, PixelCode};
pub use raster::picture::Picture;
