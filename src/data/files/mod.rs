//! Plain file access that every other room needs: whole-file writes, append-only files, text, tables, file stamps.
//!
//! Uses only [`super::error`]. Knows nothing about images, classes or projects.

pub mod append;
pub(crate) mod own_folder;
pub mod read;
pub mod stamp;
pub(crate) mod table;
pub(crate) mod text;
pub mod write;
