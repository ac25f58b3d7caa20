//! Output. A closed pipe (`| head`) must not panic.

use std::io::Write as _;
use std::path::Path;

use crate::data::DataError;

/// Prints a line to standard output.
pub(super) fn line(text: &str) {
    writeln!(std::io::stdout().lock(), "{text}").ok();
}

/// Prints a warning or an error to standard error.
pub(super) fn error(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").ok();
}

/// Creates a folder for results, with its parents.
pub(super) fn create_folder(path: &Path) -> Result<(), DataError> {
    std::fs::create_dir_all(path).map_err(DataError::io("cannot create the folder for the results", path))
}
