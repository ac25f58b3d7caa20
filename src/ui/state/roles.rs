//! Assigns each tile its role in the current run, or in one that would be started now.

use super::app_state::AppState;
use super::palette::Palette;
use super::tile_role::TileRole;
use crate::data::Tile;
use crate::domain::split::Split;
use crate::domain::{Classes, RunConfig};
use crate::train::division::Division;

impl AppState {
    /// The role of a tile in the run in progress, otherwise in a run started now.
    pub fn role(&self, tile: &Tile) -> TileRole {
        let running = self.run.splits.get(&tile.id).filter(|_| self.run.is_running());
        let planned = || {
            let of = self.roles.get(&tile.id).copied();
            // A test tile is trained on only once it is labelled.
            let waits = tile.split == Split::Test && self.project.as_ref().is_some_and(|p| p.labels_on(&tile.id) == 0);
            of.filter(|of| {
                !waits || [TileRole::Validation, TileRole::Divided].contains(of) || self.chosen_split(tile).is_some()
            })
        };
        match running {
            Some(_) if self.run.divided.contains(&tile.id) => TileRole::Divided,
            Some(Split::Train) => TileRole::Training,
            Some(Split::Val) => TileRole::Validation,
            Some(Split::Test) | None => {
                planned().unwrap_or(if tile.split == Split::Test { TileRole::Test } else { TileRole::Unused })
            }
        }
    }

    /// What becomes of the labels on the tile in view, once there are some; `None` on an ordinary training tile.
    pub fn label_warning(&self) -> Option<&'static str> {
        let (open, tile) = self.project.as_ref().zip(self.tile())?;
        let role = self.role(tile);
        let became = role == TileRole::Training && tile.split == Split::Test && self.chosen_split(tile).is_none();
        let warning = role.warning().or_else(|| became.then_some(TileRole::LABELLED_TEST));
        warning.filter(|_| open.labels_on(&tile.id) > 0)
    }

    /// The split the user chose for a tile.
    pub fn chosen_split(&self, tile: &Tile) -> Option<Split> {
        self.settings.splits.get(&self.project.as_ref()?.project.root)?.get(&tile.file).copied()
    }

    /// The configuration of a run started now.
    pub fn config(&self) -> RunConfig {
        let root = self.project.as_ref().map(|open| open.project.root.clone()).unwrap_or_default();
        let mut split = self.settings.splits.get(&root).cloned().unwrap_or_default();
        let tiles = self.project.as_ref().map_or(&[][..], |open| &open.project.tiles);
        split.retain(|file, _| tiles.iter().any(|tile| tile.file == *file)); // Other tiles are no longer in the folder.
        RunConfig { data: root, split, ..self.settings.form.clone() }
    }

    /// The classes of a run started now, and of the quick map: those that the form ignores are marked so.
    pub fn classes_in_effect(&self) -> Option<Classes> {
        let mut classes = self.project.as_ref()?.project.classes.clone();
        self.settings.form.mark_ignored(&mut classes);
        Some(classes)
    }

    /// Which classes count in scores, for the error map.
    pub fn scored(&self) -> Palette {
        Palette::scored(&self.classes_in_effect().unwrap_or_default())
    }

    /// Assigns the roles again after a change of project, form or split.
    pub fn assign_roles(&mut self) {
        self.roles.clear();
        self.planned_blocks.clear();
        let Some(open) = &self.project else { return };
        let drawn = Division::of(&open.project, &self.config());
        let id = |index: usize| open.project.tiles[index].id.clone();
        let trains = drawn.train.iter().map(|index| (id(*index), TileRole::Training));
        self.roles = trains.collect();
        for tile in drawn.val.iter().map(|index| id(*index)) {
            let role = if self.roles.contains_key(&tile) { TileRole::Divided } else { TileRole::Validation };
            self.roles.insert(tile, role);
        }
        self.planned_blocks = drawn.held_out.into_iter().map(|(index, held)| (id(index), held)).collect();
    }
}
