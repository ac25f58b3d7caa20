//! The command line, as a user sees it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::{PredicateBooleanExt, predicate};
use predicates::str::contains;
use tempfile::TempDir;

fn pointillist() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
    command.timeout(std::time::Duration::from_secs(240));
    command
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo")
}

/// Trains for a moment and returns the run folder.
fn short_run(dir: &TempDir, extra: &[&str]) -> PathBuf {
    let out = dir.path().join("run");
    pointillist()
        .args(["train", "--base", "4", "--levels", "3", "--crop", "64", "--epochs", "1", "--batch", "8"])
        .args(["--device", "cpu", "--keep", "0.1"])
        .args(extra)
        .arg("--data")
        .arg(demo())
        .arg("--out")
        .arg(&out)
        .assert()
        .success();
    out
}

#[test]
fn training_prints_the_lines_of_the_reference_study_and_writes_a_run_folder() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    pointillist()
        .args(["train", "--base", "4", "--levels", "3", "--crop", "64", "--epochs", "1", "--batch", "8"])
        .args(["--class-weights", "inverse", "--device", "cpu", "--data"])
        .arg(demo())
        .arg("--out")
        .arg(&out)
        .assert()
        .success()
        .stdout(
            contains("[INFO] No valid split provided -> split train into 11 train / 1 val (val_ratio=0.1)")
                .and(contains("[INFO] Using inverse-frequency class weights: ["))
                .and(
                    predicate::str::is_match(
                        r"Epoch 1/1 — train_loss: \d+\.\d{4} — val_mIoU: 0\.\d{4} — time: \d+\.\ds",
                    )
                    .unwrap(),
                )
                .and(predicate::str::is_match(r" per-class IoU: \['(\d\.\d\d|nan)'(, '(\d\.\d\d|nan)'){6}\]").unwrap())
                .and(predicate::str::is_match(r"Training complete. Best mIoU: 0\.\d{4}\n$").unwrap()),
        );
    for file in
        ["config.toml", "classes.json", "metrics.csv", "steps.csv", "summary.json", "best.bpk", "last.bpk", "log.txt"]
    {
        assert!(out.join(file).metadata().is_ok_and(|m| m.len() > 0), "{file} is missing or empty");
    }
    let metrics = fs::read_to_string(out.join("metrics.csv")).unwrap();
    assert_eq!(metrics.lines().count(), 2, "{metrics}");
    assert!(metrics.starts_with("step,epoch,train_loss,val_miou,val_pixel_accuracy,val_pixels,secs,iou_"));
}

#[test]
fn a_finished_run_evaluates_and_predicts_and_its_configuration_repeats_it() {
    let dir = tempfile::tempdir().unwrap();
    let run = short_run(&dir, &["--quiet"]);

    let json = pointillist().args(["evaluate", "--json", "--run"]).arg(&run).output().unwrap();
    assert!(json.status.success(), "{json:?}");
    let scores: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&fs::read(run.join("summary.json")).unwrap()).unwrap();
    let (again, before) = (scores["miou"].as_f64().unwrap(), summary["best_miou"].as_f64().unwrap());
    assert!((again - before).abs() < 1e-9, "the reloaded checkpoint must score what it scored: {again} {before}");

    let out = dir.path().join("predicted");
    let image = demo().join("test").read_dir().unwrap().next().unwrap().unwrap().path();
    pointillist().args(["predict", "--run"]).arg(&run).arg(&image).arg("--out").arg(&out).assert().success();
    let stem = image.file_stem().unwrap().to_str().unwrap();
    let size = image::image_dimensions(&image).unwrap();
    let classes = image::open(out.join(format!("{stem}_classes.png"))).unwrap().into_luma8();
    assert_eq!(classes.dimensions(), size);
    assert!(classes.pixels().all(|p| p.0[0] < 6), "every pixel has a class, and never the ignored one");
    assert_eq!(image::image_dimensions(out.join(format!("{stem}_colors.png"))).unwrap(), size);

    let repeated = dir.path().join("repeated");
    pointillist()
        .args(["train", "--quiet", "--config"])
        .arg(run.join("config.toml"))
        .arg("--out")
        .arg(&repeated)
        .assert()
        .success();
    let rows = |folder: &Path| fs::read_to_string(folder.join("metrics.csv")).unwrap();
    let without_time =
        |text: &str| text.lines().map(|l| l.split(',').take(6).collect::<Vec<_>>().join(",")).collect::<Vec<_>>();
    assert_eq!(without_time(&rows(&run)), without_time(&rows(&repeated)), "the same configuration, the same figures");
}

