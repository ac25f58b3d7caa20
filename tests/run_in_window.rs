//! A run as the window shows it: which network predicts, and what closing the window does during a run.

mod harness;

use eframe::egui::{ViewportCommand, ViewportEvent, ViewportId};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use harness::step_until;
use pointillist::data::demo;
use pointillist::domain::RunConfig;
use pointillist::domain::checkpoint::Checkpoint;
use pointillist::domain::config::{DeviceChoice, InputSize, Length};
use pointillist::engine::protocol::Outcome;
use pointillist::ui::App;
use pointillist::ui::state::action::{Tab, UiAction};
use pointillist::ui::state::runs_action::RunsAction;

/// The window over the demo project, training a small network without validation tiles.
fn training(length: Length) -> (tempfile::TempDir, Harness<'static, App>) {
    let home = tempfile::tempdir().expect("a temporary folder");
    let root = demo::unpack(&home.path().join("demo")).expect("the demo");
    let mut harness = harness::open(Some(&root));
    step_until(&mut harness, "the first tile is in view", |app| app.state().view.tile.is_some());
    let mut form = RunConfig { device: DeviceChoice::Cpu, val_ratio: 0.0, ..RunConfig::demo() };
    (form.train.length, form.train.input, form.model.base) = (length, InputSize::Crop(32), 2);
    act(&mut harness, UiAction::SetForm(Box::new(form)));
    act(&mut harness, UiAction::StartOrPause);
    (home, harness)
}

fn act(harness: &mut Harness<'_, App>, action: UiAction) {
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, action);
    harness.step();
}

fn shown(app: &App) -> Option<Checkpoint> {
    Some(app.state().run.info.as_ref()?.predicting.as_ref()?.shown.checkpoint)
}

#[test]
fn without_a_score_the_last_checkpoint_predicts_until_another_is_chosen() {
    let (_home, mut harness) = training(Length::Steps(1_000_000));
    step_until(&mut harness, "steps are taken after an evaluation", |app| {
        let run = &app.state().run;
        run.evaluation.as_ref().zip(run.step).is_some_and(|(evaluation, step)| step.step > evaluation.step)
    });
    act(&mut harness, UiAction::Stop);
    step_until(&mut harness, "the last network predicts", |app| shown(app) == Some(Checkpoint::Last));
    harness.run_ok();
    harness.get_by_label_contains("the last checkpoint (step ");
    harness.get_by_label("Predict with the best checkpoint").click();
    step_until(&mut harness, "the other one does", |app| shown(app) == Some(Checkpoint::Best));
    harness.run_ok();
    harness.get_by_label_contains("the best checkpoint (step ");
}

#[test]
fn the_tabs_open_with_the_run_unless_they_were_folded() {
    let (_home, mut harness) = training(Length::Steps(1_000_000));
    let is_open = |harness: &Harness<'_, App>| harness.state().state().layout.lower;
    step_until(&mut harness, "a step is taken", |app| app.state().run.step.is_some());
    harness.run_steps(4);
    assert!(is_open(&harness));
    let low = harness.get_by_label("Canvas left").rect().height();
    harness.get_by_label("Curves").click();
    step_until(&mut harness, "the tabs are folded", |app| !app.state().layout.lower);
    harness.run_steps(4);
    assert!(harness.get_by_label("Canvas left").rect().height() > low + 100.0);
    act(&mut harness, UiAction::Stop);
    step_until(&mut harness, "the run is over", |app| app.state().run.summary.is_some());
    act(&mut harness, UiAction::StartOrPause);
    step_until(&mut harness, "another run takes a step", |app| app.state().run.step.is_some());
    harness.run_steps(4);
    assert!(!is_open(&harness), "the user has folded them");
    act(&mut harness, UiAction::Stop);
}

#[test]
fn a_run_without_validation_tiles_shows_its_loss_and_says_why_there_is_no_score() {
    let (_home, mut harness) = training(Length::Steps(1_000_000));
    step_until(&mut harness, "a step is taken", |app| app.state().run.step.is_some());
    step_until(&mut harness, "the tile in view is predicted", |app| app.state().prediction().is_some());
    harness.run_steps(4);
    harness.get_by_label_contains("No validation score: no tile is kept aside");
    assert!(harness.query_by_label("IoU per class").is_none() && harness.query_by_label_contains("mIoU").is_none());
    // The note over the picture, not the run bar.
    let picture = harness.get_by_label("Canvas right").rect();
    let notes = harness.get_all_by_label_contains("step ").filter(|node| picture.contains_rect(node.rect()));
    assert_eq!(notes.count(), 1);
    act(&mut harness, UiAction::Stop);
}

