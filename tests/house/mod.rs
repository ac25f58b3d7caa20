//! Reads the sources of the program as a graph: which file uses which, and where that graph has circles.
//!
//! Plain text processing, no compiler: [`tokens`] splits a file into tokens, [`source`] finds its imports and paths,
//! [`graph`] resolves them to the files that define what is used.

pub(crate) mod graph;
pub(crate) mod source;
pub(crate) mod tokens;
