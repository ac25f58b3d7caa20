//! Exporting maps: from the window as `predict` writes them, and the engine's side of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod harness;

use std::path::Path;

use assert_cmd::Command as Program;
use bench::Bench;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use harness::{click, step_until};
use pointillist::data::demo;
use pointillist::data::export::maps::{ENDINGS, ExportReport};
use pointillist::domain::RunConfig;
use pointillist::domain::config::{DeviceChoice, InputSize, Length};
use pointillist::engine::protocol::{ExportNews, ExportRequest};
use pointillist::engine::{Command, Event, EventKind};
use pointillist::exchange::WeightsFormat;
use pointillist::ui::App;
use pointillist::ui::state::action::{ExportAction, NetworkAction, Tab, UiAction};
use pointillist::ui::state::export_state::ExportForm;
use pointillist::ui::state::network_files::{ImportForm, WeightsForm};

fn act(harness: &mut Harness<'_, App>, action: UiAction) {
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, action);
    harness.step();
}

/// The window with a short run that is over.
fn trained(home: &Path) -> Harness<'static, App> {
    let root = demo::unpack(&home.join("demo")).expect("the demo");
    let mut harness = harness::open(Some(&root));
    step_until(&mut harness, "the first tile is in view", |app| app.state().view.tile.is_some());
    let mut form = RunConfig { device: DeviceChoice::Cpu, ..RunConfig::demo() };
    (form.train.length, form.train.input, form.model.base) = (Length::Steps(8), InputSize::Crop(32), 2);
    act(&mut harness, UiAction::SetForm(Box::new(form)));
    act(&mut harness, UiAction::StartOrPause);
    step_until(&mut harness, "the run is over", |app| app.state().can_export());
    harness.run_ok();
    harness
}

fn choose(harness: &mut Harness<'_, App>, all_tiles: bool, folder: &Path) {
    let folder = folder.display().to_string();
    act(harness, UiAction::Export(ExportAction::SetForm(ExportForm { all_tiles, folder })));
    harness.run_ok();
}

fn ended(app: &App) -> Option<&ExportReport> {
    match app.state().export.news.as_ref()? {
        ExportNews::Ended(report) => Some(report),
        _ => None,
    }
}

#[test]
fn the_window_writes_what_predict_writes_and_replaces_only_when_told() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut harness = trained(home.path());
    let (maps, by_command) = (home.path().join("maps"), home.path().join("by command"));
    harness.get_by_label("Export map…").click();
    harness.run_ok();
    choose(&mut harness, false, &maps);
    harness.get_by_label("Export").click();
    step_until(&mut harness, "the map is written", |app| ended(app).is_some_and(|report| report.written == 1));
    harness.run_ok();
    harness.get_by_label("Open folder");
    let tile = harness.state().state().tile().expect("one is in view").clone();
    let run = harness.state().state().run.info.as_ref().expect("the run").folder.clone();
    let mut predict = Program::cargo_bin("pointillist").expect("the program");
    predict.arg("predict").arg("--run").arg(run).arg(&tile.image).arg("--out").arg(&by_command).assert().success();
    let stem = tile.image.file_stem().expect("a file").to_string_lossy().into_owned();
    for ending in ENDINGS {
        let here = std::fs::read(maps.join(format!("{}{ending}", tile.short_id))).expect("a file of the map");
        assert!(
            here == std::fs::read(by_command.join(format!("{stem}{ending}"))).expect("its counterpart"),
            "{ending}"
        );
    }

    // Again, and all: the files that exist stay until the user says otherwise.
    choose(&mut harness, true, &maps);
    harness.get_by_label("Export").click();
    step_until(&mut harness, "it asks", |app| matches!(app.state().export.news, Some(ExportNews::Exists { .. })));
    harness.run_ok();
    harness.get_by_label_contains("4 files exist already");
    harness.get_by_label("Replace").click();
    step_until(&mut harness, "all are written", |app| ended(app).is_some_and(|report| report.written == report.total));
    harness.run_ok();
    harness.get_by_label_contains("14 maps written to");
    assert_eq!(std::fs::read_dir(&maps).expect("the folder").count(), 14 * ENDINGS.len());
    harness.get_by_label("Close").click();
    harness.run_ok();
    assert!(harness.state().state().messages.text().contains("14 maps written to"));
}

fn runs(app: &App) -> usize {
    app.state().runs.len()
}

