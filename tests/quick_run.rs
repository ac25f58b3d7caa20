//! A quick map saved as a run: listed, opened, and predicting and scored by the command line with the same numbers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command as Program;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use harness::step_until;
use pointillist::data::demo;
use pointillist::domain::config::Encoder;
use pointillist::domain::{Edit, RunConfig, Stroke};
use pointillist::engine::quick::QuickStatus;
use pointillist::ui::App;
use pointillist::ui::state::action::{Tab, UiAction};
use predicates::str::contains;

fn act(harness: &mut Harness<'_, App>, action: UiAction) {
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, action);
    harness.step();
}

fn program() -> Program {
    Program::cargo_bin("pointillist").unwrap()
}

/// The window with the demo and a quick map from two clicks on its first training tile.
fn labelled(home: &Path) -> Harness<'static, App> {
    let root = demo::unpack(&home.join("demo")).unwrap();
    let mut harness = harness::open(Some(&root));
    step_until(&mut harness, "the first tile is in view", |app| app.state().view.tile.is_some());
    let tile = harness.state().state().tile().unwrap().id.clone();
    for (class, at) in [(0, [30.0, 30.0]), (4, [200.0, 220.0])] {
        let stroke = Stroke { tile: tile.clone(), class: Some(class), radius: 4.0, path: vec![at] };
        act(&mut harness, UiAction::Label(Edit::Begin(stroke)));
        act(&mut harness, UiAction::StrokeEnded);
    }
    step_until(&mut harness, "the whole tile is mapped", |app| {
        let map = app.state().view.quick.map.as_ref();
        map.is_some_and(|map| map.patch.is_none()) && app.state().why_no_quick_save().is_none()
    });
    harness
}

/// Saves the quick map and returns its run folder.
fn saved(harness: &mut Harness<'_, App>) -> PathBuf {
    let before = harness.state().state().runs.len();
    if harness.state().state().settings.tab != Tab::Runs {
        act(harness, UiAction::ShowTab(Tab::Runs));
    }
    harness.run_ok();
    harness.get_by_label("Save quick map").click();
    step_until(harness, "it is listed", move |app| app.state().runs.len() > before);
    let run = &harness.state().state().runs[0];
    assert!(run.is_quick && run.end.is_some(), "{run:?}");
    run.folder.clone()
}

#[test]
fn a_saved_quick_map_opens_and_predicts_the_same() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = labelled(home.path());
    let (run, again) = (saved(&mut harness), saved(&mut harness));
    assert_ne!(run, again, "a run never overwrites another");
    harness.run_ok();
    assert!(harness.query_all_by_label("quick head (linear)").count() == 2);
    let quick = harness.state().state().view.quick.map.clone().unwrap().whole;

    act(&mut harness, UiAction::OpenRun(run.clone()));
    step_until(&mut harness, "the run maps the tile", |app| app.state().view.network.is_some());
    let state = harness.state().state();
    assert_eq!(*state.view.network.as_ref().unwrap().map, *quick);
    assert_eq!(state.saved_quick_text().as_deref(), Some("saved quick map (linear, 2 clicks, 2 classes)"));
    assert_eq!(state.map_note().as_deref(), Some("Saved quick map · 2 clicks, 2 classes"), "it is in view");
    assert!(state.messages.toasts().count() == 0, "{:?}", state.messages.all());

    let tile = state.tile().unwrap().clone();
    let (mut form, id) = (state.settings.form.clone(), state.run.id);
    form.model.encoder = Encoder::File("/no such file.pth".into());
    act(&mut harness, UiAction::SetForm(Box::new(form)));
    act(&mut harness, UiAction::StartOrPause);
    step_until(&mut harness, "the start is refused and the run is back", |app| {
        let state = app.state();
        let is_refused = state.messages.text().contains("no such file.pth");
        is_refused && state.run.id == id && state.view.network.is_some()
    });
    assert_eq!(harness.state().state().map_note().as_deref(), Some("Saved quick map · 2 clicks, 2 classes"));
    let maps = home.path().join("maps");
    let mut predict = program();
    predict.arg("predict").arg("--run").arg(&run).arg(&tile.image).arg("--out").arg(&maps);
    predict.assert().success().stdout(contains("The quick head (linear) predicts"));
    let stem = tile.image.file_stem().unwrap().to_string_lossy().into_owned();
    let read = |ending: &str| image::open(maps.join(format!("{stem}{ending}"))).unwrap().into_luma8().into_raw();
    assert!(read("_classes.png") == quick.classes.data() && read("_confidence.png") == quick.confidence);

    let scored = |how: &[&str]| program().arg("evaluate").arg("--run").arg(&run).args(how).assert().success();
    scored(&[]).stdout(contains("quick head (linear), measured on the run's validation tiles"));
    let json = scored(&["--json"]).get_output().stdout.clone();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert!(json["checkpoint"].is_null() && json["miou"].as_f64().is_some_and(|miou| miou > 0.0), "{json}");
}

