//! Thumbnails on disk, so that thousands of tiles are decoded once rather than on every scroll.
//!
//! They lie in the user's cache folder under a hash of the image's path, length and modification time, so a changed file gets
//! a new thumbnail. Deleting them is safe.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use image::{ImageFormat, RgbImage, codecs::jpeg::JpegEncoder};

use crate::data::files::stamp::FileStamp;
use crate::data::files::write;
use crate::domain::hash;

/// Disk limit of all thumbnails in bytes; the oldest are removed.
const LIMIT_BYTES: u64 = 256 << 20;

/// The time of last use is updated at most this often.
const FRESH: Duration = Duration::from_hours(24);

/// JPEG quality of thumbnails, 1 to 100.
const QUALITY: u8 = 88;

/// A thumbnail folder.
#[derive(Clone, Debug, Default)]
pub struct ThumbnailStore {
    /// `None` if the system has no cache folder; nothing is stored then.
    folder: Option<PathBuf>,
}

impl ThumbnailStore {
    /// The store in the user's cache folder.
    pub fn of_user() -> Self {
        let home = directories::ProjectDirs::from("", "", "pointillist");
        Self { folder: home.map(|home| home.cache_dir().join("thumbnails")) }
    }

    /// A store in a folder, which need not exist yet.
    pub fn at(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()) }
    }

    /// The stored thumbnail of an image, no larger than `side` pixels.
    pub fn get(&self, image: &FileStamp, side: u32) -> Option<RgbImage> {
        let path = self.path(image, side)?;
        let bytes = std::fs::read(&path).ok()?;
        let thumbnail = image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg).ok()?.into_rgb8();
        mark_used(&path);
        Some(thumbnail)
    }

    /// Stores a thumbnail. On failure it is made again next time.
    pub fn put(&self, image: &FileStamp, side: u32, thumbnail: &RgbImage) {
        let Some(path) = self.path(image, side) else { return };
        let mut bytes = Vec::new();
        let kept = JpegEncoder::new_with_quality(&mut bytes, QUALITY)
            .encode_image(thumbnail)
            .map_err(|error| error.to_string())
            .and_then(|()| {
                path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(|error| error.to_string())?;
                write::atomically(&path, &bytes).map_err(|error| error.to_string())
            });
        if let Err(why) = kept {
            log::debug!("cannot store a thumbnail: {why}");
        }
    }

    /// Removes the oldest thumbnails until the limit holds.
    pub fn trim(&self) {
        self.trim_to(LIMIT_BYTES);
    }

    fn trim_to(&self, limit: u64) {
        let mut files = self.files();
        files.sort_by_key(|(_, _, used)| std::cmp::Reverse(*used));
        let mut bytes = 0;
        for (path, len, _) in files {
            bytes += len;
            if bytes > limit {
                std::fs::remove_file(path).ok(); // Another window may have removed it already.
            }
        }
    }

    /// All files with length in bytes and time of last use.
    fn files(&self) -> Vec<(PathBuf, u64, SystemTime)> {
        let list = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
        let in_folders = self.folder.iter().flat_map(|folder| list(folder)).flat_map(|entry| list(&entry.path()));
        let facts = in_folders.filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some((entry.path(), metadata.len(), metadata.modified().ok()?))
        });
        facts.collect()
    }

    /// 256 sub-folders, because some file systems are slow with many files in one folder.
    fn path(&self, image: &FileStamp, side: u32) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        let text = image.text();
        let name = format!("{:016x}{:016x}", hash::key(u64::from(side), &text), hash::key(!u64::from(side), &text));
        Some(folder.join(&name[..2]).join(format!("{name}.jpg")))
    }
}

/// The modification time records the last use. It is updated at most once a day.
fn mark_used(path: &Path) {
    let now = SystemTime::now();
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified()).unwrap_or(now);
    if now.duration_since(modified).unwrap_or_default() > FRESH {
        let marked = std::fs::File::options().write(true).open(path).and_then(|file| file.set_modified(now));
        marked.unwrap_or_else(|error| log::debug!("cannot record the use of a thumbnail: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(red: u8) -> RgbImage {
        RgbImage::from_pixel(96, 48, image::Rgb([red, 90, 30]))
    }

    fn image(folder: &Path, name: &str, red: u8) -> PathBuf {
        let path = folder.join(name);
        picture(red).save(&path).unwrap();
        path
    }

    #[test]
    fn a_thumbnail_is_found_until_its_image_changes() {
        let dir = tempfile::tempdir().unwrap();
        let file = image(dir.path(), "a.png", 200);
        let store = ThumbnailStore::at(&dir.path().join("thumbnails"));
        let stamp = FileStamp::of(&file);
        assert_eq!(store.get(&stamp, 96), None);
        store.put(&stamp, 96, &picture(200));
        let back = store.get(&FileStamp::of(&file), 96).unwrap();
        assert_eq!(back.dimensions(), (96, 48));
        assert!(back.get_pixel(5, 5)[0].abs_diff(200) < 4, "{:?}", back.get_pixel(5, 5));
        assert_eq!(store.get(&stamp, 64), None, "of another size");
        image(dir.path(), "a.png", 10);
        let later = SystemTime::now() + Duration::from_secs(2);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
        assert_eq!(store.get(&FileStamp::of(&file), 96), None);
    }

    #[test]
    fn the_oldest_thumbnails_are_removed_beyond_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let store = ThumbnailStore::at(&dir.path().join("thumbnails"));
        let stamps: Vec<_> = (0..3).map(|n| FileStamp::by_path(&dir.path().join(n.to_string()))).collect();
        for (age, stamp) in (1..).zip(&stamps) {
            store.put(stamp, 96, &picture(age));
            let used = SystemTime::now() - FRESH * 10 * u32::from(age);
            let path = store.path(stamp, 96).unwrap();
            std::fs::File::options().write(true).open(path).unwrap().set_modified(used).unwrap();
        }
        assert!(store.get(&stamps[2], 96).is_some(), "the oldest is used again");
        let each = store.files()[0].1;
        store.trim_to(2 * each + each / 2);
        assert_eq!([0, 1, 2].map(|i| store.get(&stamps[i], 96).is_some()), [true, false, true]);
    }

    #[test]
    fn an_unwritable_store_stores_nothing() {
        let nowhere = ThumbnailStore::at(Path::new("/dev/null/thumbnails"));
        let stamp = FileStamp::by_path(Path::new("a.png"));
        for store in [nowhere, ThumbnailStore::default()] {
            store.put(&stamp, 96, &picture(1));
            assert_eq!(store.get(&stamp, 96), None);
            store.trim();
        }
    }
}
