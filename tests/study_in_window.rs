//! A study in the window: put together by ticking, carried out, and gone on with from the command line.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use eframe::egui::{ViewportCommand, ViewportEvent, ViewportId};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use harness::{click, step_until};
use pointillist::data::demo;
use pointillist::domain::config::{DeviceChoice, InputSize, Length};
use pointillist::domain::weights::ClassWeights;
use pointillist::domain::{Edit, RunConfig, Strategy, Stroke};
use pointillist::study::grid::GridForm;
use pointillist::ui::App;
use pointillist::ui::state::action::{Tab, UiAction};
use pointillist::ui::state::report_export::{ReportAction, ReportOf};
use pointillist::ui::state::study_action::StudyAction;
use pointillist::ui::state::study_form::{PlanSource, StudyForm};

fn act(harness: &mut Harness<'_, App>, action: UiAction) {
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, action);
    harness.step();
}

/// The window over the demo project with a small network in the form, in the Studies tab.
fn window(length: Length) -> (tempfile::TempDir, Harness<'static, App>, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let root = demo::unpack(&home.path().join("demo")).unwrap();
    let mut harness = harness::open(Some(&root));
    step_until(&mut harness, "the first tile is in view", |app| app.state().view.tile.is_some());
    let mut form = RunConfig { device: DeviceChoice::Cpu, ..RunConfig::demo() };
    (form.train.length, form.train.input, form.model.base) = (length, InputSize::Crop(32), 2);
    act(&mut harness, UiAction::SetForm(Box::new(form)));
    act(&mut harness, UiAction::ShowTab(Tab::Studies));
    (home, harness, root)
}

/// Compares class weights, with one amount of labels.
fn choose_weights(harness: &mut Harness<'_, App>) {
    let weights = vec![ClassWeights::None, ClassWeights::Inverse];
    let grid = GridForm { labels: vec![Strategy::FractionPerClass(0.1)], weights, ..GridForm::default() };
    let form = StudyForm { name: "weights".to_owned(), grid, ..StudyForm::default() };
    act(harness, UiAction::Study(StudyAction::SetForm(Box::new(form))));
}

fn done(app: &App) -> usize {
    app.state().study.standing.as_ref().map_or(0, |standing| standing.count("done"))
}

#[test]
fn what_the_window_has_begun_the_command_line_finds_done() {
    let (_home, mut harness, root) = window(Length::Steps(2));
    step_until(&mut harness, "the plan was looked at", |app| app.state().study.standing.is_some());
    harness.run_ok();
    harness.get_by_label_contains("0 of 4 runs done, time unknown");
    click(&mut harness, "Class weights Median frequency");
    step_until(&mut harness, "it has more runs", |app| {
        app.state().study.standing.as_ref().is_some_and(|standing| standing.runs.len() == 6)
    });
    for name in ["Start", "Start training"] {
        assert!(
            harness.query_by_label(name).is_none(),
            "beside the study's button, {name} does not say what it starts"
        );
    }
    assert!(harness.query_all_by_label("Start one run").count() > 0);
    choose_weights(&mut harness);
    step_until(&mut harness, "it has two", |app| {
        app.state().study.standing.as_ref().is_some_and(|standing| standing.runs.len() == 2)
    });
    harness.run_ok();
    harness.get_by_label("Start the study").click();
    step_until(&mut harness, "it has begun", |app| app.state().study.is_running());
    assert!(harness.state().state().why_no_start().unwrap().contains("A study is in progress"));
    step_until(&mut harness, "it is over", |app| !app.state().study.is_running());
    let state = harness.state().state();
    assert_eq!((done(harness.state()), state.study.fault.as_deref()), (2, None), "{:?}", state.messages.all());
    step_until(&mut harness, "its runs are listed", |app| app.state().runs.len() == 2);
    assert!(harness.state().state().runs.iter().all(|run| run.name.starts_with("weights/class_weights-")));
    harness.run_ok();
    step_until(&mut harness, "its plan is listed", |app| app.state().study.plans.len() == 1);
    harness.run_ok();
    assert_eq!(harness.query_all_by_label_contains("2 of 2 runs done").count(), 2, "beside the button and in the list");

    let plan = root.join(".pointillist/studies/weights.toml");
    let runs = || fs::read_dir(root.join(".pointillist/studies/weights/runs")).unwrap().count();
    let before = runs();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
    let output = command.args(["study", "run"]).arg(&plan).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("2 of 2 runs are done"), "{output:?}");
    assert_eq!((before, runs()), (2, 2), "none was made again");
}

