//! The label journal: an append-only file of strokes, shared between programs.

pub mod append;
pub mod journal;
pub(crate) mod journal_line;
pub(crate) mod journal_place;
pub(crate) mod journal_sync;
pub(crate) mod journal_tail;
pub(crate) mod journal_tiles;
