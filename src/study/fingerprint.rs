//! What the data of a run are: relative paths, sizes and content of every file that its tiles use. A folder that was moved or
//! copied has the same fingerprint.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::hash_cache::{HashCache, Hashed, hash_bytes};
use crate::data::label::location;
use crate::data::{DataError, Journal, Project};
use crate::domain::Stroke;

/// Files that say what classes, tiles and splits there are, wherever they lie above a tile.
const TABLES: [&str; 8] = [
    "pointillist.toml",
    "class_dict.csv",
    "labelmap.txt",
    "metadata.csv",
    "train.txt",
    "val.txt",
    "valid.txt",
    "test.txt",
];
/// Where Pascal VOC keeps its lists.
const VOC_LISTS: &str = "ImageSets/Segmentation";

/// The fingerprint of a project's data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fingerprint {
    /// Hash of everything, in hexadecimal digits.
    pub digest: String,
    /// Files it covers.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Fingerprint {
    /// Reads what is not known yet. `progress` receives the number of files read and their total, and returns whether to go on;
    /// `None` if it returned false.
    ///
    /// Covered are images and masks of all tiles, class lists, tables and split lists, the classes in effect and own labels that
    /// stand.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn take(
        project: &Project,
        cache: &mut HashCache,
        progress: &(impl Fn(usize, usize) -> bool + Sync),
    ) -> Result<Option<Self>, DataError> {
        let paths: Vec<PathBuf> = files(project).into_iter().collect();
        let Some(hashed) = cache.hash_all(&paths, &|done| progress(done, paths.len()))? else { return Ok(None) };
        let line =
            |(path, Hashed { len, hash }): (&PathBuf, &Hashed)| json!([relative(&project.root, path), len, hash]);
        let lines: Vec<_> = paths.iter().zip(&hashed).map(line).collect();
        let splits: Vec<_> = project.tiles.iter().map(|tile| json!([tile.file, tile.split.name()])).collect();
        let all = json!([lines, splits, project.classes, hash_bytes(own_labels(project)?.as_bytes())]);
        let bytes = hashed.iter().map(|file| file.len).sum();
        Ok(Some(Self { digest: hash_bytes(all.to_string().as_bytes()), files: paths.len(), bytes }))
    }

    /// The fingerprint with where each tile lies in its scene, for runs that draw blocks: files that no tile uses may tell it.
    #[must_use]
    pub fn with_places(self, project: &Project) -> Self {
        let places = project.tiles.iter().map(|tile| json!([tile.file, tile.scene(), tile.rect_in_scene()]));
        let all = json!([self.digest, places.collect::<Vec<_>>()]);
        Self { digest: hash_bytes(all.to_string().as_bytes()), ..self }
    }
}

/// The files that the tiles of a project use. Those that cannot be used are left out: no run reads them.
fn files(project: &Project) -> BTreeSet<PathBuf> {
    let usable = project.tiles.iter().filter(|tile| tile.fault.is_none());
    let used: Vec<&Path> =
        usable.flat_map(|tile| [Some(tile.image.as_path()), tile.mask.as_deref()]).flatten().collect();
    let folders: BTreeSet<PathBuf> = used.iter().flat_map(|path| above(&project.root, path)).collect();
    let in_folder = |folder: &PathBuf| TABLES.map(|name| folder.join(name));
    let lists = project.root.join(VOC_LISTS);
    let tables = folders.iter().chain([&lists, &project.root]).flat_map(in_folder);
    used.iter().map(|path| (*path).to_owned()).chain(tables.filter(|path| path.is_file())).collect()
}

/// The own labels of a project, a line for each stroke that stands; nothing without any. What was undone leaves no trace.
fn own_labels(project: &Project) -> Result<String, DataError> {
    let book = Journal::read(project)?;
    let line = |stroke: &Stroke| format!("{}\n", json!([stroke.tile, stroke.class, stroke.radius, stroke.path]));
    Ok(book.standing().iter().map(line).collect())
}

/// How many edits the label journals of a project hold. They only grow: a click shows even if it was undone. What else the lines note does
/// not count, because whoever reads a journal of version 1 adds to it.
pub(super) fn edits(root: &Path) -> usize {
    let journals = [location::outside(root), Some(location::inside(root))].into_iter().flatten();
    let texts = journals.filter_map(|journal| std::fs::read(journal).ok());
    texts.map(|text| String::from_utf8_lossy(&text).lines().filter(|line| line.contains("\"op\"")).count()).sum()
}

