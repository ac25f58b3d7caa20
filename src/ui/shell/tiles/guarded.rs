//! Keeps the tile threads alive when a decoder panics.

use std::panic::AssertUnwindSafe;

use crate::data::DataError;

/// Runs a decoder; a panic on a broken file becomes an error and does not end the thread.
pub(crate) fn guarded<T>(tile: &str, read: impl FnOnce() -> Result<T, DataError>) -> Result<T, String> {
    std::panic::catch_unwind(AssertUnwindSafe(read))
        .map(|read| read.map_err(|error| error.to_string()))
        .unwrap_or_else(|_| Err(format!("the decoder crashed on tile {tile}: convert or replace its files")))
}
