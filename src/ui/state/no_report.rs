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

    /// Whether a run of the study that is shown is done.
    fn has_done_runs(&self) -> bool {
        self.study.standing.as_ref().is_some_and(|standing| standing.count("done") > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ui::state::settings::Settings;

    #[test]
    fn there_is_one_report_at_a_time() {
        let mut state = AppState::new(Settings::default());
        assert!([ReportOf::Runs, ReportOf::Study].iter().all(|of| state.why_no_report(*of).is_some()));
        state.runs_table.tick(Path::new("/runs/a"), true);
        assert_eq!(state.why_no_report(ReportOf::Runs), None);
        state.report = Some(ReportOf::Study);
        assert_eq!(state.why_no_report(ReportOf::Runs), Some("A report is being written"));
    }
}
