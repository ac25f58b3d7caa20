//! The zip archive that PyTorch's files are, since 1.6: the pickle, and a file for each storage.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::{Cursor, Read as _};

use zip::ZipArchive;

/// An archive.
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    /// What comes before the names of all files in it.
    prefix: String,
    /// The storage that was read last, by its key: several tensors may lie in one.
    last: RefCell<(String, Vec<u8>)>,
}

impl<'a> Archive<'a> {
    /// Opens an archive.
    ///
    /// # Errors
    /// If it is damaged, or holds no weights.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        let name = archive.file_names().find(|name| name.ends_with("data.pkl")).map(str::to_owned);
        let prefix = name.and_then(|name| Some(name.strip_suffix("data.pkl")?.to_owned()));
        let prefix = prefix.ok_or("the archive holds no weights: it has no data.pkl")?;
        Ok(Self { bytes, prefix, last: RefCell::default() })
    }

    /// The pickle.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn pickle(&self) -> Result<Vec<u8>, String> {
        self.unzipped("data.pkl")
    }

    /// What `read` makes of a storage. Each is unzipped once as long as no other is asked for.
    ///
    /// # Errors
    /// If it cannot be read, or those of `read`.
    pub(super) fn storage<T>(&self, key: &str, read: impl FnOnce(&[u8]) -> Result<T, String>) -> Result<T, String> {
        let mut last = self.last.borrow_mut();
        if last.0 != key {
            *last = (key.to_owned(), self.unzipped(&format!("data/{key}"))?);
        }
        read(&last.1)
    }

    /// A file in the archive. PyTorch compresses none, so none is larger than the archive.
    fn unzipped(&self, name: &str) -> Result<Vec<u8>, String> {
        let name = format!("{}{name}", self.prefix);
        let failed = |error: &dyn Display| format!("{name} in the archive cannot be read: {error}");
        let mut archive = ZipArchive::new(Cursor::new(self.bytes)).map_err(|error| failed(&error))?;
        let file = archive.by_name(&name).map_err(|error| failed(&error))?;
        let mut content = Vec::new();
        file.take(self.bytes.len() as u64).read_to_end(&mut content).map_err(|error| failed(&error))?;
        Ok(content)
    }
}
