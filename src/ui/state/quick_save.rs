//! When the quick map can be saved as a run, and what a saved one says of itself.

use super::app_state::AppState;
use super::format::{counted, counted_classes};
use crate::domain::Choice as _;
use crate::engine::protocol::{QuickLearned, SavedQuick};
use crate::engine::quick::QuickStatus;
use crate::quick::method::QuickMethod;

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

    /// The quick head of the open run, if it is one's.
    pub fn saved_quick(&self) -> Option<&SavedQuick> {
        self.run.info.as_ref()?.quick.as_ref()
    }

    /// "saved quick map (linear, 11 clicks, 4 classes)": the open run, if it is a quick head's.
    pub fn saved_quick_text(&self) -> Option<String> {
        let method = self.saved_quick()?.method.title().to_lowercase();
        self.saved_quick_learned().map(|learned| format!("saved quick map ({method}, {learned})"))
    }

    /// The name of the saved quick map in the note of a view.
    pub(super) fn saved_quick_name(&self) -> &'static str {
        match self.saved_quick().map(|saved| saved.method) {
            Some(QuickMethod::Forest) => "Saved quick map (forest)",
            Some(QuickMethod::Linear) | None => "Saved quick map",
        }
    }

    /// "11 clicks, 4 classes": what the open run has learned from, if it is a quick head's.
    pub(super) fn saved_quick_learned(&self) -> Option<String> {
        let QuickLearned { clicks, classes, .. } = &self.saved_quick()?.learned;
        Some(format!("{}, {}", counted(*clicks as u64, "click"), counted_classes(*classes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::state::map_source::MapSource;
    use crate::ui::state::run_state::tests::info;
    use crate::ui::state::settings::Settings;

    #[test]
    fn a_saved_quick_map_says_what_it_learned_from() {
        let mut state = AppState::new(Settings::default());
        assert_eq!(state.saved_quick_text(), None);
        assert!(state.why_no_quick_save().is_some_and(|why| why.contains("Open a project")));
        let learned = QuickLearned { clicks: 11, classes: 4, tiles: 1, left_out: None };
        let quick = Some(SavedQuick { method: QuickMethod::Forest, learned });
        state.run.info = Some(Box::new(crate::engine::protocol::RunInfo { quick, ..info() }));
        let text = "saved quick map (random forest, 11 clicks, 4 classes)";
        assert_eq!(state.saved_quick_text().as_deref(), Some(text));
        state.export.source = Some(MapSource::Network);
        assert_eq!(state.map_maker(), "1, quick head (random forest)", "the run's folder is /runs/1");
    }
}