#[test]
fn a_run_with_a_pretrained_encoder_evaluates_and_predicts() {
    let dir = tempfile::tempdir().unwrap();
    let run = short_run(&dir, &["--encoder", "lite0", "--encoder-lr", "0.2"]);
    let config = fs::read_to_string(run.join("config.toml")).unwrap();
    assert!(config.contains("encoder = \"lite0\"") && config.contains("encoder_lr = 0.2"), "{config}");
    let score = pointillist().args(["evaluate", "--json", "--device", "cpu", "--run"]).arg(&run).output().unwrap();
    let score: serde_json::Value = serde_json::from_slice(&score.stdout).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&fs::read(run.join("summary.json")).unwrap()).unwrap();
    let (again, before) = (score["miou"].as_f64().unwrap(), summary["best_miou"].as_f64().unwrap());
    assert!((again - before).abs() < 1e-9, "the reloaded checkpoint must score what it scored: {again} {before}");
    let out = dir.path().join("predicted");
    let image = demo().join("test").read_dir().unwrap().next().unwrap().unwrap().path();
    pointillist().args(["predict", "--run"]).arg(&run).arg(&image).arg("--out").arg(&out).assert().success();
    let classes = format!("{}_classes.png", image.file_stem().unwrap().to_str().unwrap());
    let classes = image::open(out.join(classes)).unwrap().into_luma8();
    assert!(classes.pixels().all(|p| p.0[0] < 6), "every pixel has a class, and never the ignored one");
}

#[test]
fn sampling_writes_masks_and_figures() {
    let dir = tempfile::tempdir().unwrap();
    let sample = |out: &Path| {
        pointillist()
            .args(["sample", "--points", "3", "--seed", "5", "--data"])
            .arg(demo())
            .arg("--out")
            .arg(out)
            .assert()
            .success();
    };
    let (first, second) = (dir.path().join("a"), dir.path().join("b"));
    sample(&first);
    sample(&second);
    let files: Vec<_> = walk(&first).into_iter().filter(|p| p.to_string_lossy().ends_with("_sampled.png")).collect();
    assert!(files.len() >= 12, "{files:?}");
    for file in files.iter().filter(|p| !p.to_string_lossy().ends_with("_full_sampled.png")) {
        let twin = second.join(file.strip_prefix(&first).unwrap());
        assert_eq!(fs::read(file).unwrap(), fs::read(twin).unwrap(), "the same seed gives the same pixels");
        let labelled = image::open(file).unwrap().into_luma8().pixels().filter(|p| p.0[0] != 255).count();
        assert!((3..=21).contains(&labelled), "{labelled}");
    }
}

#[test]
fn impossible_settings_are_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let refuse = |args: &[&str], message: &str| {
        pointillist()
            .args(["train", "--data"])
            .arg(demo())
            .arg("--out")
            .arg(dir.path().join("never"))
            .args(args)
            .assert()
            .failure()
            .stderr(contains(message));
        assert!(!dir.path().join("never").exists(), "nothing may be created before everything is checked");
    };
    refuse(&["--batch", "0"], "Choose at least 1");
    refuse(&["--crop", "100"], "Choose 96 or 112");
    refuse(&["--class-weights", "1,2"], "2 class weights for 7 classes");
    refuse(&["--keep", "0"], "keep ratio");
    refuse(&["--clicks-only"], "nothing to learn from");
    refuse(&["--own-labels-only"], "nothing to learn from");
    refuse(&["--optimizer", "sgd", "--momentum", "1"], "A momentum of 1");
    refuse(&["--loss", "ce", "--supervision", "sparse"], "drop one of them");
    refuse(&["--ignore", "water,lava"], "no class 'lava'");
    refuse(&["--device", "no such adapter"], "No adapter's name contains");
    pointillist()
        .args(["train", "--data", "/no/such/folder", "--out"])
        .arg(dir.path().join("never"))
        .assert()
        .failure()
        .stderr(contains("/no/such/folder"));
}

