//! Append-only files. Each write adds whole lines or records, so that concurrent readers never see half a row.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::data::DataError;

const DOING: &str = "cannot write (check free space and write permission of the folder)";

/// An append-only file of lines or records. Lines that could not be written are kept for the next attempt.
pub struct AppendFile {
    path: PathBuf,
    file: File,
    /// Length of the file in bytes, whole lines only.
    whole: u64,
    waiting: Vec<u8>,
}

impl AppendFile {
    /// Creates a new file.
    ///
    /// # Errors
    /// If it exists or cannot be created.
    pub fn create(path: &Path) -> Result<Self, DataError> {
        let file = OpenOptions::new().write(true).create_new(true).open(path).map_err(DataError::io(DOING, path))?;
        Ok(Self { path: path.to_owned(), file, whole: 0, waiting: Vec::new() })
    }

    /// Opens a file to append to it. Only its first `whole` bytes, a number of whole lines, are kept.
    ///
    /// # Errors
    /// If it does not exist or cannot be written.
    pub fn reopen(path: &Path, whole: u64) -> Result<Self, DataError> {
        let cut = |mut file: File| {
            file.set_len(whole)?;
            file.seek(SeekFrom::Start(whole)).map(|_| file)
        };
        let file = OpenOptions::new().write(true).open(path).and_then(cut).map_err(DataError::io(DOING, path))?;
        Ok(Self { path: path.to_owned(), file, whole, waiting: Vec::new() })
    }

    /// Appends a line of text and a line feed.
    ///
    /// # Errors
    /// If the disk is full or the file is gone. The line is kept and written before the next one.
    pub fn line(&mut self, text: &str) -> Result<(), DataError> {
        self.waiting.extend(text.as_bytes());
        self.waiting.push(b'\n');
        self.write_waiting()
    }

    /// Appends a row of CSV.
    ///
    /// # Errors
    /// As for [`AppendFile::line`].
    pub fn row<T: AsRef<[u8]>>(&mut self, fields: impl IntoIterator<Item = T>) -> Result<(), DataError> {
        let mut row = csv::Writer::from_writer(Vec::new());
        let broken = |what: String| DataError::content(format!("this row cannot be written ({what})"), &self.path);
        row.write_record(fields).map_err(|error| broken(error.to_string()))?;
        self.waiting.extend(row.into_inner().map_err(|error| broken(error.to_string()))?);
        self.write_waiting()
    }

    /// Appends a record of a binary file.
    ///
    /// # Errors
    /// As for [`AppendFile::line`].
    pub fn record(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        self.waiting.extend(bytes);
        self.write_waiting()
    }

    /// Retries lines that could not be written.
    ///
    /// # Errors
    /// If that fails again.
    pub fn write_waiting(&mut self) -> Result<(), DataError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.file.write_all(&self.waiting) {
            self.truncate_partial();
            return Err(DataError::io(DOING, &self.path)(error));
        }
        self.whole += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Writes pending lines and syncs the file to disk.
    ///
    /// # Errors
    /// If the disk is full or the file is gone.
    pub fn sync(&mut self) -> Result<(), DataError> {
        self.write_waiting()?;
        self.file.sync_data().map_err(DataError::io(DOING, &self.path))
    }

    /// Truncates the partial line that a failed write left behind.
    fn truncate_partial(&mut self) {
        self.file.set_len(self.whole).and_then(|()| self.file.seek(SeekFrom::Start(self.whole))).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_commas_quotes_and_line_ends_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.csv");
        let names = ["water, deep", "the \"wet\" one", "two\nlines", "plain", ""];
        let mut lines = AppendFile::create(&path).unwrap();
        lines.row(names).unwrap();
        lines.row(["1", "2", "3", "4", "5"]).unwrap();
        let mut reader = csv::ReaderBuilder::new().from_path(&path).unwrap();
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), names);
        assert_eq!(reader.records().count(), 1);
        assert!(AppendFile::create(&path).is_err(), "an existing file is not overwritten");
    }

    #[test]
    fn a_partial_row_is_truncated_and_pending_lines_come_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.txt");
        let mut lines = AppendFile::create(&path).unwrap();
        lines.line("first").unwrap();
        // As if the disk filled up in the middle of a line: part of it was written.
        lines.file.write_all(b"sec").unwrap();
        lines.waiting.extend(b"second\n");
        lines.truncate_partial();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first\n");
        lines.line("third").unwrap();
        lines.sync().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first\nsecond\nthird\n");
    }

    #[test]
    fn a_file_that_is_reopened_goes_on_where_it_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.txt");
        assert!(AppendFile::reopen(&path, 0).is_err(), "a file that is gone is not made up");
        std::fs::write(&path, "first\nsecond\nthi").unwrap();
        let mut lines = AppendFile::reopen(&path, 6).unwrap();
        lines.line("another").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first\nanother\n");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_loses_no_line() {
        let mut lines = AppendFile {
            path: "/dev/full".into(),
            file: OpenOptions::new().write(true).open("/dev/full").unwrap(),
            whole: 0,
            waiting: Vec::new(),
        };
        let error = lines.line("a").unwrap_err().to_string();
        assert!(error.contains("free space") && error.contains("/dev/full"), "{error}");
        assert!(lines.line("b").is_err());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("later");
        lines.file = File::create(&path).unwrap();
        lines.write_waiting().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\nb\n");
    }
}
