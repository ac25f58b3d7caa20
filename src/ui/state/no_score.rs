//! Why a run has no validation score, and what to do about it.

use super::app_state::AppState;
use crate::engine::protocol::Outcome;

impl AppState {
    /// Why the current run is not scored; `None` if it is, or may be.
    pub fn why_no_score(&self) -> Option<&'static str> {
        let info = self.run.info.as_ref().filter(|info| info.val_tiles.is_empty())?;
        let has_masks =
            self.project.as_ref().is_some_and(|open| open.project.tiles.iter().any(|tile| tile.mask.is_some()));
        if self.run.summary.as_ref().is_some_and(|summary| summary.outcome == Outcome::Imported) {
            return Some(
                "No validation score: the network was trained elsewhere. `evaluate --data` scores it on a folder with masks.",
            );
        }
        if has_masks && info.config.folds > 0 {
            return Some(
                "No validation score: the fold has no tile. Choose fewer folds, or assign a tile to validation in the list.",
            );
        }
        Some(match has_masks {
            false => {
                "No validation score: no tile has a mask to compare with. Judge the map by eye, or add a mask for a tile."
            }
            true if info.config.val_ratio > 0.0 => {
                "No validation score: no tile is kept aside. Assign one with a mask to validation in the tile list."
            }
            true => {
                "No validation score: no tile is kept aside. Set Validation above 0, or assign a tile to it in the list."
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::ui::state::app_state::AppState;
    use crate::ui::state::run_state::tests as samples;
    use crate::ui::state::settings::Settings;

    #[test]
    fn only_a_run_without_validation_tiles_has_no_score() {
        let mut state = AppState::new(Settings::default());
        assert_eq!(state.why_no_score(), None, "there is no run");
        state.run.info = Some(Box::new(samples::info()));
        assert_eq!(state.why_no_score(), None);
        state.run.info.as_mut().unwrap().val_tiles.clear();
        assert!(state.why_no_score().is_some_and(|why| why.contains("no tile has a mask")));
    }
}
