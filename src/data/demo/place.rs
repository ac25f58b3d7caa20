//! Where the demo project is unpacked.

use std::path::PathBuf;

/// The demo's folder in the user's data folder, if the system has one.
pub fn folder() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "pointillist")?.data_dir().join("demo"))
}
