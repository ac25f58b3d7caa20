//! Which tile a line of the label journal means. Version 2 names a tile by its file; version 1 named it by its short id, and
//! knew positions as the image is stored rather than as it is seen.

use std::collections::{BTreeMap, HashMap};

use image::metadata::Orientation;

use crate::data::Project;
use crate::data::layout::tile::TileMatch;
use crate::data::raster::orientation;

/// The tiles of a project as journals name them.
#[derive(Clone, Debug)]
pub(crate) struct JournalTiles {
    tiles: Vec<JournalTile>,
    by_file: HashMap<String, usize>,
    by_id: HashMap<String, usize>,
    /// The files that ids of version 1 meant, as the journal recorded them.
    recorded: BTreeMap<String, String>,
    /// The ids of version 1 met so far, and what they mean.
    met: BTreeMap<String, TileMatch>,
    /// The labels that lines up to a number call by a name were given to a file.
    relinked: Vec<Relinked>,
    /// One image of a folder was opened by itself: what other names mean cannot be told.
    is_single: bool,
    /// The tiles that go by an id of version 1.
    named: BTreeMap<String, Vec<usize>>,
}

#[derive(Clone, Debug)]
struct JournalTile {
    id: String,
    file: String,
    stored: [u32; 2],
    orientation: Orientation,
}

/// Labels that were given to another file.
#[derive(Clone, Debug)]
struct Relinked {
    line: usize,
    from: String,
    to: String,
}

/// Before a name in the label book that is no tile's: no path and no id begins like this.
const UNLINKED: char = '\0';

/// A name of the label book as it is to be shown.
pub(crate) fn shown(name: &str) -> &str {
    name.trim_start_matches(UNLINKED)
}

/// The name under which labels without a tile are kept in the label book.
pub(crate) fn unlinked(name: &str) -> String {
    format!("{UNLINKED}{}", shown(name))
}

/// The tile a line means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ResolvedTile {
    /// Its place in the project; `None` for a tile that is not there, or could be one of several.
    pub(crate) tile: Option<usize>,
    /// Positions are those of the stored image.
    pub(crate) stored: bool,
}

impl JournalTiles {
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

    /// Takes over what ids of version 1 mean, as the journal says.
    pub(crate) fn record(&mut self, files: BTreeMap<String, String>) {
        self.recorded.extend(files);
    }

    /// The tile with this file.
    pub(crate) fn of_file(&self, file: &str) -> ResolvedTile {
        ResolvedTile { tile: self.by_file.get(file).copied(), stored: false }
    }

    /// The tile that an id of version 1 means: the recorded one, else the only one that goes by it.
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

    /// The file that was recorded for an id of version 1; the name itself if none was.
    pub(crate) fn recorded<'a>(&'a self, called: &'a str) -> &'a str {
        self.recorded.get(called).map_or(called, String::as_str)
    }

    /// The name in the label book of what a line means: a tile's id, or one that says what the line called it.
    pub(crate) fn key(&self, resolved: ResolvedTile, called: &str) -> String {
        resolved.tile.map_or_else(|| unlinked(called), |index| self.tiles[index].id.clone())
    }

    /// Takes over that the labels called `from` up to a line were given to the file `to`.
    pub(crate) fn relink(&mut self, line: usize, from: String, to: String) {
        self.relinked.push(Relinked { line, from, to });
    }

    /// The file to which labels that a line calls by this name were given later.
    pub(crate) fn moved_to(&self, line: usize, called: &str) -> Option<String> {
        let mut moved: Option<&Relinked> = None;
        for relinked in &self.relinked {
            let (name, after) = moved.map_or((called, line), |moved| (moved.to.as_str(), moved.line));
            if relinked.line > after && relinked.from == name {
                moved = Some(relinked);
            }
        }
        moved.map(|moved| moved.to.clone())
    }

    /// Forgets what the lines said: they are read anew.
    pub(crate) fn rewind(&mut self) {
        (self.recorded, self.met, self.relinked) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    }

    /// Positions as the image is seen.
    pub(crate) fn upright(&self, resolved: ResolvedTile, path: &mut [[f32; 2]]) {
        if let (Some(index), true) = (resolved.tile, resolved.stored) {
            let JournalTile { stored, orientation, .. } = &self.tiles[index];
            path.iter_mut().for_each(|point| *point = orientation::upright_point(*point, *stored, *orientation));
        }
    }

    /// What a tile is to be called in a line of version 2.
    pub(crate) fn file<'a>(&'a self, id: &'a str) -> &'a str {
        self.by_id.get(id).map_or(id, |index| &self.tiles[*index].file)
    }

    /// What the ids of version 1 mean that were met and leave no doubt; to be recorded.
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

    /// Ids of version 1 that several tiles go by.
    pub(crate) fn ambiguous(&self) -> impl Iterator<Item = &str> {
        self.met.iter().filter(|(_, named)| **named == TileMatch::Several).map(|(id, _)| id.as_str())
    }

    /// Whether all of the folder's tiles are known, so that a name which is none of theirs is lost.
    pub(crate) fn is_whole(&self) -> bool {
        !self.is_single
    }

    /// Whether a name of the label book is that of a tile of the project.
    pub(crate) fn is_tile(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }
}
