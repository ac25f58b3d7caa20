//! Checks the masks of the open project in the background.

use std::sync::Arc;

use super::opening::report_no_thread;
use super::services::Services;
use crate::ui::state::app_state::AppState;
use crate::ui::state::check::CheckState;
use crate::ui::state::job_progress::JobProgress;

/// Starts a check of all masks, replacing a running one.
pub(crate) fn check(services: &Services, state: &mut AppState) {
    state.check.stop();
    let Some(open) = &state.project else { return };
    let (progress, project) = (Arc::new(JobProgress::default()), (*open.project).clone());
    let result = services.jobs.check(project, state.config(), Arc::clone(&progress));
    state.check = CheckState::Running(progress);
    report_no_thread(state, result);
}