#[test]
fn a_saved_head_goes_with_its_figures_when_labels_have_just_changed() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = labelled(home.path());
    let state = harness.state().state();
    let other =
        (0..state.project.as_ref().unwrap().project.tiles.len()).find(|index| *index != state.selected).unwrap();
    act(&mut harness, UiAction::SelectTile(other));
    step_until(&mut harness, "the other tile is in view", |app| app.state().view.tile.is_some());
    let tile = harness.state().state().tile().unwrap().id.clone();
    let stroke = Stroke { tile: tile.clone(), class: Some(0), radius: 4.0, path: vec![[40.0, 40.0]] };
    act(&mut harness, UiAction::Label(Edit::Begin(stroke)));
    act(&mut harness, UiAction::StrokeEnded);
    step_until(&mut harness, "both tiles are learned from", |app| {
        let learned = |status: &QuickStatus| matches!(status, QuickStatus::Mapped(lesson) if lesson.tiles == 2);
        app.state().view.quick.status.as_ref().is_some_and(learned) && app.state().why_no_quick_save().is_none()
    });
    let (ctx, before) = (harness.ctx.clone(), harness.state().state().runs.len());
    harness.state_mut().act(&ctx, UiAction::Undo);
    harness.state_mut().act(&ctx, UiAction::SaveQuickMap);
    step_until(&mut harness, "it is listed", move |app| app.state().runs.len() > before);
    let run = harness.state().state().runs[0].folder.clone();
    let json = |name: &str| -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(run.join(name)).unwrap()).unwrap()
    };
    let (split, head) = (json("split.json"), json("head.json"));
    let train = split["train"].as_array().unwrap();
    assert_eq!((train.len(), head["learned"]["clicks"].as_u64()), (2, Some(3)), "{split}");
    assert!(train.iter().any(|id| *id == tile.as_str()), "{split}");
}

