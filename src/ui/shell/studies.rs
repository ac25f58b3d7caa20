//! Studies: looks at a plan in the background, has it carried out on a thread of its own, and takes in what happens.

use std::path::{Path, PathBuf};
use std::time::Instant;

use eframe::egui::Context;

use super::jobs::JobOutcome;
use super::opening::report_no_thread;
use super::services::Services;
use crate::domain::config::Precision;
use crate::domain::{Choice as _, Notice, panic};
use crate::study::estimate::Measured;
use crate::study::grid::{self, GridForm};
use crate::study::plans;
use crate::study::session::{StudyNews, StudySession};
use crate::study::standing::StudyRequest;
use crate::train::run_list;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::Level;
use crate::ui::state::study_action::StudyAction;
use crate::ui::state::study_form::{PlanSource, StudyForm};
use crate::ui::state::study_look::StudyLook;
use crate::ui::state::study_looks::Looked;

/// Carries out an action.
pub(crate) fn act(services: &mut Services, state: &mut AppState, action: StudyAction) {
    match action {
        StudyAction::SetForm(form) => set_form(state, *form),
        StudyAction::SetFile(file) => {
            let form = state.study.form.clone().with_file(&file);
            set_form(state, form);
        }
        StudyAction::PickPlan => pick_plan(services, state),
        StudyAction::Look => look_again(services, state),
        StudyAction::Begin => begin(services, state),
        StudyAction::Stop => stop(services, state),
    }
}

fn set_form(state: &mut AppState, form: StudyForm) {
    if !state.study.is_running() {
        state.study.choose(form);
        state.study.looks.after_rest(Instant::now());
    }
}

/// Asks the study in progress to stop.
pub(crate) fn stop(services: &Services, state: &mut AppState) {
    if let Some(session) = &services.study {
        session.stop();
        state.study.is_stopping = true;
    }
}

fn pick_plan(services: &Services, state: &mut AppState) {
    let mut dialog = rfd::AsyncFileDialog::new().set_title("Plan of a study").add_filter("Plans", &["toml"]);
    if let Some(home) = home(state) {
        dialog = dialog.set_directory(home);
    }
    let then = |file: PathBuf| UiAction::Study(StudyAction::SetFile(file));
    let picked = dialog.pick_file();
    // On a desktop without such a dialog the path is typed into the field beside the button.
    let result = services.jobs.spawn("file dialog", move || match pollster::block_on(picked) {
        Some(chosen) => JobOutcome::Picked(then(chosen.path().to_path_buf())),
        None => JobOutcome::Nothing,
    });
    report_no_thread(state, result);
}

/// Looks again once settings have changed. A grid is put together from them, a built-in plan takes the precision, and every plan the
/// device. What is the same by them is not looked at again.
pub(crate) fn follow_settings(state: &mut AppState) {
    if !state.study.is_running() && state.is_at_studies() {
        state.study.looks.after_rest(Instant::now());
    }
}

/// Looks if that is due, else has a frame drawn when it is.
pub(crate) fn look_when_due(services: &Services, state: &mut AppState, ctx: &Context) {
    match state.study.looks.wait(Instant::now()) {
        Some(left) if left.is_zero() => look(services, state),
        Some(left) => ctx.request_repaint_after(left),
        None => {}
    }
}

/// Sees how the chosen study stands now, and which plans there are.
fn look_again(services: &Services, state: &mut AppState) {
    state.study.looks.renew();
    look(services, state);
}

/// Sees in the background how the chosen study stands, unless that was looked at last.
fn look(services: &Services, state: &mut AppState) {
    let Some(home) = home(state).filter(|_| !state.study.is_running()) else { return state.study.looks.cancel() };
    let request = request(state, &home);
    let Some(number) = state.study.looks.begin(&request) else { return };
    let (goes_on, listed) = (state.study.looks.goes_on(), state.study.looks.lists_plans().then_some(home));
    let result = services.jobs.spawn("look at study", move || {
        let found = panic::caught(|| find(request, listed.as_deref(), &goes_on)).unwrap_or_else(StudyLook::failed);
        JobOutcome::Study(number, Box::new(found))
    });
    if result.is_err() {
        state.study.looks.cancel();
    }
    report_no_thread(state, result);
}

/// Looks at what is chosen, and lists the plans of a folder if one is given.
fn find(request: Looked, listed: Option<&Path>, goes_on: &(impl Fn() -> bool + Sync)) -> StudyLook {
    let plans = listed.map(|home| plans::of(home, goes_on));
    let request = match request {
        Ok(Some(request)) => request,
        Ok(None) => return StudyLook { plans, ..StudyLook::default() },
        Err(why) => return StudyLook { plans, ..StudyLook::failed(why) },
    };
    let clash = request.clash().map(Path::to_owned);
    // How the plan on the disk stands says nothing of the one that is put together.
    let standing = clash.is_none().then(|| request.look(goes_on).map_err(|error| format!("{error:#}")));
    StudyLook { standing, clash, plans }
}

