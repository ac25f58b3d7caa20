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

/// Creates the folder that a file is to be written to, before the work for the file begins.
pub(super) fn create_folder_of(file: &Path) -> Result<(), DataError> {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(Ok(()), create_folder)
}

/// Creates a folder for results, with its parents.
pub(super) fn create_folder(path: &Path) -> Result<(), DataError> {
    std::fs::create_dir_all(path).map_err(DataError::io("cannot create the folder for the results", path))
}
