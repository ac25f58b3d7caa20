//! Decoded pictures in memory and thumbnails on disk, so that files are decoded once.
//!
//! Reads through [`super::layout`].

pub mod pictures;
pub mod thumbnails;