/// The folders between the root and a file, the root included.
fn above(root: &Path, file: &Path) -> Vec<PathBuf> {
    file.ancestors().skip(1).take_while(|folder| folder.starts_with(root)).map(Path::to_owned).collect()
}

/// The path below the root with `/`, the same on every system.
fn relative(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::demo;
    use crate::domain::Edit;

    fn taken(root: &Path) -> Fingerprint {
        let project = Project::open(root).unwrap();
        Fingerprint::take(&project, &mut HashCache::default(), &|_, _| true).unwrap().unwrap()
    }

    fn copied() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let data = demo::unpack(&dir.path().join("demo")).unwrap();
        (dir, data)
    }

    #[test]
    fn a_copy_elsewhere_is_the_same_data() {
        let (one, other) = (copied(), copied());
        let print = taken(&one.1);
        assert_eq!(print, taken(&other.1));
        // 14 images, 12 masks, metadata.csv, class_dict.csv.
        assert_eq!((print.files, print.digest.len()), (28, 32));
        let moved = one.0.path().join("moved");
        std::fs::rename(&one.1, &moved).unwrap();
        assert_eq!(print, taken(&moved));
    }

    #[test]
    fn every_file_that_is_used_counts() {
        let (_dir, data) = copied();
        let mut seen = BTreeSet::from([taken(&data).digest]);
        let change = |name: &str, content: &[u8]| {
            std::fs::write(data.join(name), content).unwrap();
            taken(&data).digest
        };
        let image = std::fs::read(data.join("train/1001_sat.jpg")).unwrap();
        assert!(seen.insert(change("train/1002_sat.jpg", &image)), "an image");
        let mask = std::fs::read(data.join("train/1001_mask.png")).unwrap();
        assert!(seen.insert(change("train/1002_mask.png", &mask)), "a mask");
        let table = std::fs::read_to_string(data.join("metadata.csv")).unwrap();
        assert!(seen.insert(change("metadata.csv", table.replacen("train,", "val,", 1).as_bytes())), "the table");
        assert!(!seen.insert(change("notes.md", b"of no importance")), "a file that no tile uses");
    }

    #[test]
    fn own_labels_count_and_those_that_were_undone_do_not() {
        let (_dir, data) = copied();
        let before = taken(&data);
        let project = Project::open(&data).unwrap();
        let (mut journal, _) = Journal::open(&project).unwrap();
        assert_eq!(taken(&data), before);
        let stroke = Stroke { tile: "1001".to_owned(), class: Some(1), radius: 3.0, path: vec![[9.0, 9.0]] };
        journal.append(&Edit::Begin(stroke)).unwrap();
        assert_ne!(taken(&data).digest, before.digest);
        journal.append(&Edit::Undo).unwrap();
        assert_eq!(taken(&data), before, "a click that was undone");
        assert_eq!(edits(&data), 2, "it shows all the same");
    }

    #[test]
    fn what_a_reader_adds_to_an_old_journal_is_no_edit() {
        let (_dir, data) = copied();
        let path = location::inside(&data);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let header = r#"{"pointillist":"labels","version":1}"#;
        let edit = r#"{"op":"paint","tile":"1001","class":"water","radius":3.0,"path":[[9.0,9.0]]}"#;
        std::fs::write(&path, format!("{header}\n{edit}\n")).unwrap();
        let (edits_before, print) = (edits(&data), taken(&data));
        Journal::open_to_follow(&Project::open(&data).unwrap()).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().lines().count() > 2, "it has recorded what the id means");
        assert_eq!((edits(&data), taken(&data)), (edits_before, print));
    }

    #[test]
    fn a_dataset_without_tables_counts_its_lists() {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["images", "masks"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
            for name in ["a", "b"] {
                let path = dir.path().join(folder).join(format!("{name}.png"));
                image::GrayImage::from_fn(4, 4, |x, _| image::Luma([x as u8 % 2])).save(path).unwrap();
            }
        }
        let before = taken(dir.path());
        std::fs::write(dir.path().join("val.txt"), "a\n").unwrap();
        let after = taken(dir.path());
        assert_eq!((before.files, after.files), (4, 5));
        assert_ne!(before.digest, after.digest);
    }
}
