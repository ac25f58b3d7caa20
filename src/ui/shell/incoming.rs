//! Folds what the services deliver into the state, and returns the actions that follow from it. The app executes them.

use std::time::{Duration, Instant};

use eframe::egui::{ColorImage, Context, TextureOptions};

use super::jobs::{JobOutcome, ProjectRuns};
use super::opening::take_project;
use super::services::Services;
use super::tiles::loaded::Loaded;
use super::{class_edits, exporting, figure_gallery, figure_saving, network_files, report_saving, splitting, studies};
use crate::data::label::journal::DiskState;
use crate::domain::{Notice, RunConfig};
use crate::ui::state::action::{Tab, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::check::CheckState;
use crate::ui::state::message::Level;
use crate::ui::state::runs_action::RunsAction;

/// Draining engine events stops after this long, so that a flood of them never delays a frame.
const DRAIN: Duration = Duration::from_millis(10);

/// Takes in the result of a job. Returns what to do next.
pub(crate) fn take_outcome(services: &mut Services, state: &mut AppState, outcome: JobOutcome) -> Vec<UiAction> {
    match outcome {
        JobOutcome::Opened(opened) => return take_project(services, state, *opened),
        JobOutcome::OpenFailed(path, why) => {
            (state.opening, state.reopen_at) = (None, None);
            state.settings.recent.retain(|recent| *recent != path);
            state.say(Level::Error, Notice::new("The folder could not be opened").cause(why));
        }
        JobOutcome::Picked(action) => return vec![action],
        JobOutcome::FiguresRead(read) => figure_gallery::take(services, state, read),
        JobOutcome::FiguresDrawn(drawn) => state.gallery.take_drawn(drawn),
        JobOutcome::ReportWritten(result) => report_saving::take(state, result),
        JobOutcome::FiguresWritten { root, result } => figure_saving::take(state, &root, result),
        JobOutcome::NoFolderDialog(instead) => {
            state.say(Level::Info, Notice::new("The desktop has no dialog for files").remedy("Type the path instead"));
            return vec![UiAction::Show(Some(instead))];
        }
        JobOutcome::Split { root, there, result } => return splitting::take(state, root, there, result),
        JobOutcome::Refused { root, result } => return class_edits::take_refused(state, root, result),
        JobOutcome::Network { news, runs } => network_files::take(state, news, runs),
        JobOutcome::Runs(ProjectRuns { root, runs }) if state.is_open(&root) => {
            state.take_runs(runs);
            return vec![UiAction::Runs(RunsAction::ReadFigures)];
        }
        JobOutcome::Figures(figures) => state.runs_table.figures.extend(figures),
        JobOutcome::QuickSaved { folder, runs: ProjectRuns { root, runs } } => {
            if state.is_open(&root) {
                state.take_runs(runs);
                (state.settings.tab, state.settings.lower_open) = (Tab::Runs, Some(true));
            }
            state.say(Level::Info, format!("The quick map is saved as a run: {}", folder.display()));
        }
        JobOutcome::Study(look, found) => state.study.looked(look, *found),
        JobOutcome::Checked(root, report) if state.is_open(&root) => {
            report.warning.iter().for_each(|warning| state.say(Level::Warning, warning.as_str()));
            state.check = CheckState::Done(report);
        }
        JobOutcome::Failed(notice) => state.say(Level::Error, notice),
        // Another project was opened meanwhile.
        JobOutcome::Runs(_) | JobOutcome::Checked(..) | JobOutcome::Nothing => {}
    }
    Vec::new()
}

/// Takes in tiles, previews and engine events that came since the last frame; `since` is when this frame began to take
/// things in. Requests another frame if there was no time for all. Returns what to do next.
pub(crate) fn take_news(
    services: &mut Services,
    state: &mut AppState,
    ctx: &Context,
    since: Instant,
) -> Option<UiAction> {
    for loaded in services.tiles.poll() {
        take_loaded(state, loaded, ctx);
    }
    let renews = state.view.network.is_some();
    let preview = services.attention.prediction(ctx, renews, || services.engine.take_preview());
    if let Some(preview) = preview {
        state.apply_preview(preview);
    }
    if let Some(answer) = services.quick.poll() {
        state.apply_quick(answer);
    }
    exporting::take_news(services, state);
    let (was_running, form) = (state.run.is_running(), state.settings.form.clone());
    while let Some(event) = services.engine.try_event() {
        state.apply(event);
        if since.elapsed() > DRAIN {
            ctx.request_repaint();
            break;
        }
    }
    follow_form(services, state, &form);
    report_disk(state);
    (was_running && !state.run.is_running()).then_some(UiAction::ListRuns)
}

/// Follows a run that was opened and has filled in the form; before, it was this.
fn follow_form(services: &Services, state: &mut AppState, before: &RunConfig) {
    if state.settings.form.sampling != before.sampling {
        services.tiles.set_sampling(state.settings.form.sampling);
    }
    if state.settings.form != *before {
        studies::follow_settings(state);
    }
}

fn take_loaded(state: &mut AppState, loaded: Loaded, ctx: &Context) {
    let in_view = state.tile().map(|tile| tile.id.clone());
    match loaded {
        Loaded::Thumbnail { tile, image } => {
            let size = [image.width() as usize, image.height() as usize];
            let image = ColorImage::from_rgb(size, image.as_raw());
            let texture = ctx.load_texture(format!("thumbnail {tile}"), image, TextureOptions::LINEAR);
            state.thumbnails.insert(tile, texture);
        }
        Loaded::View(view) if Some(&view.tile) == in_view.as_ref() => {
            if let Some(project) = &state.project {
                state.view.redraw_labels(&project.book, &view.tile, view.size);
            }
            state.view.tile = Some(view);
        }
        Loaded::Sampled { tile, mask, counts, .. } if Some(&tile) == in_view.as_ref() => {
            (state.view.sampled, state.view.sampled_counts) = (Some(mask), counts);
        }
        Loaded::Fault { tile, message } => {
            if Some(&tile) == in_view.as_ref() {
                state.view.fault = Some(message.clone());
            }
            if let Some(project) = &mut state.project
                && project.mark_fault(&tile, &message)
            {
                state.assign_roles();
                state.say(Level::Info, Notice::new(format!("Tile {tile} cannot be used")).cause(message));
                state.say_faults();
            }
        }
        Loaded::Progress { done, total } => state.decoding = Some((done, total)),
        Loaded::View(_) | Loaded::Sampled { .. } => {}
    }
}

/// Reports once that the disk refused labels.
fn report_disk(state: &mut AppState) {
    let Some(project) = state.project.as_mut().filter(|project| !project.disk_failure_reported) else { return };
    if let DiskState::Failed(why) = project.disk.state() {
        project.disk_failure_reported = true;
        let notice = Notice::new("The last labels could not be written to disk").cause(why);
        let remedy = format!("Copy {} to another disk before you continue", project.journal.display());
        state.say(Level::Error, notice.remedy(remedy));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::Project;
    use crate::data::label::journal::Disk;
    use crate::domain::LabelBook;
    use crate::kernels::gate::Gate;
    use crate::ui::shell::attention::Attention;
    use crate::ui::state::open_project::OpenProject;
    use crate::ui::state::settings::Settings;

    #[test]
    fn a_picked_folder_becomes_an_action_for_the_app() {
        let attention = Attention::new(Box::leak(Box::new(Gate::opened())), true);
        let mut services = Services::start(&Context::default(), attention).unwrap();
        let mut state = AppState::new(Settings::default());
        let open = UiAction::OpenProject("/p".into());
        let actions = take_outcome(&mut services, &mut state, JobOutcome::Picked(open.clone()));
        assert_eq!((actions, state.opening), (vec![open], None), "the action is returned, not executed");
    }

    #[test]
    fn a_job_that_fails_says_nothing_of_the_project_being_opened() {
        let attention = Attention::new(Box::leak(Box::new(Gate::opened())), true);
        let mut services = Services::start(&Context::default(), attention).unwrap();
        let mut state = AppState::new(Settings::default());
        state.opening = Some("/p".into());
        take_outcome(&mut services, &mut state, JobOutcome::Failed(Notice::new("Tags were not saved")));
        assert!(state.opening.is_some() && state.why_busy().is_some());
        take_outcome(&mut services, &mut state, JobOutcome::OpenFailed("/p".into(), "it is no folder".to_owned()));
        assert!(state.opening.is_none() && state.why_busy().is_none());
    }

    #[test]
    fn a_study_is_looked_at_again_once_a_run_has_filled_in_the_form() {
        let attention = Attention::new(Box::leak(Box::new(Gate::opened())), true);
        let services = Services::start(&Context::default(), attention).unwrap();
        let mut state = AppState::new(Settings::default());
        state.settings.tab = Tab::Studies;
        let same = state.settings.form.clone();
        follow_form(&services, &mut state, &same);
        assert!(!state.study.looks.is_looking());
        let before = RunConfig { seed: same.seed + 1, ..same };
        follow_form(&services, &mut state, &before);
        assert!(state.study.looks.is_looking());
    }

    #[test]
    fn runs_of_another_project_are_not_listed() {
        let attention = Attention::new(Box::leak(Box::new(Gate::opened())), true);
        let mut services = Services::start(&Context::default(), attention).unwrap();
        let dir = tempfile::tempdir().unwrap();
        image::RgbImage::new(4, 4).save(dir.path().join("a.png")).unwrap();
        let mut state = AppState::new(Settings::default());
        let project = Project::open(dir.path()).unwrap();
        let root = project.root.clone();
        state.project = Some(OpenProject::new(project, LabelBook::default(), dir.path().join("labels.jsonl")));
        state.runs_table.ticked = vec!["/b/runs/1".into()];
        let runs = |root: &Path| JobOutcome::Runs(ProjectRuns { root: root.to_owned(), runs: Vec::new() });
        assert!(take_outcome(&mut services, &mut state, runs(Path::new("/a"))).is_empty());
        assert_eq!(state.runs_table.ticked.len(), 1, "the ticks are of runs of the open project");
        assert_eq!(take_outcome(&mut services, &mut state, runs(&root)).len(), 1);
        assert!(state.runs_table.ticked.is_empty());
    }

    #[test]
    fn a_disk_that_refuses_labels_is_reported_once_with_the_file() {
        let dir = tempfile::tempdir().unwrap();
        image::RgbImage::new(4, 4).save(dir.path().join("a.png")).unwrap();
        let project = Project::open(dir.path()).unwrap();
        let mut state = AppState::new(Settings::default());
        let mut open = OpenProject::new(project, LabelBook::default(), dir.path().join("labels.jsonl"));
        open.disk = Disk::refused("no space left");
        state.project = Some(open);
        report_disk(&mut state);
        report_disk(&mut state);
        let text = state.messages.text();
        assert_eq!(text.matches("no space left").count(), 1, "{text}");
        assert!(text.contains("labels.jsonl"), "{text}");
    }
}
