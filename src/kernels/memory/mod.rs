//! Memory for tensors: pooled buffers, and their alignment to cache lines.
//!
//! Uses `raw` to return freed memory to the system; knows nothing of shapes or of Burn.

mod buffer;
pub(crate) mod cache_lines;

pub use buffer::{Buffer, give_back, release_idle};
