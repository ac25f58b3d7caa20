//! Errors about files. Each names the file and, where possible, the remedy.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Something on disk that cannot be used. Messages end with the path.
///
/// Messages include their cause and expose no `source`, so that a printed chain of errors says each cause once.
#[derive(Debug, Error)]
pub enum DataError {
    /// The file or folder could not be read or written at all.
    #[error("{doing}: {cause}: {}", path.display())]
    Io {
        /// The operation that failed, e.g. "cannot read".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Reason given by the operating system.
        cause: std::io::Error,
    },
    /// The file exists but its content is invalid.
    #[error("{what}: {}", path.display())]
    Content {
        /// What is wrong and what to do about it.
        what: String,
        /// The file.
        path: PathBuf,
    },
    /// A fault that was found earlier; the text names the file.
    #[error("{0}")]
    Known(String),
}

impl DataError {
    /// For `map_err` on errors of the operating system.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |cause| Self::Io { doing, path: path.to_owned(), cause }
    }

    /// Whether trying again cannot help: a file is not there, or holds what it holds. What the system refuses now, it may do later.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Io { cause, .. } => cause.kind() == std::io::ErrorKind::NotFound,
            Self::Content { .. } | Self::Known(_) => true,
        }
    }

    /// For invalid content.
    pub(crate) fn content(what: impl Into<String>, path: &Path) -> Self {
        Self::Content { what: what.into(), path: path.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_may_pass() {
        let failed = |kind: std::io::ErrorKind| DataError::io("cannot read", Path::new("a"))(kind.into());
        assert!(!failed(std::io::ErrorKind::StorageFull).is_lasting());
        assert!(failed(std::io::ErrorKind::NotFound).is_lasting());
        assert!(DataError::content("damaged", Path::new("a")).is_lasting());
    }

    #[test]
    fn a_chain_of_causes_says_each_once() {
        let path = Path::new("/no/such/folder");
        let cause = std::fs::read(path).unwrap_err();
        let error = DataError::io("cannot read", path)(cause);
        let chain = format!("{:#}", anyhow::Error::from(error).context("the project does not open"));
        assert_eq!(chain.matches("No such file").count().max(chain.matches("cannot find").count()), 1, "{chain}");
        assert_eq!(chain.matches("/no/such/folder").count(), 1, "{chain}");
        assert!(chain.starts_with("the project does not open: cannot read: "), "{chain}");
    }
}