#[test]
fn the_report_of_the_window_is_that_of_the_command_line() {
    let (home, mut harness, root) = window(Length::Steps(2));
    choose_weights(&mut harness);
    step_until(&mut harness, "the plan was looked at", |app| app.state().study.standing.is_some());
    harness.run_ok();
    assert!(harness.get_by_label("Save report…").accesskit_node().is_disabled(), "no run is done");
    act(&mut harness, UiAction::Study(StudyAction::Begin));
    step_until(&mut harness, "it is over", |app| !app.state().study.is_running() && done(app) == 2);
    let folder = home.path().join("report");
    act(&mut harness, UiAction::Report(ReportAction::Write(ReportOf::Study, folder.clone())));
    step_until(&mut harness, "the report is written", |app| app.state().report.is_none());
    let told = harness.state().state().messages.text();
    assert!(told.contains("The report is in"), "{told}");

    let (studies, html) = (root.join(".pointillist/studies"), home.path().join("cli.html"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
    let command = command.args(["study", "report"]).arg(studies.join("weights.toml")).arg("--html").arg(&html);
    let output = command.args(["--format", "latex"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let (ours, theirs) = (|name: &str| fs::read_to_string(folder.join(name)).unwrap(), studies.join("weights"));
    for name in ["report.md", "report.csv"] {
        assert_eq!(ours(name), fs::read_to_string(theirs.join(name)).unwrap());
    }
    assert_eq!(ours("report.tex").trim_end(), String::from_utf8_lossy(&output.stdout).trim_end());
    assert!(ours("report.html") == fs::read_to_string(html).unwrap(), "the pages differ");
}

#[test]
fn a_stopped_study_gives_its_run_back() {
    let (_home, mut harness, root) = window(Length::Steps(1_000_000));
    choose_weights(&mut harness);
    act(&mut harness, UiAction::Study(StudyAction::Begin));
    step_until(&mut harness, "steps are taken", |app| {
        app.state().study.words().is_some_and(|words| words.contains("run 1 of 2") && words.contains(" · step "))
    });
    harness.run_steps(2);
    harness.get_by_label_contains("A study is in progress: run 1 of 2");
    let stroke = Stroke { tile: "1001".to_owned(), class: Some(0), radius: 1.0, path: vec![[9.0, 9.0]] };
    act(&mut harness, UiAction::Label(Edit::Begin(stroke)));
    act(&mut harness, UiAction::OpenProject(root.clone()));
    let state = harness.state().state();
    assert_eq!(state.project.as_ref().unwrap().labels(), 0, "the data stay as they are");
    assert!(state.opening.is_none() && !state.can_edit_classes());
    harness.get_by_label("Stop the study").click();
    step_until(&mut harness, "it has stopped", |app| !app.state().study.is_running());
    let claims = root.join(".pointillist/studies/weights/claims");
    step_until(&mut harness, "the claim is given back", move |_| fs::read_dir(&claims).unwrap().count() == 0);
    assert_eq!(done(harness.state()), 0);
    assert!(harness.state().state().why_no_start().is_none(), "another run can start");
}

#[test]
fn another_plan_of_the_same_name_is_refused() {
    let (_home, mut harness, root) = window(Length::Steps(2));
    let studies = root.join(".pointillist/studies");
    fs::create_dir_all(&studies).unwrap();
    fs::write(studies.join("weights.toml"), "about = 'mine'\n[base]\ndata = '../..'\n").unwrap();
    choose_weights(&mut harness);
    act(&mut harness, UiAction::Study(StudyAction::Begin));
    step_until(&mut harness, "it is refused", |app| app.state().study.fault.is_some());
    harness.run_ok();
    assert!(harness.state().state().study.fault.as_ref().is_some_and(|why| why.contains("choose another one")));
    assert!(harness.query_all_by_label_contains("weights.toml").next().is_some(), "and it is shown");
    assert!(fs::read_to_string(studies.join("weights.toml")).unwrap().contains("mine"));
}

#[test]
fn a_plan_that_was_begun_is_gone_on_with_after_the_settings_have_changed() {
    let (_home, mut harness, root) = window(Length::Steps(2));
    choose_weights(&mut harness);
    act(&mut harness, UiAction::Study(StudyAction::Begin));
    step_until(&mut harness, "it is over", |app| !app.state().study.is_running() && done(app) == 2);
    step_until(&mut harness, "its plan is listed", |app| app.state().study.plans.len() == 1);

    let form = &harness.state().state().settings.form;
    let other = RunConfig { val_ratio: form.val_ratio + 0.1, ..form.clone() };
    act(&mut harness, UiAction::SetForm(Box::new(other)));
    step_until(&mut harness, "another plan has the name", |app| app.state().study.clash.is_some());
    harness.run_ok();
    harness.get_by_label_contains("There is another plan called weights (2 of 2 runs done)");
    assert!(harness.get_by_label("Start the study").accesskit_node().is_disabled());

    click(&mut harness, "Choose another name");
    step_until(&mut harness, "no run of that plan is done", |app| {
        let study = &app.state().study;
        study.form.name == "weights-2" && study.standing.is_some() && done(app) == 0
    });
    assert!(harness.state().state().study.clash.is_none());

    choose_weights(&mut harness);
    step_until(&mut harness, "the name is that of the other plan", |app| app.state().study.clash.is_some());
    harness.run_ok();
    harness.get_by_label("Go on with the plan on disk").click();
    step_until(&mut harness, "it was gone on with", |app| !app.state().study.is_running() && done(app) == 2);
    let study = &harness.state().state().study;
    assert_eq!((study.form.source, study.fault.as_deref()), (PlanSource::File, None));
    assert_eq!(fs::read_dir(root.join(".pointillist/studies/weights/runs")).unwrap().count(), 2, "none was made again");
}

#[test]
fn a_plan_of_the_project_is_found_again_after_a_restart() {
    let (_home, mut harness, root) = window(Length::Steps(2));
    let studies = root.join(".pointillist/studies");
    fs::create_dir_all(&studies).unwrap();
    fs::write(studies.join("mine.toml"), "seeds = [0, 1, 2]\n[base]\ndata = '../..'\n").unwrap();
    act(&mut harness, UiAction::Study(StudyAction::Look));
    step_until(&mut harness, "the plan is listed", |app| app.state().study.plans.len() == 1);
    harness.run_ok();
    harness.get_by_label("0 of 3 runs done");
    click(&mut harness, "Plan mine");
    step_until(&mut harness, "it is looked at", |app| {
        app.state().study.standing.as_ref().is_some_and(|standing| standing.name == "mine" && standing.runs.len() == 3)
    });
    assert_eq!(harness.state().state().study.form.source, PlanSource::File);
}

/// One frame in which the user wants to close the window. Returns what the window tells the desktop.
fn ask_to_close(harness: &mut Harness<'_, App>) -> Vec<ViewportCommand> {
    harness.input_mut().viewports.get_mut(&ViewportId::ROOT).unwrap().events.push(ViewportEvent::Close);
    harness.step();
    harness.input_mut().viewports.get_mut(&ViewportId::ROOT).unwrap().events.clear();
    commands(harness)
}

fn commands(harness: &Harness<'_, App>) -> Vec<ViewportCommand> {
    harness.output().viewport_output[&ViewportId::ROOT].commands.clone()
}

#[test]
fn closing_during_a_study_asks_once_and_then_stops_it() {
    let (_home, mut harness, _root) = window(Length::Steps(1_000_000));
    choose_weights(&mut harness);
    act(&mut harness, UiAction::Study(StudyAction::Begin));
    step_until(&mut harness, "steps are taken", |app| {
        app.state().study.words().is_some_and(|words| words.contains(" · step "))
    });
    assert!(ask_to_close(&mut harness).contains(&ViewportCommand::CancelClose), "it stays open");
    harness.run_steps(2);
    harness.get_by_label("Keep it going").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("Keep it going").is_none() && harness.state().state().study.is_running());
    assert!(!harness.state().state().study.is_stopping, "it goes on");

    assert!(ask_to_close(&mut harness).contains(&ViewportCommand::CancelClose));
    assert!(ask_to_close(&mut harness).contains(&ViewportCommand::CancelClose), "now it waits for the step");
    assert!(harness.state().state().study.is_stopping);
    let began = Instant::now();
    while !commands(&harness).contains(&ViewportCommand::Close) {
        assert!(began.elapsed() < Duration::from_secs(50), "it closes before its patience ends");
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
    assert!(!harness.state().state().study.is_running());
}
