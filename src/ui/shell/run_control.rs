//! Starts, pauses and stops runs, and changes the settings of the next one.

use std::path::{Path, PathBuf};

use super::services::Services;
use crate::domain::split::Split;
use crate::domain::{Notice, RunConfig};
use crate::engine::{Command, Phase};
use crate::train::run_list;
use crate::ui::state::app_state::AppState;
use crate::ui::state::export_state::ExportState;
use crate::ui::state::message::Level;
use crate::ui::state::run_state::RunState;

/// Sends a command; tells the user if the engine's queue is full.
pub(crate) fn send(services: &Services, state: &mut AppState, command: Command) {
    if !services.engine.send(command) {
        let notice = Notice::new("The engine is busy").remedy("Wait for the current step to end and try again");
        state.say(Level::Error, notice);
    }
}

pub(crate) fn start_or_pause(services: &mut Services, state: &mut AppState) {
    match state.run.phase {
        Phase::Idle => start(services, state),
        Phase::Paused => send(services, state, Command::Resume),
        Phase::Tuning | Phase::Training | Phase::Evaluating { .. } => send(services, state, Command::Pause),
        Phase::Preparing { .. } | Phase::Stopping => {} // Nothing to pause yet, or no longer.
    }
}

/// Stops the run. A step that is being taken ends first, which is told where it takes minutes.
pub(crate) fn stop(services: &Services, state: &mut AppState) {
    send(services, state, Command::Stop);
    if state.run.phase == Phase::Tuning {
        let cause = "a GPU that tries kernels cannot be interrupted; the next run need not try them again";
        state.say(Level::Info, Notice::new("The run stops after its first step").cause(cause));
    }
}

fn start(services: &mut Services, state: &mut AppState) {
    let (Some(_), Some(home)) = (&state.project, &state.runs_home) else { return };
    if state.opening.is_some() {
        let notice = Notice::new("A project is being opened").remedy("Start when it is open");
        state.say(Level::Warning, notice);
        return;
    }
    if let Some(why) = state.why_no_start() {
        state.say(Level::Error, Notice::new("The run cannot start").cause(why));
        return;
    }
    let config = state.config();
    let has_masks =
        state.project.as_ref().is_some_and(|open| open.project.tiles.iter().any(|tile| tile.mask.is_some()));
    let config = if has_masks { config } else { config.own_labels_only() };
    let config = config.with_absolute_paths(Path::new(""));
    let name = run_list::name(&config, state.clock);
    let Some(out) = run_list::free_folder(home, &name) else { return };
    services.last_run += 1;
    state.run.give_way_to(RunState::starting(services.last_run));
    state.export = ExportState::default();
    services.forget_quick_export();
    state.view.network = None;
    if !services.engine.send(Command::Start { run: services.last_run, config: Box::new(config), out }) {
        state.run.give_back();
        state.say(Level::Error, Notice::new("The engine is busy").remedy("Wait a moment and start again"));
    }
}

/// Evaluates the network in training. A finished run has its scores already.
pub(crate) fn evaluate(services: &Services, state: &mut AppState) {
    if state.run.is_running() {
        send(services, state, Command::Evaluate);
    } else {
        state.say(Level::Info, Notice::new("No run is in progress").remedy("The last scores are in the Scores tab"));
    }
}

pub(crate) fn save_checkpoint(services: &Services, state: &mut AppState) {
    let unsaved = state.run.summary.as_ref().is_some_and(|summary| summary.unsaved.is_some());
    if state.run.is_running() || unsaved {
        send(services, state, Command::Save);
    } else {
        let cause = "labels are saved with each click, checkpoints when a run ends";
        state.say(Level::Info, Notice::new("Nothing to save").cause(cause));
    }
}

pub(crate) fn set_learning_rate(services: &Services, state: &mut AppState, rate: f64) {
    state.requested_rate = Some(rate);
    send(services, state, Command::SetLearningRate(rate));
}

pub(crate) fn set_form(services: &Services, state: &mut AppState, form: RunConfig) {
    if form.sampling != state.settings.form.sampling && form.sampling.strategy.problem().is_none() {
        services.tiles.set_sampling(form.sampling);
    }
    state.settings.form = form;
    state.assign_roles();
}

/// Lets the next run start from the weights of another one, whose network it takes over.
pub(crate) fn start_from(services: &Services, state: &mut AppState, folder: PathBuf) {
    let Some(run) = state.runs.iter().find(|run| run.folder == folder) else { return };
    let Some(model) = run.config.as_ref().map(|config| config.model.clone()) else { return };
    let notice = Notice::new(format!("The next run starts from the weights of {}", run.name));
    let form = RunConfig { model, init_from: Some(folder), ..state.settings.form.clone() };
    set_form(services, state, form);
    state.say(Level::Info, notice.remedy("Its network is chosen in the form; classes are matched by name"));
}

/// Assigns a tile to a split, or leaves it to the dataset and the random split.
pub(crate) fn set_split(state: &mut AppState, index: usize, split: Option<Split>) {
    let Some(open) = &state.project else { return };
    let Some(file) = open.project.tiles.get(index).map(|tile| tile.file.clone()) else { return };
    let of_project = state.settings.splits.entry(open.project.root.clone()).or_default();
    match split {
        Some(split) => of_project.insert(file, split),
        None => of_project.remove(&file),
    };
    state.assign_roles();
}
