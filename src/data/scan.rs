//! Walks a folder for image files. Everything it leaves out is counted, with the reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::DataError;

/// How many folders deep images are looked for.
const MAX_DEPTH: usize = 5;

/// Endings of the formats that can be read.
const EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "tif", "tiff", "bmp"];

/// Endings of image formats that exist but cannot be read: worth a note by name.
const OTHER_IMAGES: [&str; 9] = ["jp2", "webp", "gif", "img", "vrt", "ecw", "hdf", "nc", "heic"];

/// An image file under the root.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Where it is.
    pub(super) path: PathBuf,
    /// The folders between the root and it, lossy where they are not UTF-8.
    pub(super) folders: Vec<String>,
    /// Its name without the ending, lossy.
    pub(super) stem: String,
    /// Whether the names above are exact.
    pub(super) utf8: bool,
}

/// What a walk met.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Image files in a stable order.
    pub(super) images: Vec<Found>,
    left_out: BTreeMap<String, usize>,
}

impl Scan {
    /// Walks `root`. Only an unreadable root is an error; unreadable sub-folders are counted.
    pub(super) fn new(root: &Path) -> Result<Self, DataError> {
        let mut scan = Self::default();
        let entries = std::fs::read_dir(root)
            .map_err(DataError::io("cannot read the folder (check that it exists and that you may read it)", root))?;
        scan.walk(entries, &mut Vec::new(), true);
        scan.images.sort_by(|a, b| {
            natural(&a.folders.join("/"), &b.folders.join("/"))
                .then_with(|| natural(&a.stem, &b.stem))
                .then_with(|| a.path.cmp(&b.path))
        });
        Ok(scan)
    }

    /// A sentence per reason for which files were left out.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> + '_ {
        self.left_out.iter().map(|(reason, count)| format!("{count} {reason}"))
    }

    fn walk(&mut self, entries: std::fs::ReadDir, folders: &mut Vec<String>, utf8: bool) {
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let text = name.to_string_lossy().into_owned();
            let utf8 = utf8 && name.to_str().is_some();
            if path.is_dir() {
                self.enter(&path, text, folders, utf8);
            } else if is_image(&path) && !text.starts_with('.') {
                let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
                self.images.push(Found { path, folders: folders.clone(), stem, utf8 });
            } else {
                self.leave_out_file(&path);
            }
        }
    }

    fn enter(&mut self, path: &Path, name: String, folders: &mut Vec<String>, utf8: bool) {
        if name == ".pointillist" {
            return; // Ours.
        }
        if name.starts_with('.') {
            return self.leave_out("hidden folder(s) left out".to_owned());
        }
        if folders.len() + 1 > MAX_DEPTH {
            return self
                .leave_out(format!("folder(s) more than {MAX_DEPTH} levels deep left out: open them by themselves"));
        }
        match std::fs::read_dir(path) {
            Ok(entries) => {
                folders.push(name);
                self.walk(entries, folders, utf8);
                folders.pop();
            }
            Err(error) => self.leave_out(format!("folder cannot be read ({error}): {}", path.display())),
        }
    }

    fn leave_out_file(&mut self, path: &Path) {
        let ending = extension(path);
        if OTHER_IMAGES.contains(&ending.as_str()) {
            self.leave_out(format!(".{ending} file(s) left out: convert them to PNG, JPEG or TIFF"));
        }
    }

    fn leave_out(&mut self, reason: String) {
        *self.left_out.entry(reason).or_default() += 1;
    }
}

/// Whether the ending is one of an image format that can be read.
pub(super) fn is_image(path: &Path) -> bool {
    EXTENSIONS.contains(&extension(path).as_str())
}

fn extension(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Orders "part_2" before "part_10".
pub(super) fn natural(a: &str, b: &str) -> std::cmp::Ordering {
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
    fn what_is_left_out_is_counted() {
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