#[test]
fn ignored_classes_are_in_no_quick_map_and_stay_ignored_in_its_run() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = labelled(home.path());
    let state = harness.state().state();
    let (tile, name) = (state.tile().unwrap().id.clone(), state.class_list()[4].name.clone());
    let data = state.project.as_ref().unwrap().project.root.clone();
    let form = RunConfig { ignore: Some(vec![name.clone()]), ..state.settings.form.clone() };
    act(&mut harness, UiAction::SetForm(Box::new(form)));
    let stroke = Stroke { tile, class: Some(1), radius: 4.0, path: vec![[120.0, 120.0]] };
    act(&mut harness, UiAction::Label(Edit::Begin(stroke)));
    act(&mut harness, UiAction::StrokeEnded);
    step_until(&mut harness, "the other classes are mapped", |app| {
        let classes = |status: &QuickStatus| matches!(status, QuickStatus::Mapped(lesson) if lesson.classes == [0, 1]);
        app.state().view.quick.status.as_ref().is_some_and(classes)
    });
    let by_window = saved(&mut harness);
    drop(harness);

    let by_line = home.path().join("run");
    let predict = |ignore: &str, out: &str| {
        let mut command = program();
        command
            .args(["predict", "--head", "forest", "--ignore", ignore, "--out"])
            .arg(home.path().join(out))
            .arg(&data);
        command
    };
    predict("lava", "none").assert().failure().stderr(contains("no class 'lava' to ignore"));
    let mut both = predict(&name, "maps");
    both.arg("--save-run").arg(&by_line).assert().success();
    for run in [by_window, by_line] {
        let read = |file: &str| fs::read_to_string(run.join(file)).unwrap();
        assert!(read("config.toml").contains(&format!("ignore = [\"{name}\"]")), "{}", read("config.toml"));
        let head: serde_json::Value = serde_json::from_str(&read("head.json")).unwrap();
        let classes = head["classes"].as_array().unwrap();
        assert!(classes.len() == 2 && !classes.iter().any(|class| *class == name.as_str()), "{classes:?}");
        let json = program().arg("evaluate").arg("--json").arg("--run").arg(&run).assert().success();
        let scores: serde_json::Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
        let mut classes = scores["classes"].as_array().unwrap().iter();
        assert!(classes.any(|class| class["name"] == name.as_str() && class["ignored"] == true), "{scores}");
        let mut again = program();
        again.arg("predict").arg("--run").arg(&run).arg(&data).args(["--ignore", &name, "--out"]).arg(home.path());
        again.assert().failure().stderr(contains("--ignore is for quick heads"));
    }
}

#[test]
fn a_damaged_head_is_named_with_the_remedy() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = labelled(home.path());
    let run = saved(&mut harness);
    let file = run.join("head.json");
    let whole = fs::read_to_string(&file).unwrap();
    let refused = |text: String, why: &str| {
        fs::write(&file, text).unwrap();
        let told = program().arg("evaluate").arg("--run").arg(&run).assert().failure();
        told.stderr(contains("head.json")).stderr(contains(why)).stderr(contains("save the quick map as a run again"));
    };
    refused(whole[..whole.len() / 2].to_owned(), "damaged");
    refused(whole.replace("\"version\":1", "\"version\":7"), "its format 7");
    refused(whole.replacen("\"classes\":[\"", "\"classes\":[\"no ", 1), "has no class");
    act(&mut harness, UiAction::OpenRun(run));
    step_until(&mut harness, "the window says so", |app| {
        app.state().messages.toasts().any(|(_, message)| message.notice.to_string().contains("head.json"))
    });
}

#[test]
fn the_command_line_saves_the_head_it_maps_with() {
    let home = tempfile::tempdir().unwrap();
    let harness = labelled(home.path());
    let data = harness.state().state().project.as_ref().unwrap().project.root.clone();
    drop(harness);
    let (maps, run) = (home.path().join("maps"), home.path().join("run"));
    let predict = |out: &Path| {
        let mut command = program();
        command.args(["predict", "--head", "quick"]).arg(&data).arg("--out").arg(out).arg("--save-run").arg(&run);
        command
    };
    predict(&maps).assert().success().stdout(contains("Saved as a run"));
    predict(&home.path().join("other")).assert().failure().stderr(contains("never overwrites"));
    let image = pointillist::data::Project::open(&data).unwrap().tiles[0].image.clone();
    let by_run = home.path().join("by run");
    program().arg("predict").arg("--run").arg(&run).arg(&image).arg("--out").arg(&by_run).assert().success();
    let one = |folder: &Path| {
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let stem = image.file_stem().unwrap().to_string_lossy().into_owned();
        let files = walk(folder).into_iter().filter(|path| name(path).ends_with("_classes.png"));
        fs::read(files.into_iter().find(|path| stem.starts_with(name(path).trim_end_matches("_classes.png"))).unwrap())
            .unwrap()
    };
    assert!(one(&maps) == one(&by_run));
    let mut alone = program();
    alone.arg("predict").arg("--run").arg(&run).arg(&image).arg("--out").arg(&by_run).arg("--save-run").arg(&maps);
    alone.assert().failure().stderr(contains("--head quick"));
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
