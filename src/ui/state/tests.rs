//! The state as events and actions change it.

use std::path::PathBuf;

use super::app_state::AppState;
use super::open_project::OpenProject;
use super::run_state::RunState;
use super::settings::Settings;
use super::tool::ToolKind;
use crate::data::export::save;
use crate::data::{Project, write_classes};
use crate::domain::config::Preset;
use crate::domain::split::Split;
use crate::domain::weights::ClassWeights;
use crate::domain::{Classes, Edit, LabelBook};
use crate::engine::{Event, EventKind};

/// A state with three tiles, nothing read of them yet.
fn state() -> AppState {
    let root = tempfile::tempdir().unwrap();
    write_classes(root.path(), &Classes::deepglobe()).unwrap();
    for id in ["172307", "172308", "900100"] {
        let picture = image::RgbImage::new(8, 8);
        save::rgb_png(&root.path().join(format!("{id}.png")), &picture).unwrap();
    }
    let project = Project::open(root.path()).unwrap();
    assert_eq!(project.tiles.len(), 3, "{project:?}");
    let mut state = AppState::new(Settings::default());
    state.project = Some(OpenProject::new(project, LabelBook::default(), PathBuf::new()));
    state
}

#[test]
fn stepping_follows_the_filter_and_stops_at_the_ends() {
    let mut state = state();
    assert_eq!((state.tile_after(1), state.tile_after(-1)), (Some(1), Some(0)));
    state.selected = 2;
    assert_eq!(state.tile_after(1), Some(2));
    state.filter = " 1723 ".to_owned();
    assert_eq!(state.shown_tiles(), [0, 1]);
    assert_eq!(state.tile_after(1), Some(0), "the tile in view is filtered away");
    state.filter = "nothing".to_owned();
    assert_eq!(state.tile_after(1), None);
}

#[test]
fn a_project_without_masks_starts_with_the_preset_for_few_clicks() {
    let mut state = state();
    state.choose_preset();
    assert_eq!(Preset::of(&state.settings.form), Some(Preset::FewClicks));
    state.settings.form.train.batch = 7;
    state.choose_preset();
    assert_eq!(state.settings.form.train.batch, 7, "what the user filled in stays");
}

#[test]
fn a_run_that_cannot_start_says_why() {
    let nothing_open = AppState::new(Settings::default());
    assert!(nothing_open.why_no_start().unwrap().contains("project"));
    let mut state = state();
    assert!(state.can_start());
    state.settings.form.train.batch = 0;
    assert!(state.why_no_start().unwrap().contains("batch of 0"));
}

#[test]
fn a_run_locks_the_form_and_a_failure_unlocks_it() {
    let mut state = state();
    state.run = RunState::starting(3);
    assert!(!state.can_start() && !state.can_edit_classes());
    state.requested_rate = Some(0.5);
    assert!((state.current_rate() - 0.5).abs() < 1e-12);
    state.apply(Event { run: 2, kind: EventKind::Failed("an older run".into()) });
    assert!(state.messages.all().is_empty());
    state.apply(Event { run: 3, kind: EventKind::Failed("no memory: take a smaller batch".into()) });
    assert!(state.can_start());
    assert_eq!(state.requested_rate, None);
    let toast = state.messages.toasts().next().unwrap().1;
    assert_eq!(
        (toast.notice.headline.as_str(), toast.notice.cause.as_deref()),
        ("The run did not start", Some("no memory: take a smaller batch"))
    );
}

#[test]
fn the_field_shows_the_requested_rate_until_the_engine_confirms() {
    let mut state = state();
    state.run = RunState::starting(3);
    state.requested_rate = Some(0.5);
    state.apply(Event { run: 3, kind: EventKind::LearningRate(0.3) });
    assert!((state.current_rate() - 0.5).abs() < 1e-12, "an earlier request was confirmed");
    state.apply(Event { run: 3, kind: EventKind::LearningRate(0.5) });
    assert_eq!(state.requested_rate, None);
    assert!((state.current_rate() - 0.5).abs() < 1e-12);
}

