//! The list of runs in the window: what differs, what is compared, tags and notes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::fs;
use std::path::{Path, PathBuf};

use eframe::egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use harness::{click, step_until};
use pointillist::data::{Project, demo};
use pointillist::domain::RunConfig;
use pointillist::domain::config::{DeviceChoice, InputSize, Length};
use pointillist::train::folder::{MetricsRow, RunFolder, SplitRecord, StepRow};
use pointillist::ui::App;
use pointillist::ui::state::action::{Dialog, Tab, UiAction};
use pointillist::ui::state::figure_gallery::{Drawn, FigureKey, GalleryFigure};
use pointillist::ui::state::figures_export::FiguresExport;
use pointillist::ui::state::report_export::{ReportAction, ReportOf};
use pointillist::ui::state::runs_action::RunsAction;
use pointillist::ui::state::score_moment::ScoreMoment;

/// A run folder with tables, as a run of 20 steps leaves them; every class has the IoU `iou` in the end, and an eighth more after half
/// of the steps.
fn leave_run(project: &Project, name: &str, lr: f64, iou: f64) -> PathBuf {
    let folder = project.root.join(".pointillist/runs").join(name);
    let mut config = RunConfig { data: project.root.clone(), ..RunConfig::demo() };
    config.train.lr = lr;
    let mut run = RunFolder::create(&folder, &config, &project.classes).unwrap();
    for step in 1..=20 {
        run.add_step(&StepRow { step, epoch: 1, loss: 1.0 / step as f32, lr }).unwrap();
    }
    let iou_of_all = vec![iou; project.classes.len()];
    let row = |step: u64, iou: f64, iou_of_all: Vec<f64>| MetricsRow {
        step,
        epoch: 1,
        train_loss: 0.1,
        miou: iou,
        pixel_accuracy: iou,
        pixels: 100,
        secs: 1.0,
        iou: iou_of_all,
        raw_miou: None,
    };
    run.add_metrics(&row(10, iou + 0.125, vec![iou + 0.125; iou_of_all.len()])).unwrap();
    run.add_metrics(&row(20, iou, iou_of_all)).unwrap();
    run.write_split(&SplitRecord::new(project, Vec::new(), Vec::new())).unwrap();
    run.write_summary(
        &serde_json::json!({ "outcome": "completed", "steps": 20, "best_miou": iou + 0.125, "secs": 2.0 }),
    )
    .unwrap();
    run.sync().unwrap();
    folder
}

/// The window over the demo project with two runs, in the Runs tab.
fn window(home: &Path) -> (Harness<'static, App>, [PathBuf; 2]) {
    let root = demo::unpack(&home.join("demo")).unwrap();
    let project = Project::open(&root).unwrap();
    let runs =
        [("2-slow", 1e-5, 0.25), ("1-fast", 1e-3, 0.5)].map(|(name, lr, iou)| leave_run(&project, name, lr, iou));
    let mut harness = harness::open(Some(&root));
    step_until(&mut harness, "the runs are listed", |app| app.state().runs.len() == 2);
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, UiAction::ShowTab(Tab::Runs));
    harness.run_ok();
    (harness, runs)
}

/// The window over the demo project with two runs, both ticked.
fn window_of_ticked(home: &Path) -> Harness<'static, App> {
    let (mut harness, runs) = window(home);
    for run in runs {
        act(&mut harness, UiAction::Runs(RunsAction::Tick(run, true)));
    }
    harness
}

fn listed(harness: &Harness<'_, App>) -> Vec<String> {
    harness.state().state().runs_table.rows.iter().map(|row| row.cells[0].text.clone()).collect()
}

#[test]
fn runs_are_sorted_by_what_differs_and_filtered() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, _) = window(home.path());
    assert_eq!(listed(&harness), ["2-slow", "1-fast"], "the newest first");
    harness.get_by_label("0.00001");
    assert!(harness.query_by_label("Sort by batch").is_none(), "it is the same in both");
    for order in [["2-slow", "1-fast"], ["1-fast", "2-slow"]] {
        click(&mut harness, "Sort by lr");
        assert_eq!(listed(&harness), order);
    }
    harness.get_by_label("Filter runs").focus();
    harness.run_ok();
    harness.get_by_label("Filter runs").type_text("slow");
    harness.run_ok();
    assert_eq!(listed(&harness), ["2-slow"]);
    harness.get_by_label("1 of 2 runs");
    assert!(harness.query_by_label("Sort by lr").is_none(), "nothing differs in a single run");
    harness.get_by_label("Filter runs").type_text("er");
    harness.run_ok();
    harness.get_by_label("No run matches the filter.");
}

