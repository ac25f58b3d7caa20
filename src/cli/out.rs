//! Where text goes. A reader that has gone (`| head`) is no reason to panic.

use std::io::Write as _;
use std::path::Path;

use crate::data::DataError;

/// A line for the reader, on standard output.
pub(super) fn line(text: &str) {
    writeln!(std::io::stdout().lock(), "{text}").ok();
}

/// A line about something wrong, on standard error.
pub(super) fn error(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").ok();
}

/// Makes a folder for results, and those above it.
pub(super) fn create_folder(path: &Path) -> Result<(), DataError> {
    std::fs::create_dir_all(path).map_err(DataError::io("cannot create the folder for the results", path))
}