#[test]
fn folders_that_are_no_runs_and_damaged_images_are_named() {
    let dir = tempfile::tempdir().unwrap();
    pointillist()
        .args(["evaluate", "--run"])
        .arg(dir.path())
        .assert()
        .failure()
        .stderr(contains("not a run folder").and(contains("config.toml")));
    let run = short_run(&dir, &["--quiet"]);
    let broken = dir.path().join("broken.jpg");
    let whole = fs::read(demo().join("test").read_dir().unwrap().next().unwrap().unwrap().path()).unwrap();
    fs::write(&broken, &whole[..200]).unwrap();
    pointillist()
        .args(["predict", "--run"])
        .arg(&run)
        .arg(&broken)
        .arg("--out")
        .arg(dir.path().join("out"))
        .assert()
        .failure()
        .stderr(contains("broken.jpg"));
}

#[test]
fn an_error_names_cause_and_file_once() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let missing = missing.to_str().unwrap();
    for args in [
        ["evaluate", "--run", missing, "--device", "cpu"],
        ["sample", "--data", missing, "--out", missing],
        ["train", "--out", missing, "--config", missing],
        ["train", "--out", missing, "--data", missing],
    ] {
        let output = pointillist().args(args).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let counts = (text.matches(missing).count(), text.matches("os error 2").count());
        assert_eq!((output.status.code(), counts), (Some(1), (1, 1)), "{args:?}: {text}");
    }
}

#[test]
fn doctor_prints_what_a_bug_report_needs() {
    pointillist()
        .arg("doctor")
        .assert()
        .success()
        .stdout(contains("pointillist ").and(contains("burn ")).and(contains("training runs on:")));
}