#[test]
fn ticked_runs_stand_beside_the_first() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, [slow, fast]) = window(home.path());
    click(&mut harness, "Compare run 2-slow");
    click(&mut harness, "Compare run 1-fast");
    step_until(&mut harness, "their figures are read", |app| app.state().runs_table.figures.len() == 2);
    click(&mut harness, "Compare the ticked runs");
    assert_eq!(harness.state().state().settings.tab, Tab::Compare);
    let table = &harness.state().state().runs_table;
    assert_eq!(table.ticked, [slow, fast.clone()]);
    let figures = table.figures[&fast].as_ref().unwrap();
    assert_eq!((figures.loss.len(), figures.miou.len(), figures.best.as_ref().unwrap().step), (20, 2, 10));
    let better = harness.get_all_by_label("+0.250").count();
    let scored = figures.classes.iter().filter(|class| !class.ignored).count();
    assert_eq!(better, 1 + scored, "mIoU and each scored class");
    harness.get_by_label("Loss, smoothed");
    assert!(harness.query_all_by_label("0.625").count() > 0 && harness.query_all_by_label("0.500").count() == 0);
    click(&mut harness, "after the last step");
    assert_eq!(harness.state().state().settings.scores, ScoreMoment::Final);
    assert!(harness.query_all_by_label("0.500").count() > 0 && harness.query_all_by_label("0.625").count() == 0);
}

#[test]
fn figures_of_the_ticked_runs_are_written_once() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = window_of_ticked(home.path());
    let folder = home.path().join("new/figures");
    act(&mut harness, UiAction::Runs(RunsAction::WriteFigures(folder.clone())));
    let is_over = |app: &App| app.state().runs_table.export != FiguresExport::Writing;
    step_until(&mut harness, "figures are written", is_over);
    let FiguresExport::Written(figures, _) = harness.state().state().runs_table.export else { panic!("not written") };
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2 * figures, "SVG and PNG");
    image::open(folder.join("classes.png")).unwrap();
    act(&mut harness, UiAction::Runs(RunsAction::WriteFigures(folder)));
    step_until(&mut harness, "they are there already", is_over);
    assert_eq!(harness.state().state().runs_table.export, FiguresExport::Idle);
    let told = harness.state().state().messages.text();
    assert!(told.contains("classes.svg exists") || told.contains("loss.svg exists"), "{told}");
}

#[test]
fn the_report_of_the_ticked_runs_is_written_once() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = window_of_ticked(home.path());
    act(&mut harness, UiAction::ShowTab(Tab::Compare));
    harness.run_ok();
    harness.get_by_label("Save report…");
    let folder = home.path().join("new/report");
    let write = UiAction::Report(ReportAction::Write(ReportOf::Runs, folder.clone()));
    act(&mut harness, write.clone());
    step_until(&mut harness, "the report is written", |app| app.state().report.is_none());
    let text = |ending: &str| fs::read_to_string(folder.join(format!("report.{ending}"))).unwrap();
    assert!(text("md").starts_with("# 2 runs\n") && text("html").starts_with("<!DOCTYPE html>"));
    assert!(text("csv").lines().count() == 3 && text("tex").contains("\\begin{tabular}"), "{}", text("csv"));
    let toast = harness.state().state().messages.toasts().next().map(|(_, message)| message.notice.to_string());
    assert_eq!(toast, Some(format!("The report is in {}", folder.display())));
    act(&mut harness, write);
    step_until(&mut harness, "it is there already", |app| app.state().report.is_none());
    let told = harness.state().state().messages.text();
    assert!(told.contains("report.md exists: choose another folder"), "{told}");
}

/// The figures of the ticked runs, if they are read.
fn shown(app: &App) -> Option<&Vec<GalleryFigure>> {
    app.state().gallery.of(&app.state().runs_table.ticked)?.as_ref().ok()
}

/// Whether the picture of a figure is there, at one of the scales of the tab.
fn is_drawn(app: &App, figure: &GalleryFigure) -> bool {
    let keys =
        [0.5, 0.75, 1.0].map(|scale| [true, false].map(|is_dark| FigureKey::new(figure.content, scale, is_dark)));
    keys.as_flattened().iter().any(|key| matches!(app.state().gallery.drawn(*key), Some(Drawn::Ready(_))))
}

#[test]
fn figures_of_the_ticked_runs_are_shown_and_enlarged() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = window_of_ticked(home.path());
    act(&mut harness, UiAction::ShowTab(Tab::Compare));
    harness.run_ok();
    click(&mut harness, "All figures");
    step_until(&mut harness, "the runs are read", |app| shown(app).is_some());
    step_until(&mut harness, "the first figure is drawn", |app| {
        shown(app).is_some_and(|figures| is_drawn(app, &figures[0]))
    });
    step_until(&mut harness, "labels are counted", |app| !app.state().gallery.is_reading());
    harness.run_ok();
    let names: Vec<String> = shown(harness.state()).unwrap().iter().map(|figure| figure.plate.name.clone()).collect();
    assert_eq!(names, ["loss", "miou", "classes"], "the others have no data");
    click(&mut harness, "Enlarge: validation mIoU over steps");
    assert_eq!(harness.state().state().dialog, Some(Dialog::Figure));
    harness.get_by_label_contains("Mean IoU of the validation tiles");
    click(&mut harness, "Close");
    act(&mut harness, UiAction::Runs(RunsAction::TickNone));
    harness.run_ok();
    assert_eq!(harness.query_all_by_label_contains("Enlarge: ").count(), 0);
}

