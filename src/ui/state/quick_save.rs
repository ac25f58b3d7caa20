//! When the quick map can be saved as a run, and what a saved one says of itself.

use super::app_state::AppState;
use super::format::{counted, counted_classes};
use crate::engine::protocol::QuickLearned;
use crate::engine::quick::QuickStatus;

impl AppState {
    /// Why the quick map cannot be saved as a run now; `None` if it can.
    pub fn why_no_quick_save(&self) -> Option<String> {
        if self.project.is_none() {
            return Some("Open a project first".to_owned());
        }
        let (Some(QuickStatus::Mapped(lesson)), Some(_)) = (&self.view.quick.status, &self.view.quick.lessons) else {
            return Some("There is no quick map of this tile: label two classes".to_owned());
        };
        let left = counted(lesson.tiles_left as u64, "tile");
        (lesson.tiles_left > 0).then(|| format!("The labels of {left} do not count yet: wait a moment"))
    }

    /// "saved quick map (11 clicks, 4 classes)": the open run, if it is a quick head's.
    pub fn saved_quick_text(&self) -> Option<String> {
        self.saved_quick_learned().map(|learned| format!("saved quick map ({learned})"))
    }

    /// "11 clicks, 4 classes": what the open run has learned from, if it is a quick head's.
    pub(super) fn saved_quick_learned(&self) -> Option<String> {
        let QuickLearned { clicks, classes, .. } = self.run.info.as_ref()?.quick.as_ref()?;
        Some(format!("{}, {}", counted(*clicks as u64, "click"), counted_classes(*classes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::state::run_state::tests::info;
    use crate::ui::state::settings::Settings;

    #[test]
    fn a_saved_quick_map_says_what_it_learned_from() {
        let mut state = AppState::new(Settings::default());
        assert_eq!(state.saved_quick_text(), None);
        assert!(state.why_no_quick_save().is_some_and(|why| why.contains("Open a project")));
        let quick = Some(QuickLearned { clicks: 11, classes: 4, tiles: 1, left_out: None });
        state.run.info = Some(Box::new(crate::engine::protocol::RunInfo { quick, ..info() }));
        assert_eq!(state.saved_quick_text().as_deref(), Some("saved quick map (11 clicks, 4 classes)"));
    }
}