#[test]
fn an_opened_run_fills_in_the_form() {
    let mut state = state();
    state.run = RunState::opening(3);
    let mut info = crate::ui::state::run_state::tests::info();
    info.config.train.length = crate::domain::config::Length::Steps(77);
    info.config.data = "/elsewhere".into();
    state.apply(Event { run: 3, kind: EventKind::Started(Box::new(info)) });
    assert_eq!(state.settings.form.train.length, crate::domain::config::Length::Steps(77));
    assert_eq!(state.settings.form.data, Settings::default().form.data);
    state.run = RunState::starting(4);
    let kind = EventKind::Started(Box::new(crate::ui::state::run_state::tests::info()));
    state.apply(Event { run: 4, kind });
    assert_eq!(state.settings.form.train.length, crate::domain::config::Length::Steps(77));
}

#[test]
fn strokes_carry_the_selected_class() {
    let mut state = state();
    (state.class, state.settings.radius) = (4, 3.0);
    let stroke = state.stroke_at([1.0, 2.0]).unwrap();
    assert_eq!((stroke.tile.as_str(), stroke.class, stroke.path), ("172307", Some(4), vec![[1.0, 2.0]]));
    state.tool = ToolKind::Erase;
    assert_eq!(state.stroke_at([1.0, 2.0]).unwrap().class, None);
    state.tool = ToolKind::Pan;
    assert_eq!(state.stroke_at([1.0, 2.0]), None);
}

#[test]
fn labels_are_counted_per_tile() {
    let mut state = state();
    let edit = Edit::Begin(state.stroke_at([1.0, 1.0]).unwrap());
    let project = state.project.as_mut().unwrap();
    let tile = project.book.apply(edit).unwrap();
    project.recount(&tile);
    assert_eq!((project.labels(), project.labels_on("172307"), project.labels_on("900100")), (1, 1, 0));
}

#[test]
fn selected_class_and_weights_are_fitted_to_the_classes() {
    let mut state = state();
    state.class = 40;
    state.settings.form.train.class_weights = ClassWeights::Given(vec![2.0; 3]);
    state.fit_to_classes();
    assert_eq!(state.class, 0);
    let ClassWeights::Given(weights) = &state.settings.form.train.class_weights else { panic!("still given") };
    assert_eq!(weights.len(), 7);
    assert!(state.can_start());
}

#[test]
fn a_hidden_class_stays_hidden_after_an_edit() {
    let mut state = state();
    let open = state.project.as_mut().unwrap();
    open.toggle_class(2);
    assert!(!open.is_class_visible(2) && open.is_class_visible(1));
    open.set_project((*open.project).clone());
    assert_eq!((open.palette.color(1)[3], open.palette.color(2)[3]), (255, 0));
    open.toggle_class(2);
    assert!(open.is_class_visible(2) && open.palette.color(2)[3] == 255);
}

#[test]
fn a_bad_tile_is_marked_once() {
    let mut state = state();
    let project = state.project.as_mut().unwrap();
    assert!(project.mark_fault("172308", "truncated"));
    assert!(!project.mark_fault("172308", "truncated"));
    assert_eq!(project.project.tiles[1].fault.as_deref(), Some("truncated"));
}

#[test]
fn a_test_tile_without_a_mask_says_that_its_labels_count() {
    let root = tempfile::tempdir().unwrap();
    write_classes(root.path(), &Classes::deepglobe()).unwrap();
    for part in ["train", "test"] {
        std::fs::create_dir(root.path().join(part)).unwrap();
        save::rgb_png(&root.path().join(part).join(format!("{part}.png")), &image::RgbImage::new(8, 8)).unwrap();
    }
    let mut state = AppState::new(Settings::default());
    let project = Project::open(root.path()).unwrap();
    state.selected = project.tiles.iter().position(|tile| tile.split == Split::Test).unwrap();
    state.project = Some(OpenProject::new(project, LabelBook::default(), PathBuf::new()));
    state.assign_roles();
    assert_eq!(state.label_warning(), None, "no label yet");
    let edit = Edit::Begin(state.stroke_at([1.0, 1.0]).unwrap());
    let open = state.project.as_mut().unwrap();
    let tile = open.book.apply(edit).unwrap();
    open.recount(&tile);
    assert!(state.label_warning().unwrap().contains("runs learn from them"));
    state.selected = 1 - state.selected;
    assert_eq!(state.label_warning(), None, "an ordinary training tile");
}
