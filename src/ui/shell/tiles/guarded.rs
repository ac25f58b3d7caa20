//! Keeps the tile threads alive when a decoder panics.

use std::panic::AssertUnwindSafe;

use crate::data::DataError;

/// A decoder that panics on a broken file must not take the thread with it.
pub(crate) fn guarded<T>(tile: &str, read: impl FnOnce() -> Result<T, DataError>) -> Result<T, String> {
    std::panic::catch_unwind(AssertUnwindSafe(read))
        .map(|read| read.map_err(|error| error.to_string()))
        .unwrap_or_else(|_| Err(format!("tile {tile} made its decoder fail: convert or replace its files")))
}