#[test]
fn closing_during_a_run_stops_it_and_then_closes() {
    let (_home, mut harness) = training(Length::Steps(1_000_000));
    step_until(&mut harness, "a step is taken", |app| app.state().run.step.is_some());
    let root = |harness: &Harness<'_, App>| harness.output().viewport_output[&ViewportId::ROOT].commands.clone();
    let viewport = harness.input_mut().viewports.get_mut(&ViewportId::ROOT).expect("the window");
    viewport.events.push(ViewportEvent::Close);
    harness.step();
    assert!(root(&harness).contains(&ViewportCommand::CancelClose), "it waits");
    harness.input_mut().viewports.get_mut(&ViewportId::ROOT).expect("the window").events.clear();
    harness.step();
    harness.get_by_label("Finishing the step…");
    for _ in 0..10_000 {
        if root(&harness).contains(&ViewportCommand::Close) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
        harness.step();
    }
    assert!(root(&harness).contains(&ViewportCommand::Close), "and closes by itself");
    let summary = harness.state().state().run.summary.clone().expect("the run has ended");
    assert_eq!(summary.outcome, Outcome::Stopped);
    assert!(summary.folder.join("last.bpk").is_file());
}

#[test]
fn a_run_that_was_stopped_is_resumed_and_started_from() {
    let (_home, mut harness) = training(Length::Steps(5000)); // A row of the table for each step.
    let is_past = |app: &App, step: u64| app.state().run.step.is_some_and(|report| report.step > step);
    step_until(&mut harness, "steps are taken", |app| is_past(app, 3));
    act(&mut harness, UiAction::Stop);
    step_until(&mut harness, "the run is listed with its end", |app| {
        app.state().runs.first().is_some_and(|run| run.end.is_some())
    });
    let summary = harness.state().state().run.summary.clone().expect("it has ended");
    let (folder, rows) = (summary.folder, harness.state().state().run.curves.loss.len());
    act(&mut harness, UiAction::ShowTab(Tab::Runs));
    harness.run_ok();
    harness.get_by_label_contains("Resume run ").click();
    step_until(&mut harness, "it goes on", |app| is_past(app, summary.steps));
    let run = &harness.state().state().run;
    let info = run.info.as_ref().expect("it has begun");
    assert_eq!((&info.folder, info.steps_before), (&folder, summary.steps));
    assert!(run.curves.loss.len() >= rows, "the curves begin where the run began");
    act(&mut harness, UiAction::Stop);
    step_until(&mut harness, "it is over", |app| app.state().run.summary.is_some());
    step_until(&mut harness, "and listed", |app| app.state().runs.first().is_some_and(|run| run.end.is_some()));
    harness.run_ok();
    harness.get_by_label_contains("Start from run ").click();
    harness.run_ok();
    assert_eq!(harness.state().state().settings.form.init_from.as_ref(), Some(&folder));
    harness.get_by_label("Start without the weights of this run").click_accesskit();
    harness.run_ok();
    assert_eq!(harness.state().state().settings.form.init_from, None);
}

#[test]
fn a_run_that_has_ended_can_be_continued() {
    let (_home, mut harness) = training(Length::Epochs(1));
    step_until(&mut harness, "the run is listed with its end", |app| {
        app.state().runs.first().is_some_and(|run| run.end.is_some())
    });
    let steps = harness.state().state().run.summary.as_ref().expect("it has ended").steps;
    act(&mut harness, UiAction::ShowTab(Tab::Runs));
    harness.run_ok();
    assert!(harness.query_by_label_contains("Resume run ").is_none());
    act(&mut harness, UiAction::Runs(RunsAction::SetMoreEpochs(2)));
    harness.get_by_label_contains("Continue run ").click();
    harness.run_ok();
    harness.get_by_label("Epochs to train on for").click();
    harness.run_ok();
    harness.get_by_label("Epochs to train on for").type_text("1");
    harness.run_ok();
    assert_eq!(harness.state().state().settings.more_epochs, 1, "in place of what stood there");
    harness.get_by_label_contains("Train on run ").click();
    step_until(&mut harness, "it goes on", |app| app.state().run.step.is_some_and(|report| report.step > steps));
    step_until(&mut harness, "to its new end", |app| app.state().run.summary.is_some());
    let summary = harness.state().state().run.summary.clone().expect("it has ended");
    assert_eq!((summary.outcome, summary.steps, summary.epochs), (Outcome::Completed, 2 * steps, 2));
}
