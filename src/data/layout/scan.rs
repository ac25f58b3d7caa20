//! Finds the image files of a folder. Everything that is skipped is counted by reason.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization as _;

use crate::data::DataError;
use crate::data::files::own_folder;

/// Maximum folder depth.
const MAX_DEPTH: usize = 5;

/// Extensions of supported image formats.
const EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "tif", "tiff", "bmp"];

/// Extensions of unsupported image formats, which are mentioned in a note.
const OTHER_IMAGES: [&str; 9] = ["jp2", "webp", "gif", "img", "vrt", "ecw", "hdf", "nc", "heic"];

/// Suffixes of the result files that `predict` and `sample` write for one image.
const RESULTS: [&[&str]; 2] =
    [&["_classes", "_colors", "_confidence"], &["_sampled", "_sampled_colors", "_full_sampled"]];

/// An image file below the root. Names are in Unicode's composed form, whatever the file system uses.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Full path.
    pub(crate) path: PathBuf,
    /// Folders between the root and the file, lossy if they are not UTF-8.
    pub(crate) folders: Vec<String>,
    /// File name with extension, lossy.
    pub(crate) name: String,
    /// File name without extension, lossy.
    pub(crate) stem: String,
    /// Whether path and names are valid UTF-8.
    pub(crate) utf8: bool,
}

impl Found {
    /// A file in the given folders below the root.
    pub(crate) fn new(path: PathBuf, folders: Vec<String>, utf8: bool) -> Self {
        let name = path.file_name().map(|name| composed(&name.to_string_lossy())).unwrap_or_default();
        let stem = path.file_stem().map(|stem| composed(&stem.to_string_lossy())).unwrap_or_default();
        Self { path, folders, name, stem, utf8 }
    }

    /// Path below the root with extension.
    pub(crate) fn file(&self) -> String {
        self.folders.iter().map(String::as_str).chain([self.name.as_str()]).collect::<Vec<_>>().join("/")
    }
}

/// The result of a scan.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Image files in a stable order, without duplicates.
    pub(crate) images: Vec<Found>,
    skipped: BTreeMap<String, usize>,
    /// Real paths of folders and files seen so far.
    seen: HashSet<PathBuf>,
    /// Links. They are followed last, so that a file is listed by its own path rather than a link's.
    links: Vec<(PathBuf, Vec<String>, bool)>,
}

impl Scan {
    /// Scans `root`. Only an unreadable root is an error; unreadable sub-folders are counted.
    pub(crate) fn new(root: &Path) -> Result<Self, DataError> {
        let mut scan = Self::default();
        let entries = std::fs::read_dir(root)
            .map_err(DataError::io("cannot read the folder (check that it exists and is readable)", root))?;
        let real = real(root);
        scan.seen.extend(real.ancestors().map(Path::to_owned)); // Otherwise a link upwards would list the root again.
        scan.walk(entries, &real, &mut Vec::new(), true);
        scan.links.sort_by(|a, b| b.0.cmp(&a.0));
        while let Some((path, mut folders, utf8)) = scan.links.pop() {
            scan.follow(path, &mut folders, utf8);
        }
        scan.skip_results();
        scan.images.sort_by(|a, b| {
            natural(&a.folders.join("/"), &b.folders.join("/"))
                .then_with(|| natural(&a.stem, &b.stem))
                .then_with(|| a.path.cmp(&b.path))
        });
        Ok(scan)
    }