fn begin(services: &mut Services, state: &mut AppState) {
    if let Some(why) = state.why_no_study() {
        state.say(Level::Warning, Notice::new("The study cannot start").cause(why));
        return;
    }
    let Some(home) = home(state) else { return };
    match request(state, &home) {
        Ok(Some(request)) => match StudySession::start(request.clone(), services.waker()) {
            Ok(session) => {
                services.study = Some(session);
                state.study.begin();
                state.study.started = Some(request);
            }
            Err(error) => report_no_thread(state, Err(error)),
        },
        Ok(None) => {}
        Err(why) => state.study.fault = Some(why),
    }
}

/// The folder for the open project's plans and studies.
fn home(state: &AppState) -> Option<PathBuf> {
    let (open, runs) = state.project.as_ref().zip(state.runs_home.as_ref())?;
    Some(run_list::studies_beside(&open.project.root, runs))
}

/// The chosen plan with its data and its folder, in or beside the project's plans at `home`; `None` while none is chosen.
fn request(state: &AppState, home: &Path) -> Looked {
    let Some(open) = &state.project else { return Ok(None) };
    let (form, root) = (&state.study.form, open.project.root.clone());
    let plain = StudyRequest {
        plan: PathBuf::new(),
        text: None,
        data: None,
        precision: None,
        device: Some(state.settings.form.device.clone()),
        out: None,
        before: measured(state),
    };
    Ok(match form.source {
        PlanSource::BuiltIn => {
            let name = form.preset.name();
            let (plan, out) = (PathBuf::from(name), Some(home.join(name)));
            let precision = Some(state.settings.form.train.precision).filter(|chosen| *chosen != Precision::Auto);
            Some(StudyRequest { plan, data: Some(root), precision, out, ..plain })
        }
        PlanSource::Grid => {
            let base = state.config().with_absolute_paths(Path::new(""));
            let text = match state.has_masks() {
                true => form.grid.text(&base)?,
                // Without masks there is nothing to sample: every amount of labels would be the same run.
                false => GridForm { labels: Vec::new(), ..form.grid.clone() }.text(&base.own_labels_only())?,
            };
            let text = Some(text);
            Some(StudyRequest { plan: grid::file(home, &form.name), text, ..plain })
        }
        PlanSource::File if form.file.trim().is_empty() => None,
        PlanSource::File => {
            let data = form.on_project.then_some(root);
            Some(StudyRequest { plan: PathBuf::from(form.file.trim()), data, ..plain })
        }
    })
}

/// The study that is shown, by its plan on the disk: while it is worked at, as it was begun, since the settings may be others by now.
pub(crate) fn on_disk(state: &AppState) -> Option<StudyRequest> {
    let request = match &state.study.started {
        Some(started) if state.study.is_running() => started.clone(),
        _ => request(state, &home(state)?).ok()??,
    };
    Some(StudyRequest { text: None, ..request })
}

/// Runs of the project that took all their steps, with the seconds they took.
fn measured(state: &AppState) -> Vec<Measured> {
    let is_whole = |outcome: &str| outcome == "completed";
    let ended = state.runs.iter().filter_map(|run| run.config.as_ref().zip(run.end.as_ref()));
    ended.filter(|(_, end)| is_whole(&end.outcome)).map(|(config, end)| (config.clone(), end.secs)).collect()
}

/// Takes in what happens in a study. Returns what to do next.
pub(crate) fn take_news(services: &mut Services, state: &mut AppState) -> Option<UiAction> {
    let done = |state: &AppState| state.study.standing.as_ref().map_or(0, |standing| standing.count("done"));
    let before = done(state);
    while let Some(news) = services.study.as_ref().and_then(StudySession::poll) {
        let is_end = matches!(news, StudyNews::Ended { .. } | StudyNews::Failed(_));
        if let Some((level, told)) = state.study.apply(news) {
            state.say(level, told);
        }
        if is_end {
            services.study = None;
            (state.study.is_stopping, state.study.doing) = (false, None);
            look_again(services, state); // The list of plans says how many runs are done, and no run is in progress any more.
        }
    }
    (done(state) > before).then_some(UiAction::ListRuns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::state::held_blocks::tests::state;

    #[test]
    fn while_a_study_is_worked_at_it_is_told_as_it_was_begun() {
        let mut state = state();
        state.runs_home = Some("/runs".into());
        state.study.form.source = PlanSource::BuiltIn;
        let now = on_disk(&state).unwrap();
        let begun = StudyRequest { out: Some("/begun".into()), ..now.clone() };
        state.study.started = Some(StudyRequest { text: Some(String::new()), ..begun.clone() });
        assert_eq!(on_disk(&state), Some(now), "it is over");
        state.study.begin();
        assert_eq!(on_disk(&state), Some(begun));
    }
}
