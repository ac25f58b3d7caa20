//! What can be wrong with files, each with the file and the remedy.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Something on disk that cannot be used. Paths stand last in the messages.
#[derive(Debug, Error)]
pub enum DataError {
    /// The file or folder could not be read or written at all.
    #[error("{doing}: {source}: {}", path.display())]
    Io {
        /// What was being done, e.g. "cannot read".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is there but its content is not what it should be.
    #[error("{what}: {}", path.display())]
    Content {
        /// What is wrong and what to do about it.
        what: String,
        /// The file.
        path: PathBuf,
    },
}

impl DataError {
    /// For `map_err` on something the operating system refused.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    /// For content that is not what it should be.
    pub(crate) fn content(what: impl Into<String>, path: &Path) -> Self {
        Self::Content { what: what.into(), path: path.to_owned() }
    }
}
