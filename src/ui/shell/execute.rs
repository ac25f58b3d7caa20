//! The one place where actions are carried out.

use std::path::PathBuf;

use eframe::egui::{Context, ViewportCommand};

use super::services::Services;
use super::{
    checking, class_edits, diagnostics, exporting, figure_gallery, labelling, network_files, opening, quick_saving,
    report_saving, run_control, runs, selection, splitting, studies,
};
use crate::data::ClassEdits;
use crate::domain::split::Split;
use crate::domain::{Edit, Notice, RunConfig};
use crate::engine::Command;
use crate::ui::state::action::{Dialog, Tab, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::class_draft::ClassDraft;
use crate::ui::state::message::Level;
use crate::ui::state::settings::RADII;
use crate::ui::state::study_action::StudyAction;
use crate::ui::state::theme_choice::ThemeChoice;

/// Carries out an action. The match names every action, so the compiler finds one that is not handled.
pub fn execute(services: &mut Services, state: &mut AppState, ctx: &Context, action: UiAction) {
    match action {
        UiAction::PickFolder => opening::pick_project(services, state),
        UiAction::PickRun => opening::pick_run(services, state),
        UiAction::OpenProject(path) => opening::open_project(services, state, path),
        UiAction::OpenDemo => opening::open_demo(services, state),
        UiAction::OpenRun(folder) => opening::open_run(services, state, folder),
        UiAction::Resume { folder, more_epochs } => opening::resume(services, state, folder, more_epochs),
        UiAction::StartFrom(folder) => start_from(services, state, folder),
        UiAction::ListRuns => opening::list_runs(services, state),
        UiAction::Runs(action) => runs::act(services, state, action),
        UiAction::Gallery(action) => figure_gallery::act(services, state, ctx, action),
        UiAction::Study(action) => studies::act(services, state, action),
        UiAction::Report(action) => report_saving::act(services, state, action),
        UiAction::Check => checking::check(services, state),
        UiAction::Relink { from, tile } => labelling::relink(services, state, &from, &tile),
        UiAction::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
        UiAction::KeepOpen => state.closing.keep_open(),
        UiAction::SelectTile(index) => selection::select_tile(services, state, index),
        UiAction::StepTile(steps) => selection::step_tile(services, state, steps),
        UiAction::SetFilter(filter) => state.filter = filter,
        UiAction::Label(edit) => labelling::label(services, state, edit),
        UiAction::StrokeEnded => labelling::tell_labels(services, state),
        UiAction::Undo => labelling::undo(services, state, Edit::Undo),
        UiAction::Redo => labelling::undo(services, state, Edit::Redo),
        UiAction::PickClass(class) => state.pick_class(class),
        UiAction::SetTool(tool) => state.tool = tool,
        UiAction::SetRadius(radius) => state.settings.radius = radius.clamp(*RADII.start(), *RADII.end()),
        UiAction::StepRadius(steps) => state.settings.step_radius(steps),
        UiAction::DraftClasses(draft) => state.class_draft = draft,
        UiAction::SetClasses(edits) => set_classes(services, state, &edits),
        UiAction::SetSplit(index, split) => set_split(state, index, split),
        UiAction::SetForm(form) => set_form(services, state, *form),
        UiAction::StartOrPause => run_control::start_or_pause(services, state),
        UiAction::Stop => run_control::stop(services, state),
        UiAction::ShowCheckpoint(checkpoint) => run_control::send(services, state, Command::Show(checkpoint)),
        UiAction::ConfirmClasses => class_edits::confirm(state),
        UiAction::RefuseClasses => class_edits::refuse(services, state),
        UiAction::Split(action) => splitting::act(services, state, action),
        UiAction::Export(action) => exporting::act(services, state, action),
        UiAction::Network(action) => network_files::act(services, state, action),
        UiAction::Evaluate => run_control::evaluate(services, state),
        UiAction::SaveCheckpoint => run_control::save_checkpoint(services, state),
        UiAction::SaveQuickMap => quick_saving::save(services, state),
        UiAction::SetLearningRate(rate) => run_control::set_learning_rate(services, state, rate),
        UiAction::View(change) => state.change_view(change),
        UiAction::ShowTab(tab) => show_tab(services, state, tab),
        UiAction::ToggleSide => state.side_open = !state.side_open,
        UiAction::SetLogLoss(log) => state.settings.log_loss = log,
        UiAction::SetMatrix(shares) => state.settings.matrix = shares,
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

fn set_form(services: &Services, state: &mut AppState, form: RunConfig) {
    run_control::set_form(services, state, form);
    studies::follow_settings(state);
}

fn start_from(services: &Services, state: &mut AppState, folder: PathBuf) {
    run_control::start_from(services, state, folder);
    studies::follow_settings(state);
}

fn set_split(state: &mut AppState, index: usize, split: Option<Split>) {
    run_control::set_split(state, index, split);
    studies::follow_settings(state);
}

/// Weights of classes are settings, and follow the classes.
fn set_classes(services: &mut Services, state: &mut AppState, edits: &ClassEdits) {
    class_edits::set_classes(services, state, edits);
    studies::follow_settings(state);
}

fn set_theme(state: &mut AppState, ctx: &Context, choice: ThemeChoice) {
    state.settings.theme = choice;
    ctx.set_theme(choice.preference());
}

fn show_tab(services: &mut Services, state: &mut AppState, tab: Tab) {
    state.show_tab(tab);
    match tab {
        Tab::Studies => studies::act(services, state, StudyAction::Look),
        Tab::Compare => figure_gallery::follow(services, state),
        _ => {}
    }
}

fn copy_diagnostics(state: &mut AppState, ctx: &Context) {
    ctx.copy_text(diagnostics::text(state));
    state.say(Level::Info, Notice::new("Diagnostics copied").remedy("Paste them into your report"));
}

fn show(state: &mut AppState, dialog: Option<Dialog>) {
    // Whoever does not cut the scenes is asked next whether their classes are right.
    let asks = dialog.is_none() && state.dialog == Some(Dialog::Split) && opening::is_recognised(state);
    state.dialog = if asks { Some(Dialog::Recognised) } else { dialog };
    if dialog == Some(Dialog::Classes) {
        state.class_draft = ClassDraft::of(state.class_list());
    }
}
