//! Identifies the state of a file by path, length and modification time.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The state of a file at one time: path, length and modification time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileStamp {
    path: PathBuf,
    len: u64,
    modified: Option<SystemTime>,
}

impl FileStamp {
    /// The current state. A file without readable metadata is identified by its path only.
    pub fn of(path: &Path) -> Self {
        let metadata = std::fs::metadata(path).ok();
        let (len, modified) = metadata.map_or((0, None), |metadata| (metadata.len(), metadata.modified().ok()));
        Self { path: path.to_owned(), len, modified }
    }

    /// The file regardless of its content.
    pub fn by_path(path: &Path) -> Self {
        Self { path: path.to_owned(), len: 0, modified: None }
    }

    /// The stamp as text, to derive names from.
    pub fn text(&self) -> String {
        let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        format!("{}|{}|{}", self.path.display(), self.len, self.modified.map_or(0, since))
    }
}