#[test]
fn the_window_exports_weights_as_the_command_does_and_imports_them_again() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut harness = trained(home.path());
    act(&mut harness, UiAction::ShowTab(Tab::Runs));
    step_until(&mut harness, "the run is listed", |app| runs(app) == 1);
    harness.run_ok();
    let run = harness.state().state().runs[0].clone();
    click(&mut harness, &format!("Export weights of run {}", run.name));
    let (here, by_command) = (home.path().join("w/here.onnx"), home.path().join("command.onnx"));
    let form = &harness.state().state().network_files.export;
    let form = WeightsForm { file: here.display().to_string(), ..form.clone().with_format(WeightsFormat::Onnx) };
    act(&mut harness, UiAction::Network(NetworkAction::SetExport(form)));
    harness.run_ok();
    harness.get_by_label("Export").click();
    step_until(&mut harness, "the file is written", |app| !app.state().network_files.is_working() && here.exists());
    harness.run_ok();
    harness.get_by_label_contains("checkpoint, ");
    let mut export = Program::cargo_bin("pointillist").expect("the program");
    export.args(["export", "--format", "onnx", "--run"]).arg(&run.folder).arg(&by_command).assert().success();
    assert!(std::fs::read(&here).unwrap() == std::fs::read(&by_command).unwrap());
    harness.get_by_label("Close").click();
    harness.run_ok();

    // What is no network is refused in the dialog; what the command exports comes back as a run.
    let weights = home.path().join("net.safetensors");
    let mut export = Program::cargo_bin("pointillist").expect("the program");
    export.args(["export", "--format", "safetensors", "--run"]).arg(&run.folder).arg(&weights).assert().success();
    harness.get_by_label("Import network…").click();
    harness.run_ok();
    for (file, ends) in [(&here, "The network was not imported"), (&weights, "is a run of this project")] {
        let form = ImportForm { file: file.display().to_string(), ..ImportForm::default() };
        act(&mut harness, UiAction::Network(NetworkAction::SetImport(form)));
        harness.run_ok();
        harness.get_by_label("Import").click();
        harness.run_steps(2);
        step_until(&mut harness, "it has ended", |app| !app.state().network_files.is_working());
        assert!(harness.state().state().messages.text().contains(ends), "{ends}");
        harness.run_ok();
    }
    harness.get_by_label("Close").click();
    harness.run_ok();
    assert_eq!(runs(harness.state()), 2);
    harness.get_by_label("imported");
    let imported = harness.state().state().runs.iter().find(|run| run.is_imported()).expect("the import").clone();
    let open = format!("Open run {}", imported.name);
    harness.get_by_label(&open).scroll_to_me();
    harness.run_ok();
    harness.get_by_label(&open).click();
    harness.run_steps(2);
    step_until(&mut harness, "it predicts", |app| app.state().run.can_predict() && !app.state().run.is_running());
    assert!(harness.state().state().messages.text().contains("The imported network of"));
}

fn news(event: &Event) -> Option<ExportNews> {
    match &event.kind {
        EventKind::Export(news) => Some(news.clone()),
        _ => None,
    }
}

#[test]
fn an_export_waits_for_the_end_of_a_run_and_can_be_cancelled() {
    let bench = Bench::new();
    let folder = bench.dir.path().join("maps");
    let tiles = vec!["1001".to_owned(), "1002".to_owned(), "2001".to_owned()];
    let export = |tiles: &[String]| {
        Command::Export(ExportRequest {
            tiles: tiles.to_vec(),
            folder: folder.clone(),
            by: String::new(),
            overwrite: false,
        })
    };
    bench.engine.send(export(&tiles));
    assert!(matches!(bench.until("a refusal", news), ExportNews::Refused(_)), "no network predicts");
    bench.start(1, bench.config(Length::Steps(1_000_000)));
    bench.until_step(1);
    bench.engine.send(export(&tiles));
    assert!(matches!(bench.until("a refusal", news), ExportNews::Refused(_)), "a run is in progress");
    bench.engine.send(Command::Stop);
    bench.until_finished();
    bench.engine.send(export(&["gone".to_owned()]));
    let refusal = bench.until("a refusal", news);
    assert!(matches!(&refusal, ExportNews::Refused(notice) if notice.to_string().contains("gone")), "{refusal:?}");
    bench.engine.send(export(&tiles));
    bench.engine.send(Command::CancelExport);
    let end = bench.until("the end", |event| news(event).filter(|news| matches!(news, ExportNews::Ended(_))));
    let ExportNews::Ended(report) = end else { panic!("{end:?}") };
    assert!(report.written < report.total && report.faults.is_empty(), "{report:?}");
}