#[test]
fn tags_and_note_are_kept_with_the_run() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, [_, fast]) = window(home.path());
    click(&mut harness, "Tags and note of run 1-fast");
    for (field, text) in [("Tags of the run", "baseline, seed 1"), ("Note on the run", "the first one")] {
        harness.get_by_label(field).focus();
        harness.run_ok();
        harness.get_by_label(field).type_text(text);
        harness.run_ok();
    }
    click(&mut harness, "Save");
    step_until(&mut harness, "they are listed", |app| {
        app.state().runs.iter().any(|run| run.notes.as_ref().is_ok_and(|notes| notes.note == "the first one"))
    });
    let text = fs::read_to_string(fast.join("notes.json")).unwrap();
    assert!(text.contains("\"baseline\"") && text.contains("\"seed 1\""), "{text}");
    harness.run_ok();
    harness.get_by_label("baseline, seed 1");

    fs::write(fast.join("notes.json"), "{").unwrap();
    click(&mut harness, "Refresh the list");
    step_until(&mut harness, "the damage is seen", |app| app.state().runs.iter().any(|run| run.notes.is_err()));
    harness.run_ok();
    harness.get_by_label("damaged");
}

fn act(harness: &mut Harness<'_, App>, action: UiAction) {
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, action);
    harness.step();
}

/// Trains a small network for two steps, as run number `number` of the project.
fn train(harness: &mut Harness<'_, App>, number: usize, lr: f64) {
    let mut form = RunConfig { device: DeviceChoice::Cpu, val_ratio: 0.0, ..RunConfig::demo() };
    (form.train.length, form.train.input, form.model.base) = (Length::Steps(2), InputSize::Crop(32), 2);
    form.train.lr = lr;
    act(harness, UiAction::SetForm(Box::new(form)));
    act(harness, UiAction::StartOrPause);
    step_until(harness, "the run is listed with its end", |app| {
        app.state().runs.len() == number && app.state().runs.iter().all(|run| run.end.is_some())
    });
}

#[test]
fn two_runs_are_swiped_over_the_tile_in_view() {
    let home = tempfile::tempdir().unwrap();
    let root = demo::unpack(&home.path().join("demo")).unwrap();
    let mut harness = harness::open(Some(&root));
    step_until(&mut harness, "the first tile is in view", |app| app.state().view.tile.is_some());
    act(&mut harness, UiAction::Runs(RunsAction::ToggleSwipe));
    assert!(harness.state().state().swipe.is_none(), "nothing is ticked");
    for (number, lr) in [(1, 1e-3), (2, 1e-2)] {
        train(&mut harness, number, lr);
    }
    let folders: Vec<PathBuf> = harness.state().state().runs.iter().map(|run| run.folder.clone()).collect();
    for folder in folders {
        act(&mut harness, UiAction::Runs(RunsAction::Tick(folder, true)));
    }
    harness.key_press(Key::C);
    let both = |app: &App| app.state().swipe.as_ref().is_some_and(|swipe| swipe.missing().is_none());
    step_until(&mut harness, "both have mapped the tile", both);
    let size = harness.state().state().view.size().unwrap();
    let map = harness.state().state().prediction().unwrap();
    assert_eq!((map.size(), map.patch.as_ref().unwrap().corner), (size, [size[0] / 2, 0]));
    harness.run_steps(4);
    harness.get_by_label("Handle between two runs, right view").focus();
    harness.run_ok();
    harness.key_press(Key::ArrowRight);
    harness.run_ok();
    assert!(harness.state().state().swipe.as_ref().unwrap().share > 0.51, "an arrow key moves the handle");
    let handle = harness.get_by_label("Handle between two runs, right view").rect().center();
    harness.drag_at(handle);
    harness.step();
    harness.hover_at(handle - eframe::egui::vec2(40.0, 0.0));
    harness.step();
    harness.drop_at(handle - eframe::egui::vec2(40.0, 0.0));
    harness.run_ok();
    assert!(harness.state().state().swipe.as_ref().unwrap().share < 0.5, "and so does the pointer");
    assert_eq!(harness.state().state().project.as_ref().unwrap().labels(), 0, "which paints nothing meanwhile");
    act(&mut harness, UiAction::StepTile(1));
    assert!(harness.state().state().prediction().is_none(), "the next tile has no maps yet");
    step_until(&mut harness, "both have mapped the next tile", both);
    harness.run_steps(4);
    harness.key_press(Key::C);
    harness.run_ok();
    assert!(harness.state().state().swipe.is_none());
}
