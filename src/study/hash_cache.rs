//! Hashes of files, kept by path, length and time of change, so that large data are read once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::data::DataError;
use crate::data::files::write;

/// A file that changed less than this before it was read may change again within the same tick of the clock.
const SETTLED: Duration = Duration::from_secs(2);
/// Bytes read at a time.
const PIECE: usize = 1 << 20;

/// What is known of one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    len: u64,
    /// Nanoseconds since 1970.
    modified: u64,
    hash: String,
}

/// Hashes of files by path. A file of hashes belongs to one study, which several processes may write: the last one counts, and
/// what is lost is only read again.
#[derive(Debug, Default)]
pub struct HashCache {
    file: Option<PathBuf>,
    entries: BTreeMap<PathBuf, Entry>,
}

/// Length and hash of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashed {
    /// Bytes.
    pub len: u64,
    /// XXH3 with 128 bits, in hexadecimal digits.
    pub hash: String,
}

impl HashCache {
    /// Reads what an earlier process left in `file`; a missing or damaged one is empty.
    pub fn open(file: &Path) -> Self {
        let text = std::fs::read(file).unwrap_or_default();
        Self { file: Some(file.to_owned()), entries: serde_json::from_slice(&text).unwrap_or_default() }
    }

    /// The hashes of all `paths`, in their order. `progress` receives the number of files read and returns whether to go on;
    /// `None` if it returned false.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn hash_all(
        &mut self,
        paths: &[PathBuf],
        progress: &(impl Fn(usize) -> bool + Sync),
    ) -> Result<Option<Vec<Hashed>>, DataError> {
        let done = AtomicUsize::new(0);
        let read = |path: &PathBuf| {
            let known = self.known(path);
            let entry = known.map_or_else(|| hash_file(path).map_err(DataError::io("cannot read", path)), Ok);
            let count = done.fetch_add(1, Ordering::Relaxed) + 1;
            if progress(count) { Some(entry) } else { None }
        };
        let Some(entries) = paths.par_iter().map(read).collect::<Option<Vec<_>>>() else { return Ok(None) };
        let entries = entries.into_iter().collect::<Result<Vec<Entry>, DataError>>()?;
        let hashed = |entry: &Entry| Hashed { len: entry.len, hash: entry.hash.clone() };
        let all = entries.iter().map(hashed).collect();
        self.keep(paths, entries);
        Ok(Some(all))
    }

    /// The entry of a file that has not changed since.
    fn known(&self, path: &Path) -> Option<Entry> {
        let entry = self.entries.get(path)?;
        let (len, modified) = state(&std::fs::metadata(path).ok()?);
        (entry.len == len && entry.modified == modified).then(|| entry.clone())
    }

    /// Remembers what was read. That a cache cannot be written costs time alone.
    fn keep(&mut self, paths: &[PathBuf], entries: Vec<Entry>) {
        let newest = nanos(SystemTime::now() - SETTLED);
        let settled = paths.iter().cloned().zip(entries).filter(|(_, entry)| entry.modified < newest);
        let before = self.entries.clone();
        self.entries.extend(settled);
        let Some(file) = self.file.as_ref().filter(|_| before != self.entries) else { return };
        let text = serde_json::to_vec(&self.entries).unwrap_or_default();
        if let Err(error) = write::atomically(file, &text) {
            log::warn!("hashes are not kept: {error}");
        }
    }
}

fn hash_file(path: &Path) -> io::Result<Entry> {
    let mut file = File::open(path)?;
    let (len, modified) = state(&file.metadata()?);
    let (mut hash, mut piece) = (Xxh3::new(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => hash.update(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Entry { len, modified, hash: format!("{:032x}", hash.digest128()) })
}

/// The hash of bytes in memory.
pub fn hash_bytes(bytes: &[u8]) -> String {
    let mut hash = Xxh3::new();
    hash.update(bytes);
    format!("{:032x}", hash.digest128())
}

fn state(metadata: &std::fs::Metadata) -> (u64, u64) {
    (metadata.len(), metadata.modified().map_or(0, nanos))
}

fn nanos(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that changed an hour ago.
    fn file(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        let hour = Duration::from_secs(3600);
        File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now() - hour).unwrap();
        path
    }

    fn hashes(cache: &mut HashCache, paths: &[PathBuf]) -> Vec<String> {
        let all = cache.hash_all(paths, &|_| true).unwrap().unwrap();
        all.into_iter().map(|hashed| hashed.hash).collect()
    }

    #[test]
    fn hashes_are_those_of_the_published_function() {
        // XXH3_128bits of no bytes with seed 0, as xxhsum -H2 prints it.
        assert_eq!(hash_bytes(b""), "99aa06d3014798d86001c324468d497f");
        let dir = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
        let path = file(dir.path(), "a", &content);
        assert_eq!(hashes(&mut HashCache::default(), &[path]), [hash_bytes(&content)], "read in pieces");
    }

    #[test]
    fn an_unchanged_file_is_not_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let (kept, path) = (dir.path().join("hashes.json"), file(dir.path(), "a", b"one"));
        let first = hashes(&mut HashCache::open(&kept), std::slice::from_ref(&path));
        let time = std::fs::metadata(&path).unwrap().modified().unwrap();
        std::fs::write(&path, b"two").unwrap();
        let set = |time| File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        set(time);
        let paths = std::slice::from_ref(&path);
        assert_eq!(hashes(&mut HashCache::open(&kept), paths), first, "same length and time");
        set(time + Duration::from_secs(1));
        assert_eq!(hashes(&mut HashCache::open(&kept), paths), [hash_bytes(b"two")]);
    }

    #[test]
    fn a_file_that_has_just_changed_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (kept, path) = (dir.path().join("hashes.json"), dir.path().join("a"));
        std::fs::write(&path, b"one").unwrap();
        hashes(&mut HashCache::open(&kept), std::slice::from_ref(&path));
        assert!(!kept.exists());
    }

    #[test]
    fn reading_stops_when_asked_to_and_names_what_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path(), "a", b"one");
        assert_eq!(HashCache::default().hash_all(&[path], &|_| false).unwrap(), None);
        let missing = HashCache::default().hash_all(&[dir.path().join("none")], &|_| true).unwrap_err();
        assert!(missing.to_string().contains("none"), "{missing}");
    }
}
