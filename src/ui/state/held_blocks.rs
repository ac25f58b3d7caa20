//! The blocks of the tile in view that validate and are not learned from.

use crate::domain::blocks::HeldOut;

use super::app_state::AppState;

/// What blocks hold out of the tile in view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldBlocks<'a> {
    /// The parts of the tile.
    pub held: &'a HeldOut,
    /// Of the run that is open. Otherwise of one that would be started now.
    pub of_run: bool,
}

impl HeldBlocks<'_> {
    /// What the lines over the tile mean.
    pub fn legend(self) -> &'static str {
        match (self.held.scored.is_empty(), self.of_run) {
            (true, _) => "margin of blocks beside this tile: not learned from",
            (false, true) => "blocks that validate in this run",
            (false, false) => "blocks that validate in the next run",
        }
    }
}

impl AppState {
    /// What blocks hold out of the tile in view: in the run that is open, if it has blocks or is in progress; else in one started now.
    pub fn held_blocks(&self) -> Option<HeldBlocks<'_>> {
        let (tile, of_run) = (self.tile()?, self.has_run_blocks());
        let of_tiles = match (&self.run.info, of_run) {
            (Some(info), true) => &info.held_out,
            _ => &self.planned_blocks,
        };
        of_tiles.get(&tile.id).map(|held| HeldBlocks { held, of_run })
    }

    /// Whether blocks are held out of any tile.
    pub fn has_blocks(&self) -> bool {
        match (&self.run.info, self.has_run_blocks()) {
            (Some(info), true) => !info.held_out.is_empty(),
            _ => !self.planned_blocks.is_empty(),
        }
    }

    fn has_run_blocks(&self) -> bool {
        self.run.info.as_ref().is_some_and(|info| self.run.is_running() || !info.held_out.is_empty())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::data::{Project, write_classes};
    use crate::domain::config::SplitBy;
    use crate::domain::geometry::PixelRect;
    use crate::domain::{Classes, LabelBook};
    use crate::engine::Phase;
    use crate::engine::protocol::RunInfo;
    use crate::ui::state::open_project::OpenProject;
    use crate::ui::state::run_state::tests::info;
    use crate::ui::state::settings::Settings;

    /// A state with a tile of 64×64 pixels, of whose four blocks two validate in a run started now.
    pub(in crate::ui) fn state() -> AppState {
        let root = tempfile::tempdir().unwrap();
        write_classes(root.path(), &Classes::deepglobe()).unwrap();
        for name in ["ortho.png", "ortho_mask.png"] {
            image::RgbImage::new(64, 64).save(root.path().join(name)).unwrap();
        }
        let project = Project::open(root.path()).unwrap();
        let mut state = AppState::new(Settings::default());
        (state.settings.form.split_by, state.settings.form.block) = (SplitBy::Block, 32);
        (state.settings.form.val_ratio, state.settings.form.folds) = (0.5, 0);
        state.project = Some(OpenProject::new(project, LabelBook::default(), PathBuf::new()));
        state.assign_roles();
        state
    }

    #[test]
    fn blocks_are_those_of_the_next_run_until_one_is_open() {
        let mut state = state();
        let planned = state.held_blocks().unwrap();
        assert_eq!((planned.held.scored.len(), planned.of_run), (2, false));
        let block = PixelRect { x: 0, y: 0, width: 32, height: 32 };
        let held = HeldOut { scored: [("ortho 0,0".to_owned(), block)].into(), hidden: vec![block] };
        let run = RunInfo { held_out: [("ortho".to_owned(), held.clone())].into(), ..info() };
        state.run.info = Some(Box::new(run));
        assert_eq!(state.held_blocks(), Some(HeldBlocks { held: &held, of_run: true }));
    }

    #[test]
    fn a_run_in_progress_without_blocks_has_none_whatever_the_next_one_has() {
        let mut state = state();
        state.run.info = Some(Box::new(info()));
        assert!(state.held_blocks().is_some_and(|blocks| !blocks.of_run), "it is over");
        state.run.phase = Phase::Training;
        assert!(state.held_blocks().is_none() && !state.has_blocks());
    }

    #[test]
    fn without_blocks_there_is_nothing_to_show() {
        let mut state = state();
        state.settings.form.split_by = SplitBy::Tile;
        state.assign_roles();
        assert!(state.held_blocks().is_none() && !state.has_blocks());
    }
}
