//! Split lists: `train.txt`, `val.txt` and `test.txt` with one tile per line, in the root (LandCover.ai) or in
//! `ImageSets/Segmentation` (Pascal VOC, CVAT).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::naming;
use super::scan::{self, composed};
use super::tile::Tile;
use crate::data::DataError;
use crate::data::files::text;
use crate::domain::split::Split;

/// The lists in ascending priority: a validation tile is never trained on.
const LISTS: [(&str, Split); 4] =
    [("train.txt", Split::Train), ("test.txt", Split::Test), ("valid.txt", Split::Val), ("val.txt", Split::Val)];

/// Folders of lists, relative to the root.
const FOLDERS: [&str; 2] = ["", "ImageSets/Segmentation"];

/// Applies the lists to the tiles and notes how many lines matched.
pub(crate) fn apply(root: &Path, tiles: &mut [Tile], notes: &mut Vec<String>) -> Result<(), DataError> {
    let names = Names::of(tiles.iter().map(|tile| (tile.file.as_str(), tile.short_id.as_str())));
    let mut named: BTreeMap<usize, Split> = BTreeMap::new();
    let mut trains = false;
    for ((file, split), folder) in LISTS.iter().flat_map(|list| FOLDERS.iter().map(move |folder| (list, folder))) {
        let path = root.join(folder).join(file);
        if !path.is_file() {
            continue;
        }
        let list = List::read(&path, &names)?;
        trains |= *split == Split::Train && !list.tiles.is_empty();
        let twice = list.tiles.iter().filter(|tile| named.get(tile).is_some_and(|before| before != split)).count();
        if twice > 0 {
            notes.push(format!("{twice} tiles of {file} are also in another list: {file} takes precedence"));
        }
        named.extend(list.tiles.iter().map(|tile| (*tile, *split)));
        notes.push(list.note(file, tiles));
        if *split == Split::Val && !list.tiles.is_empty() && list.tiles.iter().all(|tile| tiles[*tile].mask.is_none()) {
            notes.push(format!("no tile of {file} has a mask to score against, so the list has no effect"));
        }
    }
    for (index, tile) in tiles.iter_mut().enumerate() {
        match named.get(&index) {
            Some(split) => tile.split = *split,
            None if trains => tile.split = Split::Test,
            None => {}
        }
    }
    let left = tiles.len() - named.len();
    if trains && left > 0 {
        notes.push(format!("{left} tiles are in no list: they are neither trained on nor scored"));
    }
    Ok(())
}

/// The content of a list.
pub(crate) struct List {
    lines: usize,
    /// The tiles that it names, by their place in [`Names`].
    pub(crate) tiles: BTreeSet<usize>,
    /// The first line that matches no tile or several: number, text, matches.
    pub(crate) odd: Option<(usize, String, usize)>,
    odd_count: usize,
}

impl List {
    /// Reads a list.
    pub(crate) fn read(path: &Path, names: &Names) -> Result<Self, DataError> {
        let text = text::read(path)?;
        let mut list = Self { lines: 0, tiles: BTreeSet::new(), odd: None, odd_count: 0 };
        for (number, line) in text.lines().enumerate() {
            let line = line.trim().trim_matches('"');
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            list.lines += 1;
            // A line may name an image and its mask.
            let is_pair = |word: &&str| scan::is_image(Path::new(word)) || !scan::is_image(Path::new(line));
            let word = line.split_whitespace().next().filter(is_pair);
            let first = || word.map(|word| names.find(word)).unwrap_or_default();
            let found = Some(names.find(line)).filter(|found| !found.is_empty()).unwrap_or_else(first);
            if let [tile] = found[..] {
                list.tiles.insert(tile);
            } else {
                list.odd_count += 1;
                list.odd.get_or_insert((number + 1, line.to_owned(), found.len()));
            }
        }
        Ok(list)
    }

    fn note(&self, file: &str, tiles: &[Tile]) -> String {
        let (matched, lines) = (self.lines - self.odd_count, self.lines);
        match &self.odd {
            None => format!("{file} names {} of {} tiles", self.tiles.len(), tiles.len()),
            Some((number, line, 0)) => format!(
                "{matched} of {lines} lines of {file} name a tile; the first that does not is line {number}: '{line}'"
            ),
            Some((number, line, several)) => format!(
                "{matched} of {lines} lines of {file} name one tile; line {number} names {several} and is ignored: write \
                 the path: '{line}'"
            ),
        }
    }
}

