//! Decoded pictures and data derived from them, within one memory limit for the whole program, because the window and the
//! trainer read the same tiles.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::data::files::stamp::FileStamp;
use crate::data::{DataError, Picture, Project, Tile};

/// Memory limit of the shared cache in bytes.
const LIMIT_BYTES: usize = 320 << 20;

/// Separates the entries of different users of the cache: each derives other data from the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner(u64);

impl Owner {
    /// Owner of decoded pictures, which all users share.
    const SHARED: Self = Self(0);

    /// A new owner.
    #[allow(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A least-recently-used cache with a limit in bytes.
///
/// Entries that are still in use elsewhere count towards the limit and are never evicted, since that would free nothing. A
/// picture is counted once however many entries refer to it.
#[derive(Debug)]
pub struct PictureCache {
    limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<(Owner, FileStamp), Entry>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    value: Arc<dyn Any + Send + Sync>,
    bytes: usize,
    used: u64,
}

impl PictureCache {
    /// The cache that the program shares.
    pub fn shared() -> &'static Arc<Self> {
        static SHARED: LazyLock<Arc<PictureCache>> = LazyLock::new(|| Arc::new(PictureCache::new(LIMIT_BYTES)));
        &SHARED
    }

    /// An empty cache with a limit in bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, kept: Mutex::default() }
    }

    /// A tile's picture, cached or decoded from its file.
    ///
    /// # Errors
    /// If the file cannot be read, or was replaced after the project was opened.
    pub fn picture(&self, project: &Project, tile: &Tile) -> Result<Arc<Picture>, DataError> {
        let stamp = FileStamp::of(&tile.image);
        if let Some(kept) = self.decoded(&stamp)
            && tile.fault.is_none()
            && kept.size() == tile.size
        {
            return Ok(kept);
        }
        let picture = Arc::new(project.read_picture(tile)?);
        self.put(Owner::SHARED, stamp, Arc::clone(&picture), picture.bytes());
        Ok(picture)
    }

    /// A picture, if it is cached.
    pub fn decoded(&self, stamp: &FileStamp) -> Option<Arc<Picture>> {
        self.get(Owner::SHARED, stamp)
    }

    /// The entry of `owner` for a file, if it is still cached and the file has not changed.
    pub fn get<T: Send + Sync + 'static>(&self, owner: Owner, stamp: &FileStamp) -> Option<Arc<T>> {
        let mut kept = self.kept();
        kept.clock += 1;
        let now = kept.clock;
        let entry = kept.entries.get_mut(&(owner, stamp.clone()))?;
        entry.used = now;
        Arc::clone(&entry.value).downcast().ok()
    }

    /// Drops what was used longest ago until `bytes` more fit within the limit, as far as that is possible.
    pub fn make_room(&self, bytes: usize) {
        let dropped = self.kept().shrink_to(self.limit.saturating_sub(bytes));
        drop(dropped); // After the lock is released.
    }

    /// Whether `owner` has an entry for a file.
    pub fn holds(&self, owner: Owner, stamp: &FileStamp) -> bool {
        self.kept().entries.contains_key(&(owner, stamp.clone()))
    }

    /// Stores an entry of the given size in bytes and replaces the previous one of `owner` for the file.
    pub fn put<T: Send + Sync + 'static>(&self, owner: Owner, stamp: FileStamp, value: Arc<T>, bytes: usize) {
        let mut dropped = Vec::new(); // Dropped after the lock is released.
        let mut kept = self.kept();
        kept.clock += 1;
        let entry = Entry { value, bytes, used: kept.clock };
        kept.bytes += bytes;
        if let Some(old) = kept.entries.insert((owner, stamp), entry) {
            kept.bytes -= old.bytes;
            dropped.push(old);
        }
        dropped.extend(kept.shrink_to(self.limit));
        drop(kept);
    }

    /// Removes all entries of `owner`.
    pub fn forget(&self, owner: Owner) {
        let mut kept = self.kept();
        let keys: Vec<_> = kept.entries.keys().filter(|(of, _)| *of == owner).cloned().collect();
        let dropped: Vec<_> = keys.iter().filter_map(|key| kept.remove(key)).collect();
        drop(kept);
        drop(dropped);
    }

    /// Memory use of all entries in bytes.
    pub fn bytes(&self) -> usize {
        self.kept().bytes
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// The least recently used entry that is not in use elsewhere.
    fn oldest_idle(&self) -> Option<(Owner, FileStamp)> {
        let idle = self.entries.iter().filter(|(_, entry)| Arc::strong_count(&entry.value) == 1);
        idle.min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone())
    }

    /// Removes idle entries, oldest first, until the rest takes no more than `bytes`. Returns them, to be dropped.
    fn shrink_to(&mut self, bytes: usize) -> Vec<Entry> {
        let mut dropped = Vec::new();
        while self.bytes > bytes
            && let Some(oldest) = self.oldest_idle()
        {
            dropped.extend(self.remove(&oldest));
        }
        dropped
    }

    fn remove(&mut self, key: &(Owner, FileStamp)) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        self.bytes -= entry.bytes;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::SystemTime;

    use image::RgbImage;

    use super::*;

    fn stamp(name: &str) -> FileStamp {
        FileStamp::by_path(Path::new(name))
    }

    #[test]
    fn room_is_made_by_dropping_what_is_idle() {
        let (cache, me) = (PictureCache::new(25), Owner::new());
        let in_use = Arc::new(1);
        cache.put(me, stamp("a"), Arc::clone(&in_use), 10);
        cache.put(me, stamp("b"), Arc::new(2), 10);
        cache.make_room(5);
        assert_eq!(cache.bytes(), 20, "there was room");
        cache.make_room(20);
        assert!(cache.holds(me, &stamp("a")) && !cache.holds(me, &stamp("b")), "what is in use stays");
    }

    #[test]
    fn the_least_recently_used_entry_is_evicted_first() {
        let (cache, me) = (PictureCache::new(25), Owner::new());
        for (name, value) in [("a", 1), ("b", 2)] {
            cache.put(me, stamp(name), Arc::new(value), 10);
        }
        assert_eq!(cache.get::<i32>(me, &stamp("a")).as_deref(), Some(&1));
        cache.put(me, stamp("c"), Arc::new(3), 10);
        assert_eq!(["a", "b", "c"].map(|name| cache.holds(me, &stamp(name))), [true, false, true]);
        assert_eq!(cache.bytes(), 20);
        cache.put(me, stamp("c"), Arc::new(3), 15);
        assert_eq!(cache.bytes(), 25, "a replaced entry counts with its new size");
        cache.forget(me);
        assert_eq!(cache.bytes(), 0);
    }

    #[test]
    fn entries_in_use_stay_and_are_counted() {
        let (cache, me) = (PictureCache::new(15), Owner::new());
        let held = Arc::new(1);
        cache.put(me, stamp("held"), Arc::clone(&held), 10);
        cache.put(me, stamp("b"), Arc::new(2), 10);
        assert!(cache.holds(me, &stamp("held")) && !cache.holds(me, &stamp("b")));
        drop(held);
        cache.put(me, stamp("c"), Arc::new(3), 10);
        assert!(!cache.holds(me, &stamp("held")) && cache.holds(me, &stamp("c")));
    }

    #[test]
    fn window_and_trainer_share_a_picture_until_its_file_changes() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a_sat.png");
        RgbImage::new(8, 6).save(&file).unwrap();
        let project = Project::open(dir.path()).unwrap();
        let cache = PictureCache::new(1 << 20);
        let read = |project: &Project| cache.picture(project, &project.tiles[0]);
        let (first, second) = (read(&project).unwrap(), read(&project).unwrap());
        assert!(Arc::ptr_eq(&first, &second) && cache.bytes() == 8 * 6 * 3);
        RgbImage::from_pixel(8, 6, image::Rgb([200, 1, 2])).save(&file).unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(2);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
        assert_eq!(read(&project).unwrap().rgb.get_pixel(0, 0).0, [200, 1, 2]);
        RgbImage::new(6, 8).save(&file).unwrap();
        let message = read(&project).unwrap_err().to_string();
        assert!(message.contains("open the folder again") && message.contains("a_sat.png"), "{message}");
        let reopened = Project::open(dir.path()).unwrap();
        assert_eq!(read(&reopened).unwrap().size(), [6, 8]);
        assert!(read(&project).is_err(), "a picture of another size does not fit this project's labels");
    }
}
