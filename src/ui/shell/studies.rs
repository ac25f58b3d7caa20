//! Studies: looks at a plan in the background, has it carried out on a thread of its own, and takes in what happens.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::jobs::JobOutcome;
use super::opening::report_no_thread;
use super::services::Services;
use crate::domain::config::Precision;
use crate::domain::{Choice as _, Notice, panic};
use crate::study::estimate::Measured;
use crate::study::grid::{self, GridForm};
use crate::study::session::{StudyNews, StudySession};
use crate::study::standing::StudyRequest;
use crate::train::run_list;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::Level;
use crate::ui::state::study_action::StudyAction;
use crate::ui::state::study_state::{PlanSource, StudyForm};

/// Carries out an action.
pub(crate) fn act(services: &mut Services, state: &mut AppState, action: StudyAction) {
    match action {
        StudyAction::SetForm(_) if state.study.is_running() => {} // A file was chosen too late.
        StudyAction::SetForm(form) => {
            state.study.form = *form;
            look(services, state);
        }
        StudyAction::PickPlan => pick_plan(services, state),
        StudyAction::Look => look(services, state),
        StudyAction::Begin => begin(services, state),
        StudyAction::Stop => stop(services, state),
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
    let form = state.study.form.clone();
    let mut dialog = rfd::AsyncFileDialog::new().set_title("Plan of a study").add_filter("Plans", &["toml"]);
    if let Some(open) = &state.project {
        dialog = dialog.set_directory(run_list::studies_home(&open.project.root));
    }
    let then = move |file: PathBuf| {
        let form = StudyForm { file: file.display().to_string(), source: PlanSource::File, ..form };
        UiAction::Study(StudyAction::SetForm(Box::new(form)))
    };
    let picked = dialog.pick_file();
    // On a desktop without such a dialog the path is typed into the field beside the button.
    let result = services.jobs.spawn("file dialog", move || match pollster::block_on(picked) {
        Some(chosen) => JobOutcome::Picked(then(chosen.path().to_path_buf())),
        None => JobOutcome::Nothing,
    });
    report_no_thread(state, result);
}

/// Sees in the background how the chosen study stands.
fn look(services: &Services, state: &mut AppState) {
    if state.study.is_running() {
        return;
    }
    let look = state.study.next_look();
    let last = Arc::clone(&state.study.last_look);
    match request(state) {
        Ok(Some(request)) => {
            let result = services.jobs.spawn("look at study", move || {
                let stands = panic::caught(|| {
                    request.look(&|| last.load(Ordering::Relaxed) == look).map_err(|error| format!("{error:#}"))
                });
                JobOutcome::Study(look, stands.unwrap_or_else(Err).map(Box::new))
            });
            report_no_thread(state, result);
        }
        Ok(None) => (state.study.standing, state.study.fault) = (None, None),
        Err(why) => (state.study.standing, state.study.fault) = (None, Some(why)),
    }
}

fn begin(services: &mut Services, state: &mut AppState) {
    if let Some(why) = state.why_no_study() {
        state.say(Level::Warning, Notice::new("The study cannot start").cause(why));
        return;
    }
    let device = state.settings.form.device.clone();
    match request(state) {
        Ok(Some(request)) => match StudySession::start(request, device, services.waker()) {
            Ok(session) => {
                services.study = Some(session);
                state.study.begin();
            }
            Err(error) => report_no_thread(state, Err(error)),
        },
        Ok(None) => {}
        Err(why) => state.study.fault = Some(why),
    }
}

/// The chosen plan with its data and its folder; `None` while none is chosen.
fn request(state: &AppState) -> Result<Option<StudyRequest>, String> {
    let Some(open) = &state.project else { return Ok(None) };
    let (form, root) = (&state.study.form, open.project.root.clone());
    let home = run_list::studies_home(&root);
    let plain = StudyRequest {
        plan: PathBuf::new(),
        text: None,
        data: None,
        precision: None,
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
            let text = match open.project.tiles.iter().any(|tile| tile.mask.is_some()) {
                true => form.grid.text(&base)?,
                // Without masks there is nothing to sample: every amount of labels would be the same run.
                false => GridForm { labels: Vec::new(), ..form.grid.clone() }.text(&base.own_labels_only())?,
            };
            let text = Some(text);
            Some(StudyRequest { plan: grid::file(&home, &form.name), text, ..plain })
        }
        PlanSource::File if form.file.trim().is_empty() => None,
        PlanSource::File => {
            let data = form.on_project.then_some(root);
            Some(StudyRequest { plan: PathBuf::from(form.file.trim()), data, ..plain })
        }
    })
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
        if let StudyNews::Failed(why) = &news {
            state.say(Level::Error, Notice::new("The study cannot go on").cause(why.as_str()));
        }
        if let Some(told) = state.study.apply(news) {
            state.say(Level::Error, told);
        }
        if is_end {
            services.study = None;
            (state.study.is_stopping, state.study.doing) = (false, None);
        }
    }
    (done(state) > before).then_some(UiAction::ListRuns)
}
