//! Which tiles a run learned from and which it was scored on, by id.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::data::Project;
use crate::data::layout::tile::TileMatch;

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
}

impl SplitRecord {
    /// Records tiles of a project.
    pub fn new(project: &Project, train: Vec<String>, val: Vec<String>) -> Self {
        let file = |id: &String| project.tile(id).map(|tile| (id.clone(), tile.file.clone()));
        let files = train.iter().chain(&val).filter_map(file).collect();
        Self { train, val, files, left_out: Vec::new() }
    }

    /// Records tiles that could not be read as well. Those that are scored stay among these.
    #[must_use]
    pub fn without<'a>(mut self, project: &Project, unreadable: impl IntoIterator<Item = &'a String>) -> Self {
        let added = Self::new(project, unreadable.into_iter().cloned().collect(), Vec::new());
        self.files.extend(added.files);
        self.left_out = added.train.into_iter().filter(|id| !self.val.contains(id)).collect();
        self
    }

    /// The tile that an id of this record means in the project as it is now.
    pub fn find(&self, project: &Project, id: &str) -> TileMatch {
        project.tile_named(id, self.files.get(id).map(String::as_str))
    }
}
