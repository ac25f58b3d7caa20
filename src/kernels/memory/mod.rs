//! Large buffers and cache lines.

mod buffer;
pub(crate) mod cache_lines;

pub use buffer::{Buffer, give_back, release_idle};
