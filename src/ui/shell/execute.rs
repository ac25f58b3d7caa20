//! The one place where actions are carried out.

use std::sync::Arc;

use eframe::egui::{Context, ViewportCommand};

use super::services::Services;
use super::{diagnostics, opening};
use crate::data::ClassEdits;
use crate::domain::split::Split;
use crate::domain::{Edit, RunConfig};
use crate::engine::{Command, Phase};
use crate::train::run_list;
use crate::ui::canvas::ToolKind;
use crate::ui::panels::theme::ThemeChoice;
use crate::ui::state::action::{Dialog, Tab, UiAction, ViewAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::check::{CheckState, Progress};
use crate::ui::state::class_draft::ClassDraft;
use crate::ui::state::in_view::InView;
use crate::ui::state::message::Level;
use crate::ui::state::run_state::RunState;
use crate::ui::state::settings::RADII;

/// Carries an action out. Every one is named here: one that is new cannot be forgotten.
pub fn execute(services: &mut Services, state: &mut AppState, ctx: &Context, action: UiAction) {
    match action {
        UiAction::PickFolder => opening::pick_project(services, state),
        UiAction::PickRun => opening::pick_run(services, state),
        UiAction::OpenProject(path) => opening::open_project(services, state, path),
        UiAction::OpenDemo => opening::open_demo(services, state),
        UiAction::OpenRun(folder) => opening::open_run(services, state, folder),
        UiAction::ListRuns => opening::list_runs(services, state),
        UiAction::Check => check(services, state),
        UiAction::Relink { from, tile } => relink(services, state, &from, &tile),
        UiAction::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
        UiAction::SelectTile(index) => select_tile(services, state, index),
        UiAction::StepTile(steps) => step_tile(services, state, steps),
        UiAction::SetFilter(filter) => state.filter = filter,
        UiAction::Label(edit) => label(services, state, edit),
        UiAction::StrokeEnded => tell_labels(services, state),
        UiAction::Undo => undo(services, state, Edit::Undo),
        UiAction::Redo => undo(services, state, Edit::Redo),
        UiAction::PickClass(class) => pick_class(state, class),
        UiAction::SetTool(tool) => state.tool = tool,
        UiAction::SetRadius(radius) => state.settings.radius = radius.clamp(*RADII.start(), *RADII.end()),
        UiAction::StepRadius(steps) => state.settings.step_radius(steps),
        UiAction::DraftClasses(draft) => state.class_draft = draft,
        UiAction::SetClasses(edits) => set_classes(services, state, &edits),
        UiAction::SetSplit(index, split) => set_split(state, index, split),
        UiAction::SetForm(form) => set_form(services, state, *form),
        UiAction::StartOrPause => start_or_pause(services, state),
        UiAction::Stop => send(services, state, Command::Stop),
        UiAction::ShowCheckpoint(checkpoint) => send(services, state, Command::Show(checkpoint)),
        UiAction::Evaluate => evaluate(services, state),
        UiAction::SaveCheckpoint => save_checkpoint(services, state),
        UiAction::SetLearningRate(rate) => set_learning_rate(services, state, rate),
        UiAction::View(change) => change_view(state, change),
        UiAction::ShowTab(tab) => show_tab(state, tab),
        UiAction::ToggleSide => state.side_open = !state.side_open,
        UiAction::SetLogLoss(log) => state.settings.log_loss = log,
        UiAction::SetTheme(choice) => set_theme(state, ctx, choice),
        UiAction::StepZoom(steps) => services.pointer.step_zoom(ctx, steps),
        UiAction::ResetZoom => services.pointer.set_zoom(ctx, 1.0),
        UiAction::Show(dialog) => show(state, dialog),
        UiAction::TypePath(path) => state.typed_path = path,
        UiAction::Dismiss(index) => state.messages.dismiss(index),
        UiAction::DismissHelp => state.settings.help_dismissed = true,
        UiAction::CopyLog => ctx.copy_text(state.messages.text()),
        UiAction::CopyDiagnostics => copy_diagnostics(state, ctx),
    }
}

/// What the views show, and how.
fn change_view(state: &mut AppState, change: ViewAction) {
    let active = state.active_view;
    match change {
        ViewAction::Fit => state.camera.fit(),
        ViewAction::ActualSize => state.camera.actual_size(),
        ViewAction::ToggleTwo => {
            state.settings.two_views = !state.settings.two_views;
            state.active_view = 0;
        }
        ViewAction::SetPreset(view, preset) => state.settings.layers[view] = preset.layers(),
        ViewAction::Activate(view) => state.active_view = view,
        ViewAction::ActivateOther => state.active_view = if state.settings.two_views { 1 - active } else { active },
        ViewAction::ToggleLayer(layer) => {
            let style = &mut state.settings.layers[active][layer];
            style.visible = !style.visible;
        }
        ViewAction::SetOpacity(layer, opacity) => {
            state.settings.layers[active][layer].opacity = opacity.clamp(0.0, 1.0);
        }
        ViewAction::ToggleClass(class) => toggle_class(state, class),
        ViewAction::ToggleClassInHand => toggle_class(state, state.class),
    }
}

/// The tab that is in front folds the panel, and opens it again.
fn show_tab(state: &mut AppState, tab: Tab) {
    let folds = state.settings.tab == tab && state.room.lower;
    (state.settings.tab, state.settings.lower_open) = (tab, Some(!folds));
}

/// A key may name a class that the project does not have.
fn pick_class(state: &mut AppState, class: u8) {
    if usize::from(class) < state.class_list().len() {
        (state.class, state.tool) = (class, ToolKind::Brush);
    }
}

fn set_theme(state: &mut AppState, ctx: &Context, choice: ThemeChoice) {
    state.settings.theme = choice;
    ctx.set_theme(choice.preference());
}

fn copy_diagnostics(state: &mut AppState, ctx: &Context) {
    ctx.copy_text(diagnostics::text(state));
    state.say(Level::Info, "Diagnostics copied: paste them into the report");
}

fn set_learning_rate(services: &Services, state: &mut AppState, rate: f64) {
    state.asked_rate = Some(rate);
    send(services, state, Command::SetLearningRate(rate));
}

fn show(state: &mut AppState, dialog: Option<Dialog>) {
    state.dialog = dialog;
    if dialog == Some(Dialog::Classes) {
        state.class_draft = ClassDraft::of(state.class_list());
    }
}

fn toggle_class(state: &mut AppState, class: u8) {
    if let Some(project) = &mut state.project {
        project.toggle_class(class);
    }
}

/// Sends a command; says so if the engine does not listen.
fn send(services: &Services, state: &mut AppState, command: Command) {
    if !services.engine.send(command) {
        state.say(Level::Error, "The engine is busy: wait for the step at hand to end and try again");
    }
}

/// Brings a tile into view.
pub(crate) fn select_tile(services: &mut Services, state: &mut AppState, index: usize) {
    state.selected = index;
    state.hover_in_image = None;
    let Some(tile) = state.tile().cloned() else { return };
    state.view = InView::default();
    state.view.fault = tile.fault.clone();
    if let Some(project) = &state.project {
        state.view.count_own(&project.book, &tile.id);
    }
    if tile.fault.is_none() {
        services.tiles.want_view(&tile.id);
    }
}

fn step_tile(services: &mut Services, state: &mut AppState, steps: i32) {
    if let Some(next) = state.tile_after(steps)
        && next != state.selected
    {
        select_tile(services, state, next);
        state.scroll_to_tile = true;
    }
}

/// Writes an edit to disk, then draws it. What cannot be written is not drawn either: the file is the truth.
fn label(services: &mut Services, state: &mut AppState, edit: Edit) {
    let in_view = state.tile().map(|tile| tile.id.clone());
    let (Some(project), Some(journal)) = (&mut state.project, &mut services.journal) else { return };
    let drawn_on = project.book.standing().last().map(|stroke| stroke.tile.clone());
    if matches!(edit, Edit::Extend(_)) && drawn_on != in_view {
        return; // The tile changed under a drag: its positions mean nothing on the tile it began on.
    }
    let written = journal.append(&edit);
    project.saved = written.is_ok();
    if let Err(error) = written {
        let text = format!("The label could not be saved, so it was not placed: {error}");
        state.say(Level::Error, &text);
        return;
    }
    let Some(tile) = project.book.apply(edit) else { return };
    project.recount(&tile);
    // The tile of an undone stroke may have left the project: what is in view is not touched then.
    if in_view.as_ref() == Some(&tile) {
        state.view.follow_labels(&project.book, &tile);
    }
}

/// Undoes or redoes, on the tile it belongs to, so that it is seen.
fn undo(services: &mut Services, state: &mut AppState, edit: Edit) {
    let Some(project) = &state.project else { return };
    let tile = if edit == Edit::Undo { project.book.next_undo() } else { project.book.next_redo() };
    let Some(tile) = tile.map(|stroke| stroke.tile.clone()) else { return };
    let place = project.project.tiles.iter().position(|candidate| candidate.id == tile);
    if let Some(index) = place.filter(|index| *index != state.selected) {
        select_tile(services, state, index);
        state.scroll_to_tile = true;
    }
    label(services, state, edit);
    tell_labels(services, state);
}

/// The trainer reads the labels anew.
fn tell_labels(services: &Services, state: &AppState) {
    if state.run.is_running() {
        // A full queue holds a step's worth of commands: the worker reads the journal when it gets to them.
        services.engine.send(Command::LabelsChanged);
    }
}

/// Scores the network of this moment; one that is no longer learning has its scores.
fn evaluate(services: &Services, state: &mut AppState) {
    if state.run.is_running() {
        send(services, state, Command::Evaluate);
    } else {
        state.say(Level::Info, "No run is on: what was scored last stands under Scores");
    }
}

/// Looks at all masks in the background.
pub(crate) fn check(services: &Services, state: &mut AppState) {
    state.check.stop();
    let Some(open) = &state.project else { return };
    let (progress, project) = (Arc::new(Progress::default()), (*open.project).clone());
    let result = services.jobs.check(project, state.config(), Arc::clone(&progress));
    state.check = CheckState::Running(progress);
    opening::failed_to_start(state, result);
}

/// Gives labels whose tile is gone to another one.
fn relink(services: &mut Services, state: &mut AppState, from: &str, tile: &str) {
    let (Some(open), Some(journal)) = (&mut state.project, &mut services.journal) else { return };
    if let Err(error) = journal.relink(&mut open.book, from, tile) {
        return state.say(Level::Error, &error.to_string());
    }
    open.lost_labels = journal.unlinked(&open.book);
    open.recount(tile);
    state.say(Level::Info, &format!("The labels of {from} lie on {tile} now"));
    if let Some(selected) = state.tile().filter(|selected| selected.id == tile).map(|_| state.selected) {
        select_tile(services, state, selected);
    }
    tell_labels(services, state);
}

fn set_classes(services: &mut Services, state: &mut AppState, edits: &ClassEdits) {
    let Some(open) = &mut state.project else { return };
    let mut project = (*open.project).clone();
    if let Err(error) = project.edit_classes(edits) {
        return state.say(Level::Error, &format!("The classes could not be saved: {error}"));
    }
    state.dialog = None;
    if edits.keep_indices() {
        if let Some(journal) = &mut services.journal {
            journal.set_classes(&project);
        }
        open.set_project(project);
        state.fit_to_classes();
        check(services, state);
        return services.reload_tiles(state);
    }
    // Labels know their class by its index: they are read anew, by name.
    state.follow_classes(edits);
    state.reopen_at = state.tile().map(|tile| tile.id.clone());
    opening::open_project(services, state, project.root);
}

fn set_form(services: &Services, state: &mut AppState, form: RunConfig) {
    if form.sampling != state.settings.form.sampling && form.sampling.strategy.problem().is_none() {
        services.tiles.set_sampling(form.sampling);
    }
    state.settings.form = form;
    state.divide();
}

/// Chooses the part of a tile by hand, or leaves it to the dataset and the draw again.
fn set_split(state: &mut AppState, index: usize, split: Option<Split>) {
    let Some(open) = &state.project else { return };
    let Some(file) = open.project.tiles.get(index).map(|tile| tile.file.clone()) else { return };
    let of_project = state.settings.splits.entry(open.project.root.clone()).or_default();
    match split {
        Some(split) => of_project.insert(file, split),
        None => of_project.remove(&file),
    };
    state.divide();
}

fn start_or_pause(services: &mut Services, state: &mut AppState) {
    match state.run.phase {
        Phase::Idle => start(services, state),
        Phase::Paused => send(services, state, Command::Resume),
        Phase::Training | Phase::Evaluating { .. } => send(services, state, Command::Pause),
        Phase::Preparing { .. } | Phase::Stopping => {} // There is nothing to pause yet, or no more.
    }
}

fn start(services: &mut Services, state: &mut AppState) {
    let (Some(_), Some(home)) = (&state.project, &state.runs_home) else { return };
    if state.opening.is_some() {
        state.say(Level::Warning, "A project is being opened: start when it is there");
        return;
    }
    if let Some(why) = state.why_no_start() {
        state.say(Level::Error, &format!("The run cannot start: {why}"));
        return;
    }
    let config = state.config();
    let has_masks =
        state.project.as_ref().is_some_and(|open| open.project.tiles.iter().any(|tile| tile.mask.is_some()));
    let config = if has_masks { config } else { config.own_labels_only() };
    let name = run_list::name(&config, state.clock);
    let names = (1..).map(|i| if i == 1 { name.clone() } else { format!("{name}-{i}") });
    let Some(out) = names.map(|name| home.join(name)).find(|out| !out.exists()) else { return };
    services.last_run += 1;
    state.run = RunState::starting(services.last_run);
    state.view.prediction = None;
    if !services.engine.send(Command::Start { run: services.last_run, config: Box::new(config), out }) {
        state.run = RunState::default();
        state.say(Level::Error, "The engine is busy: wait a moment and start again");
    }
}

fn save_checkpoint(services: &Services, state: &mut AppState) {
    let unsaved = state.run.summary.as_ref().is_some_and(|summary| summary.unsaved.is_some());
    if state.run.is_running() || unsaved {
        send(services, state, Command::Save);
    } else {
        state.say(Level::Info, "Nothing to save: labels are written with each click, a run's checkpoints when it ends");
    }
}
