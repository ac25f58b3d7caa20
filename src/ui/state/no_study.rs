//! Whether a study can be started, and is looked at.

use super::action::Tab;
use super::app_state::AppState;
use super::closing::Work;
use super::study_form::PlanSource;

impl AppState {
    /// Why the chosen study cannot start; `None` if it can.
    pub fn why_no_study(&self) -> Option<&'static str> {
        match () {
            () if self.project.is_none() => Some("Open a project first"),
            () => self.why_busy().or_else(|| self.why_no_plan()),
        }
    }

    fn why_no_plan(&self) -> Option<&'static str> {
        let form = &self.study.form;
        (form.source == PlanSource::File && form.file.trim().is_empty()).then_some("Choose a plan file first")
    }

    /// What keeps anything else from being trained or opened; `None` if nothing does.
    pub fn why_busy(&self) -> Option<&'static str> {
        match self.work() {
            Work::Run => Some("A run is in progress. Stop it first"),
            Work::Study => Some("A study is in progress. Stop it first"),
            Work::None if self.opening.is_some() => Some("A project is being opened. Wait until it is open"),
            Work::None => None,
        }
    }

    /// Whether any tile of the open project has a mask.
    pub fn has_masks(&self) -> bool {
        self.project.as_ref().is_some_and(|open| open.project.tiles.iter().any(|tile| tile.mask.is_some()))
    }

    /// Whether the Studies tab is in front.
    pub fn is_at_studies(&self) -> bool {
        self.settings.tab == Tab::Studies && self.layout.lower
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::state::held_blocks::tests::state;

    #[test]
    fn a_study_waits_for_a_plan_and_for_the_project_that_is_being_opened() {
        let mut state = state();
        assert_eq!(state.why_no_study(), None);
        state.study.form.source = PlanSource::File;
        assert_eq!(state.why_no_study(), Some("Choose a plan file first"));
        state.study.form.file = "/a.toml".to_owned();
        assert_eq!(state.why_no_study(), None);
        state.opening = Some("/other".into());
        assert!(state.why_no_study().is_some_and(|why| why.contains("being opened")));
    }
}
