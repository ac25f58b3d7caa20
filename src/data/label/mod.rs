//! The label journal: an append-only file of strokes that the window writes and the trainer follows.
//!
//! Uses [`super::layout`] to find the tile that a line names.

pub mod journal;
pub(crate) mod line;
pub(crate) mod location;
mod notes;
pub(crate) mod sync;
pub(crate) mod tail;
pub(crate) mod tiles;
