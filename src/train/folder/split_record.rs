//! Which tiles a run learned from and which it was scored on, by id.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::data::Project;
use crate::data::layout::tile::TileMatch;
use crate::domain::blocks::HeldOut;

/// `split.json` in a run folder. It is recorded so that tiles added later never turn a tile that was learned from into one
/// that is scored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitRecord {
    /// Ids of the tiles learned from.
    pub train: Vec<String>,
    /// Ids of the tiles scored.
    pub val: Vec<String>,
    /// The file of each of these tiles, by id: files added later may take over an id.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Ids of tiles that were to be learned from and could not be read. A run that is resumed needs them for its order of tiles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Ids of tiles without labels, which are learned from once they have some. Absent in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlabelled: Option<Vec<String>>,
    /// What blocks hold out of tiles, by id. Such a tile may be learned from and scored, each by its own pixels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub held_out: BTreeMap<String, HeldOut>,
}

impl SplitRecord {
    /// Records tiles of a project.
    pub fn new(project: &Project, train: Vec<String>, val: Vec<String>) -> Self {
        let mut record = Self { train, val, ..Self::default() };
        record.files = files(project, record.train.iter().chain(&record.val));
        record
    }

    /// Records tiles that may be learned from and have no labels yet as well.
    #[must_use]
    pub fn with_unlabelled(mut self, project: &Project, tiles: Vec<String>) -> Self {
        self.files.extend(files(project, tiles.iter()));
        self.unlabelled = Some(tiles);
        self
    }

    /// Records what blocks hold out as well, by index of the tile.
    #[must_use]
    pub fn with_blocks(mut self, project: &Project, held_out: &BTreeMap<usize, HeldOut>) -> Self {
        let ids = held_out.iter().map(|(index, held)| (project.tiles[*index].id.clone(), held.clone()));
        self.held_out = ids.collect();
        self.files.extend(files(project, self.held_out.keys()));
        self
    }

    /// The record without tiles that could not be read; they are kept as such. Those that are scored stay among these.
    #[must_use]
    pub fn without(mut self, unreadable: &BTreeSet<String>) -> Self {
        self.train.retain(|id| !unreadable.contains(id));
        let learns = |id: &&String| !self.val.contains(*id) || self.held_out.contains_key(*id);
        self.left_out = unreadable.iter().filter(learns).cloned().collect();
        self
    }

    /// The tile that an id of this record means in the project as it is now.
    pub fn find(&self, project: &Project, id: &str) -> TileMatch {
        project.tile_named(id, self.files.get(id).map(String::as_str))
    }

    /// What blocks hold out, by index of the tile in the project as it is now.
    pub fn held_out_of(&self, project: &Project) -> BTreeMap<usize, HeldOut> {
        let found = self.held_out.iter().filter_map(|(id, held)| match self.find(project, id) {
            TileMatch::One(index) => Some((index, held.clone())),
            TileMatch::None | TileMatch::Several => None,
        });
        found.collect()
    }
}

/// The file of each tile, by id.
fn files<'a>(project: &Project, ids: impl Iterator<Item = &'a String>) -> BTreeMap<String, String> {
    ids.filter_map(|id| project.tile(id).map(|tile| (id.clone(), tile.file.clone()))).collect()
}
