//! Cuts the open project's scenes into patches on a thread of its own.

use std::path::PathBuf;
use std::sync::Arc;

use super::jobs::JobOutcome;
use super::opening::report_no_thread;
use super::services::Services;
use crate::data::cut::cutter::{CutProgress, cut};
use crate::domain::panic;
use crate::ui::state::action::{Dialog, SplitAction, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::job_progress::JobProgress;
use crate::ui::state::message::Level;

/// Carries out an action.
pub(crate) fn act(services: &Services, state: &mut AppState, action: SplitAction) {
    match action {
        SplitAction::Begin if !state.split.is_running() && state.why_busy().is_none() => begin(services, state),
        SplitAction::Begin => {}
        SplitAction::Cancel => state.split.stop(),
    }
}

fn begin(services: &Services, state: &mut AppState) {
    let Some(plan) = state.split.offer.as_ref().map(|offer| offer.plan.clone()) else { return };
    let (progress, waker) = (Arc::new(JobProgress::default()), services.waker());
    progress.note(0, plan.patches());
    (state.split.progress, state.split.fault) = (Some(Arc::clone(&progress)), None);
    let result = services.jobs.spawn("split", move || {
        let goes_on = |so_far: CutProgress| {
            waker();
            progress.note(so_far.done(), plan.patches())
        };
        // Also a fault of the program must end in the dialog, which cannot be closed before.
        let result = panic::caught(|| cut(&plan, false, goes_on).map_err(|error| error.to_string()));
        JobOutcome::Split { there: plan.patches_there(), root: plan.root, result: result.unwrap_or_else(Err) }
    });
    if result.is_err() {
        state.split.progress = None;
    }
    report_no_thread(state, result);
}

/// Takes in how a cut ended. Returns what to do next: once all patches are there, they are opened.
pub(crate) fn take(
    state: &mut AppState,
    root: PathBuf,
    there: usize,
    result: Result<CutProgress, String>,
) -> Vec<UiAction> {
    if !state.is_open(&root) || !state.split.is_running() {
        return Vec::new(); // Another project was opened meanwhile.
    }
    state.split.progress = None;
    if let Some(offer) = &mut state.split.offer {
        offer.there = there;
    }
    match result {
        Ok(ended) if ended.stopped => Vec::new(),
        Ok(ended) => {
            state.say(Level::Info, format!("{} patches were cut, {} were there already", ended.written, ended.kept));
            state.dialog = state.dialog.filter(|dialog| *dialog != Dialog::Split);
            vec![UiAction::OpenProject(root)]
        }
        Err(why) => {
            state.split.fault = Some(why);
            Vec::new()
        }
    }
}