#[test]
fn a_score_of_nothing_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let run = short_run(&dir, &[]);
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::copy(demo().join("class_dict.csv"), data.join("class_dict.csv")).unwrap();
    fs::copy(demo().join("train/1001_mask.png"), data.join("1001_mask.png")).unwrap();
    let image = fs::read(demo().join("train/1001_sat.jpg")).unwrap();
    fs::write(data.join("1001_sat.jpg"), &image[..image.len() / 2]).unwrap();
    let evaluate = |json: &[&str]| {
        pointillist().args(["evaluate", "--run"]).arg(&run).arg("--data").arg(&data).args(json).assert().failure()
    };
    for json in [&[][..], &["--json"]] {
        evaluate(json).stderr(contains("1001_sat.jpg").and(contains("nothing was scored"))).stdout("");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_its_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_pointillist"))
        .args([
            "train", "--base", "4", "--levels", "3", "--crop", "64", "--steps", "1000000", "--device", "cpu", "--data",
        ])
        .arg(demo())
        .arg("--out")
        .arg(&out)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(120);
    while !out.join("best.bpk").exists() {
        assert!(std::time::Instant::now() < deadline, "no checkpoint was written");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let text = fs::read_to_string(out.join("summary.json")).unwrap();
    assert!(text.contains("\"stopped\""), "{text}");
    pointillist().args(["evaluate", "--run"]).arg(&out).assert().success();
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_reported_and_leaves_no_partial_file() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let script = format!(
        "trap '' XFSZ; ulimit -f 16; exec '{}' train --base 8 --levels 3 --crop 32 --steps 2 --batch 2 --device cpu \
         --data '{}' --out '{}'",
        env!("CARGO_BIN_EXE_pointillist"),
        demo().display(),
        out.display()
    );
    let output = std::process::Command::new("bash").args(["-c", &script]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("last checkpoint was not written") && stderr.contains("free space"), "{stderr}");
    assert_eq!(stderr.matches("[WARNING]").count(), 1, "reported once: {stderr}");
    let summary = fs::read_to_string(out.join("summary.json")).unwrap();
    assert!(summary.contains("\"unsaved\": \"cannot write"), "{summary}");
    let left: Vec<_> = walk(&out).into_iter().filter(|path| path.extension().is_none_or(|e| e == "bpk")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn events_can_be_read_by_a_program() {
    let dir = tempfile::tempdir().unwrap();
    let output = pointillist()
        .args(["train", "--json", "--base", "2", "--levels", "2", "--crop", "32", "--steps", "2", "--device", "cpu"])
        .arg("--data")
        .arg(demo())
        .arg("--out")
        .arg(dir.path().join("run"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let events: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(events.iter().any(|event| event["kind"]["Started"].is_object()), "{text}");
    assert_eq!(events.last().unwrap()["kind"]["Finished"]["steps"], 2, "{text}");
}

#[test]
fn the_last_checkpoint_can_be_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let run = short_run(&dir, &["--quiet"]);
    let score = |which: &str| {
        let output =
            pointillist().args(["evaluate", "--json", "--checkpoint", which, "--run"]).arg(&run).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let scores: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(scores["checkpoint"], which);
        scores["miou"].as_f64()
    };
    assert_eq!(score("best"), score("last"), "after one epoch they are one network");
    fs::remove_file(run.join("last.bpk")).unwrap();
    let refused = pointillist().args(["evaluate", "--checkpoint", "last", "--run"]).arg(&run).assert().failure();
    refused.stderr(contains("last.bpk"));
    score("best");
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn bench_prints_figures_a_script_can_read() {
    for what in ["--train", "--infer"] {
        let output = pointillist()
            .args([
                "bench", what, "--base", "2", "--levels", "3", "--size", "32", "--batch", "1", "--steps", "2", "--json",
            ])
            .output()
            .unwrap();
        let figures: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(figures["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{figures}");
        assert!(figures["images_per_s"].as_f64().is_some_and(|rate| rate > 0.0), "{figures}");
        assert_eq!(figures["infer"], what == "--infer");
    }
    pointillist().args(["bench", "--size", "100"]).assert().failure().stderr(contains("100"));
}

/// A tile of 96 × 64 pixels, red and green halves, with its mask in DeepGlobe's colours.
fn two_halves(folder: &Path, name: &str) {
    let image = image::RgbImage::from_fn(96, 64, |x, y| {
        let noise = ((x * 31 + y * 17) % 23) as u8;
        if x < 48 { image::Rgb([190 + noise, 60, 40]) } else { image::Rgb([50, 170 + noise, 60]) }
    });
    let mask = image::RgbImage::from_fn(96, 64, |x, _| image::Rgb(if x < 48 { [0, 255, 255] } else { [0, 255, 0] }));
    for (kind, picture) in [("images", image), ("masks", mask)] {
        fs::create_dir_all(folder.join(kind)).unwrap();
        picture.save(folder.join(kind).join(format!("{name}.png"))).unwrap();
    }
}

#[test]
fn simulated_clicks_are_scored_and_repeat() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    two_halves(&data, "a");
    two_halves(&data, "b");
    let table = |extra: &[&str]| {
        let out = dir.path().join("scores.csv");
        let arguments = ["simulate", "--clicks", "1,3", "--seeds", "2", "--overwrite", "--data"];
        pointillist().args(arguments).arg(&data).arg("--out").arg(&out).args(extra).assert().success();
        let text = fs::read_to_string(out).unwrap();
        text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect::<Vec<_>>()
    };
    let rows = table(&[]);
    assert_eq!(rows[0], "mode,tile,placement,method,seed,round,clicks,miou,accuracy");
    assert_eq!(rows.len(), 1 + 2 * 2 * 2, "{rows:?}");
    let miou = |row: &String| row.split(',').nth(7).unwrap().parse::<f64>().unwrap();
    assert!(rows[1..].iter().all(|row| miou(row) > 0.8), "two colours are told apart: {rows:?}");
    assert_eq!(rows, table(&[]), "the same clicks, the same scores");
    let across = table(&["--across", "--val-tile", "b"]);
    assert!(
        across.len() == 5 && across[1..].iter().all(|row| row.starts_with("across,,stratified,quick,")),
        "{across:?}"
    );
    assert!(across[1..].iter().all(|row| miou(row) > 0.8), "{across:?}");
    let answered = table(&["--across", "--val-tile", "b", "--placement", "error"]);
    assert!(
        answered.len() == 5 && answered[1].starts_with("across,,error,quick,0,0,2,"),
        "a click a class: {answered:?}"
    );
    assert!(answered[2].starts_with("across,,error,quick,0,1,"), "{answered:?}");
    let forest = table(&["--method", "forest"]);
    assert!(forest[1..].iter().all(|row| row.contains(",forest,") && miou(row) > 0.8), "{forest:?}");
    let (scores, picture) = (dir.path().join("scores.csv"), dir.path().join("curve.svg"));
    let curve = || {
        let mut command = pointillist();
        command.arg("curve").arg(&scores).arg("--out").arg(&picture);
        command
    };
    curve().assert().success().stdout(contains("1 lines"));
    assert!(fs::read_to_string(&picture).unwrap().contains("Random forest"));
    curve().assert().failure().stderr(contains("--overwrite"));
}

#[test]
fn ignored_classes_are_neither_clicked_nor_scored() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let colors = [[0, 255, 255], [0, 255, 0], [255, 255, 0]];
    let column = |x: u32| (x / 48) as usize;
    let image = image::RgbImage::from_fn(144, 64, |x, y| {
        let noise = ((x * 31 + y * 17) % 13) as u8;
        image::Rgb([[200 + noise, 40, 30], [40, 180 + noise, 30], [40, 40, 180 + noise]][column(x)])
    });
    let mask = image::RgbImage::from_fn(144, 64, |x, _| image::Rgb(colors[column(x)]));
    for (kind, picture) in [("images", image), ("masks", mask)] {
        fs::create_dir_all(data.join(kind)).unwrap();
        picture.save(data.join(kind).join("a.png")).unwrap();
    }
    let out = dir.path().join("scores.csv");
    let simulate = |ignore: &str| {
        let mut command = pointillist();
        command.args(["simulate", "--clicks", "2", "--seeds", "1", "--overwrite", "--ignore", ignore, "--data"]);
        command.arg(&data).arg("--out").arg(&out);
        command
    };
    let scores = |ignore: &str| {
        simulate(ignore).assert().success();
        let text = fs::read_to_string(&out).unwrap();
        let row: Vec<String> = text.lines().nth(1).unwrap().split(',').map(str::to_owned).collect();
        (row[6].parse::<u32>().unwrap(), row[7].parse::<f64>().unwrap())
    };
    let (clicks, miou) = scores("");
    assert!(clicks == 6 && miou > 0.8, "{clicks} {miou}");
    let (clicks, miou) = scores("class #FFFF00");
    assert!(clicks == 4 && miou > 0.8, "{clicks} {miou}: pixels of the third class are no errors");
    simulate("class #FFFF00,class #00FF00").assert().failure().stderr(contains("1 classes are left"));
    simulate("swamp").assert().failure().stderr(contains("There is no class 'swamp' to ignore"));
}

#[test]
fn networks_learn_from_simulated_clicks_and_repeat() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    two_halves(&data, "a");
    two_halves(&data, "b");
    let table = |extra: &[&str]| {
        let out = dir.path().join("scores.csv");
        let arguments = ["simulate", "--clicks", "2", "--seeds", "1", "--steps", "2", "--overwrite", "--data"];
        pointillist().args(arguments).arg(&data).arg("--out").arg(&out).args(extra).assert().success();
        let text = fs::read_to_string(out).unwrap();
        text.lines().skip(1).map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect::<Vec<_>>()
    };
    let rows = table(&["--method", "preset"]);
    assert!(rows.len() == 2 && rows[0].starts_with("tile,a,stratified,preset,0,0,4,"), "{rows:?}");
    assert_eq!(rows, table(&["--method", "preset"]), "the same clicks, the same steps, the same scores");
    let rows = table(&["--method", "encoder", "--across", "--val-tile", "b"]);
    assert!(rows.len() == 1 && rows[0].starts_with("across,,stratified,encoder,0,0,4,"), "{rows:?}");
    let rows = table(&["--method", "unet", "--across", "--val-tile", "b"]);
    assert!(rows.len() == 1 && rows[0].starts_with("across,,stratified,unet,0,0,4,"), "{rows:?}");
}

#[test]
fn simulate_refuses_what_it_cannot_score() {
    let dir = TempDir::new().unwrap();
    two_halves(dir.path(), "a");
    let out = dir.path().join("scores.csv");
    let simulate = |extra: &[&str]| {
        let mut command = pointillist();
        command.args(["simulate", "--data"]).arg(dir.path()).arg("--out").arg(&out).args(extra);
        command
    };
    simulate(&["--clicks", "0"]).assert().failure().stderr(contains("give numbers from 1"));
    simulate(&["--across"]).assert().failure().stderr(contains("--val-tile"));
    fs::write(&out, "mine").unwrap();
    simulate(&[]).assert().failure().stderr(contains("--overwrite"));
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine");
}

#[test]
fn the_quick_head_maps_a_folder_from_own_labels() {
    let dir = TempDir::new().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("maps"));
    two_halves(&data, "a");
    fs::write(
        data.join("pointillist.toml"),
        "[[class]]\nname = \"town\"\ncolor = \"#ff0000\"\n[[class]]\nname = \"lake\"\ncolor = \"#0000ff\"\n\
         [[class]]\nname = \"wood\"\ncolor = \"#00ff00\"\n",
    )
    .unwrap();
    let predict = || {
        let mut command = pointillist();
        command.args(["predict", "--head", "quick"]).arg(&data).arg("--out").arg(&out);
        command
    };
    predict().assert().failure().stderr(contains("own labels of two classes"));
    assert!(!out.exists(), "nothing is written before something was learned");
    let project = pointillist::data::Project::open(&data).unwrap();
    let (mut journal, _) = pointillist::data::Journal::open(&project).unwrap();
    for (class, x) in [(0, 20.5), (2, 75.5)] {
        let tile = project.tiles[0].id.clone();
        let stroke = pointillist::domain::Stroke { tile, class: Some(class), radius: 3.0, path: vec![[x, 30.5]] };
        journal.append(&pointillist::domain::Edit::Begin(stroke)).unwrap();
    }
    drop(journal);
    predict().assert().success().stdout(contains("town, wood; no other class"));
    let map = image::open(out.join("a_classes.png")).unwrap().to_luma8();
    let right = map.enumerate_pixels().filter(|(x, _, class)| class.0[0] == if *x < 48 { 0 } else { 2 }).count();
    assert!(right > 96 * 64 * 9 / 10, "{right} pixels");
    predict().assert().failure().stderr(contains("--overwrite"));
    let forest = dir.path().join("forest");
    pointillist().args(["predict", "--head", "forest"]).arg(&data).arg("--out").arg(&forest).assert().success();
    let map = image::open(forest.join("a_classes.png")).unwrap().to_luma8();
    let right = map.enumerate_pixels().filter(|(x, _, class)| class.0[0] == if *x < 48 { 0 } else { 2 }).count();
    assert!(right > 96 * 64 * 9 / 10, "{right} pixels");
    pointillist().args(["predict", "x.png", "--out"]).arg(&out).assert().failure().stderr(contains("--head quick"));
}