    /// A note per reason for which files were skipped.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> + '_ {
        self.skipped.iter().map(|(reason, count)| format!("{count} {reason}"))
    }

    fn walk(&mut self, entries: std::fs::ReadDir, real: &Path, folders: &mut Vec<String>, utf8: bool) {
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let utf8 = utf8 && name.to_str().is_some();
            let text = name.to_string_lossy();
            if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                self.links.push((path, folders.clone(), utf8));
            } else if path.is_dir() {
                self.enter(&path, &real.join(&name), &text, folders, utf8);
            } else {
                self.meet(path, real.join(&name), folders, utf8);
            }
        }
    }

    fn follow(&mut self, path: PathBuf, folders: &mut Vec<String>, utf8: bool) {
        let Ok(target) = path.canonicalize() else {
            return self.skip("broken link(s) skipped".to_owned());
        };
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if self.seen.contains(&target) {
            if target.is_dir() || is_image(&path) {
                self.skip("link(s) to listed files or folders skipped".to_owned());
            }
        } else if target.is_dir() {
            self.enter(&path, &target, &name, folders, utf8);
        } else {
            self.meet(path, target, folders, utf8);
        }
    }

    fn meet(&mut self, path: PathBuf, real: PathBuf, folders: &[String], utf8: bool) {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !is_image(&path) {
            self.skip_file(&path);
        } else if is_hidden {
            self.skip("hidden image file(s) skipped".to_owned());
        } else if self.seen.insert(real) {
            self.images.push(Found::new(path, folders.to_vec(), utf8));
        }
    }

    fn enter(&mut self, path: &Path, real: &Path, name: &str, folders: &mut Vec<String>, utf8: bool) {
        if name == own_folder::NAME {
            return;
        }
        if name.starts_with('.') {
            return self.skip("hidden folder(s) skipped".to_owned());
        }
        if name == "SegmentationObject" && path.with_file_name("SegmentationClass").is_dir() {
            return self.skip("folder(s) of object masks skipped: SegmentationClass is read".to_owned());
        }
        if folders.len() + 1 > MAX_DEPTH {
            return self.skip(format!("folder(s) more than {MAX_DEPTH} levels deep skipped: open them separately"));
        }
        if !self.seen.insert(real.to_owned()) {
            return;
        }
        match std::fs::read_dir(path) {
            Ok(entries) => {
                folders.push(composed(name));
                self.walk(entries, real, folders, utf8);
                folders.pop();
            }
            Err(error) => self.skip(format!("unreadable folder ({error}): {}", path.display())),
        }
    }

    /// Skips result files of earlier commands, recognised by a complete set of suffixes.
    fn skip_results(&mut self) {
        let stems: HashSet<(Vec<String>, String)> = self
            .images
            .iter()
            .filter(|found| found.name.ends_with(".png"))
            .map(|found| (found.folders.clone(), found.stem.clone()))
            .collect();
        let is_result = |found: &Found| {
            RESULTS.iter().any(|family| {
                family.iter().filter_map(|ending| found.stem.strip_suffix(ending)).any(|image| {
                    family.iter().all(|ending| stems.contains(&(found.folders.clone(), format!("{image}{ending}"))))
                })
            })
        };
        let (results, images): (Vec<Found>, Vec<Found>) =
            std::mem::take(&mut self.images).into_iter().partition(|found| is_result(found));
        self.images = images;
        if !results.is_empty() {
            let reason = "result file(s) of predict or sample skipped".to_owned();
            *self.skipped.entry(reason).or_default() += results.len();
        }
    }

    fn skip_file(&mut self, path: &Path) {
        let ending = extension(path);
        if OTHER_IMAGES.contains(&ending.as_str()) {
            self.skip(format!(".{ending} file(s) skipped: convert them to PNG, JPEG or TIFF"));
        }
    }

    fn skip(&mut self, reason: String) {
        *self.skipped.entry(reason).or_default() += 1;
    }
}

/// Text in Unicode's composed form (NFC). macOS stores names decomposed.
pub(crate) fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// The path with links resolved; the path itself if it does not exist.
pub(crate) fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Whether the extension is that of a supported image format.
pub(crate) fn is_image(path: &Path) -> bool {
    EXTENSIONS.contains(&extension(path).as_str())
}

fn extension(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Natural order: "part_2" comes before "part_10".
pub(crate) fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let key = |text: &str| {
        let mut parts: Vec<(u128, String)> = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let words = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let (word, tail) = rest.split_at(words);
            let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
            let (number, tail) = tail.split_at(digits);
            parts.push((0, word.to_owned()));
            if !number.is_empty() {
                parts.push((number.parse().unwrap_or(u128::MAX), String::new()));
            }
            rest = tail;
        }
        parts
    };
    key(a).cmp(&key(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_as_numbers() {
        let mut names = vec!["Tile 10", "Tile 2", "Tile 1", "a"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["Tile 1", "Tile 2", "Tile 10", "a"]);
    }

    #[test]
    #[cfg(unix)]
    fn link_loops_end_and_each_file_is_listed_once() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::create_dir_all(root.join("data/deep")).unwrap();
        std::fs::write(root.join("data/deep/x.png"), b"").unwrap();
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, root.join(name)).unwrap();
        link(".", "aloop");
        link("..", "data/up");
        link("data", "also");
        link("data/deep/x.png", "same.png");
        link("nowhere", "broken");
        let scan = Scan::new(root).unwrap();
        assert_eq!(scan.images.iter().map(Found::file).collect::<Vec<_>>(), ["data/deep/x.png"]);
        let notes: Vec<String> = scan.notes().collect();
        assert!(notes.iter().any(|note| note.starts_with("4 link(s) to listed files or folders")), "{notes:?}");
    }

    #[test]
    fn earlier_results_are_not_images() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.png", "a_classes.png", "a_colors.png", "a_confidence.png", "b_classes.png", "._a.png"] {
            std::fs::write(dir.path().join(name), b"").unwrap();
        }
        let scan = Scan::new(dir.path()).unwrap();
        assert_eq!(scan.images.iter().map(Found::file).collect::<Vec<_>>(), ["a.png", "b_classes.png"]);
        assert_eq!(scan.notes().count(), 2);
    }

    #[test]
    fn names_are_composed() {
        assert_eq!(composed("Ko\u{308}ln"), "K\u{f6}ln");
    }

    #[test]
    fn skipped_files_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/b/c/d/e/f")).unwrap();
        std::fs::create_dir_all(dir.path().join(".hidden")).unwrap();
        for name in ["x.JPG", "y.webp", "z.jp2", "notes.txt", "a/b/c/d/e/deep.png", "a/b/c/d/e/f/too_deep.png"] {
            std::fs::write(dir.path().join(name), b"").unwrap();
        }
        let scan = Scan::new(dir.path()).unwrap();
        let stems: Vec<_> = scan.images.iter().map(|found| found.stem.as_str()).collect();
        assert_eq!(stems, ["x", "deep"]);
        let notes: Vec<_> = scan.notes().collect();
        assert_eq!(notes.len(), 4, "{notes:?}");
    }
}
