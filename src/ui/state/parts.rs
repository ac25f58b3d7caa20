//! The part each tile plays: in the run under way, or in one that would be started now.

use super::app_state::AppState;
use crate::data::Tile;
use crate::domain::RunConfig;
use crate::domain::split::Split;
use crate::train::division::Division;

/// The part a tile plays in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its labels are learned from.
    Trains,
    /// Its full mask is scored against; nothing of it is learned from.
    Validates,
    /// The dataset keeps it for testing.
    Tests,
    /// It plays no part: as chosen, or because it touches a tile that validates.
    Unused,
}

impl Part {
    /// What its badge says.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trains => "train",
            Self::Validates => "val",
            Self::Tests => "test",
            Self::Unused => "not used",
        }
    }

    /// What becomes of labels on such a tile, if they are not learned from.
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Trains => None,
            Self::Validates => Some("This tile validates: labels on it are not learned from"),
            Self::Tests | Self::Unused => Some("This tile is not used: labels on it are not learned from"),
        }
    }
}

impl AppState {
    /// The part a tile plays: in the run under way, else in the one that would be started now.
    pub fn part(&self, tile: &Tile) -> Part {
        let running = self.run.splits.get(&tile.id).filter(|_| self.run.is_running());
        let planned = || {
            let of = self.parts.get(&tile.id).copied();
            // A tile meant for testing is learned from only once it is labelled.
            let waits = tile.split == Split::Test && self.project.as_ref().is_some_and(|p| p.labels_on(&tile.id) == 0);
            of.filter(|of| !waits || *of == Part::Validates || self.asked_split(tile).is_some())
        };
        match running {
            Some(Split::Train) => Part::Trains,
            Some(Split::Val) => Part::Validates,
            Some(Split::Test) | None => {
                planned().unwrap_or(if tile.split == Split::Test { Part::Tests } else { Part::Unused })
            }
        }
    }

    /// The part that was chosen for a tile by hand.
    pub fn asked_split(&self, tile: &Tile) -> Option<Split> {
        self.settings.splits.get(&self.project.as_ref()?.project.root)?.get(&tile.file).copied()
    }

    /// The configuration of a run that would be started now.
    pub fn config(&self) -> RunConfig {
        let root = self.project.as_ref().map(|open| open.project.root.clone()).unwrap_or_default();
        let mut split = self.settings.splits.get(&root).cloned().unwrap_or_default();
        let tiles = self.project.as_ref().map_or(&[][..], |open| &open.project.tiles);
        split.retain(|file, _| tiles.iter().any(|tile| tile.file == *file)); // Others have left the folder.
        RunConfig { data: root, split, ..self.settings.form.clone() }
    }

    /// Draws the parts of all tiles anew: project, form or a choice have changed.
    pub fn divide(&mut self) {
        self.parts.clear();
        let Some(open) = &self.project else { return };
        let drawn = Division::of(&open.project, &self.config());
        let id = |index: usize| open.project.tiles[index].id.clone();
        let trains = drawn.train.iter().map(|index| (id(*index), Part::Trains));
        self.parts = trains.chain(drawn.val.iter().map(|index| (id(*index), Part::Validates))).collect();
    }
}