/// All names of the tiles, from the path below the root down to the bare stem.
pub(crate) struct Names {
    /// By whole path.
    whole: BTreeMap<String, BTreeSet<usize>>,
    /// By trailing part of the path.
    ends: BTreeMap<String, BTreeSet<usize>>,
}

impl Names {
    /// The names of tiles with these files below the root and these short ids.
    pub(crate) fn of<'a>(tiles: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut names = Self { whole: BTreeMap::new(), ends: BTreeMap::new() };
        for (index, (file, short_id)) in tiles.enumerate() {
            let bare = without_ending(file);
            let (folder, stem) = bare.rsplit_once('/').map_or(("", bare), |(folder, stem)| (folder, stem));
            let stripped = format!("{folder}/{}", naming::strip_image_suffix(stem));
            for name in [file, bare, stripped.trim_start_matches('/'), short_id] {
                names.whole.entry(name.to_owned()).or_default().insert(index);
                for end in ends(name) {
                    names.ends.entry(end.to_owned()).or_default().insert(index);
                }
            }
        }
        names
    }

    /// The tiles that a line may name: whole paths first, then trailing parts of paths, then paths that start above the root.
    fn find(&self, line: &str) -> Vec<usize> {
        let line = composed(&line.replace('\\', "/"));
        let line = line.trim_start_matches("./");
        let bare = Some(without_ending(line)).filter(|bare| *bare != line);
        for name in [Some(line), bare].into_iter().flatten() {
            let further_up = || ends(name).filter(|end| end.contains('/')).find_map(|end| self.whole.get(end));
            if let Some(found) = self.whole.get(name).or_else(|| self.ends.get(name)).or_else(further_up) {
                return found.iter().copied().collect();
            }
        }
        Vec::new()
    }
}

/// A path without its extension, if that is of an image format.
fn without_ending(path: &str) -> &str {
    let is_image = scan::is_image(Path::new(path));
    path.rsplit_once('.').filter(|_| is_image).map_or(path, |(bare, _)| bare)
}

/// `a/b/c` → `a/b/c`, `b/c`, `c`.
fn ends(path: &str) -> impl Iterator<Item = &str> {
    std::iter::once(path).chain(path.match_indices('/').map(|(at, _)| &path[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Project;

    /// Splits of `images/g_sat.png`, `images/h.png`, `images/x/i.png` and `images/y/i.png` under a `val.txt`.
    fn splits(list: &[u8]) -> (Vec<String>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        for name in ["g_sat", "h", "x/i", "y/i"] {
            let path = dir.path().join(format!("images/{name}.png"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            image::RgbImage::new(4, 4).save(path).unwrap();
        }
        std::fs::write(dir.path().join("val.txt"), list).unwrap();
        let project = Project::open(dir.path()).unwrap();
        let val = project.tiles.iter().filter(|tile| tile.split == Split::Val).map(|tile| tile.id.clone()).collect();
        (val, project.notes.iter().filter(|note| note.contains("val.txt")).cloned().collect())
    }

    #[test]
    fn tiles_are_matched_by_any_of_their_names() {
        for list in [
            "g\nh",
            "g.png\nh.png",
            "g_sat\nh",
            "images/g_sat.png\nimages/h.png\n",
            "\u{feff}g\r\nh\r\n",
            "images\\g_sat.png\r\n./images/h.png",
            "/data/set/images/g_sat.png\n/data/set/images/h.png",
            "# val\n\"g\"\n\nh",
            "images/g_sat.png masks/g.png\nimages/h.png masks/h.png",
        ] {
            let (val, notes) = splits(list.as_bytes());
            assert_eq!(val, ["g", "h"], "{list:?}: {notes:?}");
            assert_eq!(notes[0], "val.txt names 2 of 4 tiles");
        }
    }

    #[test]
    fn lines_that_match_no_tile_or_several_are_noted() {
        let (val, notes) = splits(b"g\nzebra\nh");
        assert_eq!(val, ["g", "h"]);
        assert!(notes[0].contains("2 of 3 lines") && notes[0].contains("line 2: 'zebra'"), "{notes:?}");
        let (val, notes) = splits(b"i\nx/i\nother/h");
        assert_eq!(val, ["x/i"], "a path in another folder does not match");
        assert!(notes[0].contains("1 of 3 lines") && notes[0].contains("line 1 names 2"), "{notes:?}");
    }
}
