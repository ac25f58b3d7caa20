//! Reads tiles for the window in the background: the tile in view, its sampled mask, and thumbnails.
//!
//! Two threads, each with one tile at a time, so that no more than two large tiles are being decoded at once.

mod guarded;
pub mod loaded;
pub mod loader;
mod requests;
mod thumbnails;
mod view_cache;
mod view_worker;
