//! Whether a report can be written.

use super::app_state::AppState;
use super::report_export::ReportOf;

impl AppState {
    /// Why there can be no report now; `None` if it can be written.
    pub fn why_no_report(&self, of: ReportOf) -> Option<&'static str> {
        match of {
            _ if self.report.is_some() => Some("A report is being written"),
            ReportOf::Runs => self.runs_table.ticked.is_empty().then_some("Tick runs in the Runs tab first"),
            ReportOf::Study => (!self.has_done_runs()).then_some("No run of the study is done yet"),
        }
    }

    /// Whether such a report of the open project is being written.
    pub fn is_writing_report(&self, of: ReportOf) -> bool {
        self.report.as_ref().is_some_and(|report| report.of == of && self.is_open(&report.root))
    }

    /// Whether a run of the study that is shown is done.
    fn has_done_runs(&self) -> bool {
        self.study.standing.as_ref().is_some_and(|standing| standing.count("done") > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::study::standing::{RunLine, Standing};
    use crate::ui::state::held_blocks::tests::state as with_project;
    use crate::ui::state::report_export::WritingReport;
    use crate::ui::state::settings::Settings;

    #[test]
    fn there_is_one_report_at_a_time() {
        let mut state = AppState::new(Settings::default());
        assert!([ReportOf::Runs, ReportOf::Study].iter().all(|of| state.why_no_report(*of).is_some()));
        state.runs_table.tick(Path::new("/runs/a"), true);
        assert_eq!(state.why_no_report(ReportOf::Runs), None);
        state.report = Some(WritingReport { of: ReportOf::Study, root: "/p".into() });
        assert_eq!(state.why_no_report(ReportOf::Runs), Some("A report is being written"));
    }

    #[test]
    fn a_study_has_a_report_once_a_run_is_done() {
        let run = |state: &'static str| RunLine {
            name: "a".to_owned(),
            words: "a".to_owned(),
            state,
            best_miou: None,
            secs: None,
            note: String::new(),
        };
        let mut state = AppState::new(Settings::default());
        state.study.standing = Some(Standing { runs: vec![run("running")], ..Standing::default() });
        assert_eq!(state.why_no_report(ReportOf::Study), Some("No run of the study is done yet"));
        state.study.standing = Some(Standing { runs: vec![run("done"), run("running")], ..Standing::default() });
        assert_eq!(state.why_no_report(ReportOf::Study), None);
    }

    #[test]
    fn the_report_of_another_project_is_not_shown() {
        let mut state = with_project();
        let root = state.project.as_ref().unwrap().project.root.clone();
        state.report = Some(WritingReport { of: ReportOf::Runs, root });
        assert!(state.is_writing_report(ReportOf::Runs) && !state.is_writing_report(ReportOf::Study));
        state.report = Some(WritingReport { of: ReportOf::Runs, root: "/other".into() });
        assert!(!state.is_writing_report(ReportOf::Runs) && state.why_no_report(ReportOf::Runs).is_some());
    }
}
