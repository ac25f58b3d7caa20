//! Follows an append-only file: each poll reads only the bytes that were appended.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

/// Number of bytes before the offset that are read again, to detect a replaced file.
const OVERLAP: usize = 16 << 10;

/// The read position in a file, and what is known about the content before it.
///
/// A file that was replaced, truncated or edited is detected by its identity (on Unix), its length, its last bytes and, as
/// long as it has not grown, its modification time. An edit in place more than [`OVERLAP`] bytes before the end, at the same
/// length and followed by growth, goes unnoticed.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    offset: u64,
    /// The last bytes before `offset`.
    overlap: Vec<u8>,
    identity: Option<(u64, u64)>,
    /// Length and modification time at the last poll.
    seen: Option<(u64, SystemTime)>,
}

/// The result of a poll.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing was appended.
    Unchanged,
    /// Bytes after the offset.
    Appended(Vec<u8>),
    /// Not the file that was read before: it must be read from the start.
    Replaced,
}

impl Tail {
    /// Byte offset of the next read.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Checks for changes. A missing file counts as empty.
    pub(crate) fn poll(&mut self, path: &Path) -> std::io::Result<Change> {
        let mut file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(if self.offset == 0 { Change::Unchanged } else { Change::Replaced });
            }
            opened => opened?,
        };
        let metadata = file.metadata()?;
        if self.offset > 0 && (metadata.len() < self.offset || identity(&metadata) != self.identity) {
            return Ok(Change::Replaced);
        }
        let now = metadata.modified().ok().map(|time| (metadata.len(), time));
        match (self.seen, now) {
            (Some(seen), Some(now)) if seen == now => return Ok(Change::Unchanged),
            (Some(seen), Some(now)) if seen.0 == now.0 && self.offset > 0 => return Ok(Change::Replaced),
            _ => {}
        }
        file.seek(SeekFrom::Start(self.offset - self.overlap.len() as u64))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        if !bytes.starts_with(&self.overlap) {
            return Ok(Change::Replaced);
        }
        (self.identity, self.seen) = (identity(&metadata), now);
        let new = bytes.split_off(self.overlap.len());
        Ok(if new.is_empty() { Change::Unchanged } else { Change::Appended(new) })
    }

    /// Moves behind these bytes, which end at `offset`.
    pub(crate) fn advance(&mut self, bytes: &[u8], offset: u64) {
        self.overlap.extend_from_slice(&bytes[bytes.len().saturating_sub(OVERLAP)..]);
        let surplus = self.overlap.len().saturating_sub(OVERLAP);
        self.overlap.drain(..surplus);
        self.offset = offset;
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_metadata: &Metadata) -> Option<(u64, u64)> {
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(tail: &mut Tail, path: &Path) -> Change {
        let news = tail.poll(path).unwrap();
        if let Change::Appended(bytes) = &news {
            tail.advance(bytes, tail.offset() + bytes.len() as u64);
        }
        news
    }

    fn append(path: &Path, text: &[u8]) {
        std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text).unwrap();
    }

    #[test]
    fn only_appended_bytes_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let mut tail = Tail::default();
        assert_eq!(read(&mut tail, &path), Change::Unchanged);
        append(&path, &[b'x'; 10 * OVERLAP]);
        assert!(matches!(read(&mut tail, &path), Change::Appended(bytes) if bytes.len() == 10 * OVERLAP));
        assert_eq!(read(&mut tail, &path), Change::Unchanged);
        append(&path, b"more");
        assert_eq!(read(&mut tail, &path), Change::Appended(b"more".to_vec()));
        assert_eq!((tail.overlap.len(), tail.offset()), (OVERLAP, 10 * OVERLAP as u64 + 4));
    }

    #[test]
    fn an_edit_anywhere_is_detected_while_the_file_has_not_grown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let mut content = vec![b'x'; 3 * OVERLAP];
        std::fs::write(&path, &content).unwrap();
        let mut tail = Tail::default();
        read(&mut tail, &path);
        content[0] = b'y';
        std::fs::write(&path, &content).unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(1);
        File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        assert_eq!(tail.poll(&path).unwrap(), Change::Replaced);
    }

    #[test]
    fn a_truncated_or_rewritten_file_is_detected() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        append(&path, b"one two");
        let mut tail = Tail::default();
        read(&mut tail, &path);
        std::fs::write(&path, "two one and more").unwrap();
        assert_eq!(tail.poll(&path).unwrap(), Change::Replaced);
        std::fs::write(&path, "one").unwrap();
        assert_eq!(tail.poll(&path).unwrap(), Change::Replaced);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(tail.poll(&path).unwrap(), Change::Replaced);
    }
}
