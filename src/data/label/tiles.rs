//! Resolves the tile that a journal line names. Version 2 names tiles by file. Version 1 named them by short id and stored
//! positions relative to the stored image rather than the upright one.

use std::collections::{BTreeMap, HashMap};

use image::metadata::Orientation;

use crate::data::Project;
use crate::data::layout::tile::TileMatch;
use crate::data::raster::orientation;

/// The tiles of a project, by all names that journal lines use.
#[derive(Clone, Debug)]
pub(crate) struct JournalTiles {
    tiles: Vec<JournalTile>,
    by_file: HashMap<String, usize>,
    by_id: HashMap<String, usize>,
    /// Files that ids of version 1 refer to, as recorded in headers.
    recorded: BTreeMap<String, String>,
    /// Ids of version 1 that occurred so far, and the tiles they refer to.
    met: BTreeMap<String, TileMatch>,
    /// Assignments of labels to other files, in file order.
    relinked: Vec<Relinked>,
    /// A single image was opened, so other names cannot be resolved.
    is_single: bool,
    /// Tiles by id of version 1.
    named: BTreeMap<String, Vec<usize>>,
}

#[derive(Clone, Debug)]
struct JournalTile {
    id: String,
    file: String,
    stored: [u32; 2],
    orientation: Orientation,
}

/// Labels named `from` up to `line` were assigned to the file `to`.
#[derive(Clone, Debug)]
struct Relinked {
    line: usize,
    from: String,
    to: String,
}

/// Prefix of label book keys that belong to no tile. Paths and ids cannot start with it.
const UNLINKED: char = '\0';

/// A key of the label book as text to show.
pub(crate) fn shown(name: &str) -> &str {
    name.trim_start_matches(UNLINKED)
}

/// The key of labels without a tile in the label book.
pub(crate) fn unlinked(name: &str) -> String {
    format!("{UNLINKED}{}", shown(name))
}

/// The tile that a line refers to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ResolvedTile {
    /// Index in the project; `None` if the tile is missing or ambiguous.
    pub(crate) tile: Option<usize>,
    /// Positions refer to the stored image, not the upright one.
    pub(crate) stored: bool,
}

impl JournalTiles {
    /// Collects the names of a project's tiles.
    pub(crate) fn of(project: &Project) -> Self {
        let tile = |index: usize| {
            let tile = &project.tiles[index];
            let (id, file) = (tile.id.clone(), tile.file.clone());
            JournalTile { id, file, stored: tile.stored, orientation: tile.orientation }
        };
        let tiles: Vec<JournalTile> = (0..project.tiles.len()).map(tile).collect();
        let index = |key: fn(&JournalTile) -> &String| {
            tiles.iter().enumerate().map(|(index, tile)| (key(tile).clone(), index)).collect()
        };
        let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, tile) in project.tiles.iter().enumerate() {
            let ending = tile.file.rsplit_once('.').map_or("", |(_, ending)| ending);
            for id in [tile.short_id.clone(), format!("{}.{ending}", tile.short_id)] {
                named.entry(id).or_default().push(index);
            }
        }
        if project.is_single() {
            named.values_mut().for_each(|tiles| tiles.extend(project.has_namesakes().then_some(usize::MAX)));
        }
        let (by_file, by_id) = (index(|tile| &tile.file), index(|tile| &tile.id));
        Self {
            by_file,
            by_id,
            tiles,
            recorded: BTreeMap::new(),
            met: BTreeMap::new(),
            named,
            relinked: Vec::new(),
            is_single: project.is_single(),
        }
    }

    /// Adds recorded meanings of ids of version 1.
    pub(crate) fn record(&mut self, files: BTreeMap<String, String>) {
        self.recorded.extend(files);
    }

    /// The tile with this file.
    pub(crate) fn of_file(&self, file: &str) -> ResolvedTile {
        ResolvedTile { tile: self.by_file.get(file).copied(), stored: false }
    }

    /// The tile that an id of version 1 refers to: the recorded one, else the only one with that id.
    pub(crate) fn of_id(&mut self, id: &str) -> ResolvedTile {
        let id = &crate::data::layout::scan::composed(id);
        let named = match (self.recorded.get(id), self.named.get(id).map(Vec::as_slice)) {
            (Some(file), _) => self.by_file.get(file).map_or(TileMatch::None, |index| TileMatch::One(*index)),
            (None, Some([index])) => TileMatch::One(*index),
            (None, Some(_)) => TileMatch::Several,
            (None, None) => TileMatch::None,
        };
        self.met.insert(id.clone(), named);
        ResolvedTile { tile: if let TileMatch::One(index) = named { Some(index) } else { None }, stored: true }
    }

    /// The file recorded for an id of version 1; the name itself if none is recorded.
    pub(crate) fn recorded<'a>(&'a self, name: &'a str) -> &'a str {
        self.recorded.get(name).map_or(name, String::as_str)
    }

    /// The label book key of a resolved line: the tile's id, or a key without a tile made of the name in the line.
    pub(crate) fn key(&self, resolved: ResolvedTile, name: &str) -> String {
        resolved.tile.map_or_else(|| unlinked(name), |index| self.tiles[index].id.clone())
    }

    /// Records that labels named `from` up to a line were assigned to the file `to`.
    pub(crate) fn relink(&mut self, line: usize, from: String, to: String) {
        self.relinked.push(Relinked { line, from, to });
    }

    /// The file that labels with this name at this line were assigned to later.
    pub(crate) fn moved_to(&self, line: usize, name: &str) -> Option<String> {
        let mut moved: Option<&Relinked> = None;
        for relinked in &self.relinked {
            let (name, after) = moved.map_or((name, line), |moved| (moved.to.as_str(), moved.line));
            if relinked.line > after && relinked.from == name {
                moved = Some(relinked);
            }
        }
        moved.map(|moved| moved.to.clone())
    }

    /// Discards everything learned from lines, before a replay.
    pub(crate) fn rewind(&mut self) {
        (self.recorded, self.met, self.relinked) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    }

    /// Turns positions upright.
    pub(crate) fn upright(&self, resolved: ResolvedTile, path: &mut [[f32; 2]]) {
        if let (Some(index), true) = (resolved.tile, resolved.stored) {
            let JournalTile { stored, orientation, .. } = &self.tiles[index];
            path.iter_mut().for_each(|point| *point = orientation::upright_point(*point, *stored, *orientation));
        }
    }

    /// The name of a tile in a line of version 2.
    pub(crate) fn file<'a>(&'a self, id: &'a str) -> &'a str {
        self.by_id.get(id).map_or(id, |index| &self.tiles[*index].file)
    }

    /// Unambiguous ids of version 1 with their files, to be recorded.
    pub(crate) fn to_record(&self) -> BTreeMap<String, String> {
        if self.is_single {
            return BTreeMap::new();
        }
        let file = |(id, named): (&String, &TileMatch)| match named {
            TileMatch::One(index) => Some((id.clone(), self.tiles[*index].file.clone())),
            TileMatch::Several | TileMatch::None => None,
        };
        self.met.iter().filter_map(file).collect()
    }

    /// Ids of version 1 that match several tiles.
    pub(crate) fn ambiguous(&self) -> impl Iterator<Item = &str> {
        self.met.iter().filter(|(_, named)| **named == TileMatch::Several).map(|(id, _)| id.as_str())
    }

    /// Whether all tiles of the folder are known, so that an unresolved name has no tile.
    pub(crate) fn is_whole(&self) -> bool {
        !self.is_single
    }

    /// Whether a key of the label book is the id of a tile of the project.
    pub(crate) fn is_tile(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }
}
