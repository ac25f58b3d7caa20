//! Which preset a project starts with.

use super::app_state::AppState;
use crate::domain::config::Preset;

impl AppState {
    /// A project without masks starts with the preset for few clicks, unless settings of the user's own are filled in.
    pub fn choose_preset(&mut self) {
        let has_masks =
            self.project.as_ref().is_some_and(|open| open.project.tiles.iter().any(|tile| tile.mask.is_some()));
        if self.project.is_some() && !has_masks && Preset::of(&self.settings.form) == Some(Preset::Demo) {
            Preset::FewClicks.apply(&mut self.settings.form);
        }
    }
}
