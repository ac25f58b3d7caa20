//! The folder inside a project that holds the program's own files.

use std::path::{Path, PathBuf};

/// Name of the folder. Scans skip it.
pub(crate) const NAME: &str = ".pointillist";

/// The folder of the project at `root`; it need not exist yet.
pub(crate) fn of(root: &Path) -> PathBuf {
    root.join(NAME)
}
