//! What can be wrong with files, each with the file and the remedy.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Something on disk that cannot be used. Paths stand last in the messages.
///
/// A message is whole as it is: nothing here names a further source, so whoever prints the chain of causes says each once.
#[derive(Debug, Error)]
pub enum DataError {
    /// The file or folder could not be read or written at all.
    #[error("{doing}: {cause}: {}", path.display())]
    Io {
        /// What was being done, e.g. "cannot read".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// The file is there but its content is not what it should be.
    #[error("{what}: {}", path.display())]
    Content {
        /// What is wrong and what to do about it.
        what: String,
        /// The file.
        path: PathBuf,
    },
    /// A fault that was found before and names its file already.
    #[error("{0}")]
    Known(String),
}

impl DataError {
    /// For `map_err` on something the operating system refused.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |cause| Self::Io { doing, path: path.to_owned(), cause }
    }

    /// For content that is not what it should be.
    pub(crate) fn content(what: impl Into<String>, path: &Path) -> Self {
        Self::Content { what: what.into(), path: path.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
