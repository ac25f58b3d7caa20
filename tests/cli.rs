//! The command line, as a user sees it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;

use std::fs;
use std::path::{Path, PathBuf};

use command::{label, pointillist};
use predicates::prelude::{PredicateBooleanExt, predicate};
use predicates::str::contains;
use tempfile::TempDir;

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
fn a_run_that_has_ended_goes_on_only_if_it_is_made_longer() {
    let dir = tempfile::tempdir().unwrap();
    let out = short_run(&dir, &[]);
    let resume = |extra: &[&str]| pointillist().args(["train", "--resume"]).arg(&out).args(extra).assert();
    resume(&[]).failure().stderr(contains("The run is complete").and(contains("--more-epochs")));
    resume(&["--base", "8"]).failure().stderr(contains("cannot be used with"));
    resume(&["--more-epochs", "1", "--lr", "0"]).failure().stderr(contains("learning rate of 0 cannot be used"));
    resume(&["--more-epochs", "1", "--lr", "0.0004"]).success().stdout(
        contains("Learning rate set to 0.0004 after step")
            .and(contains("[INFO] Resumed at step "))
            .and(contains("Epoch 2/2"))
            .and(contains("Epoch 1/2").not()),
    );
    let config = fs::read_to_string(out.join("config.toml")).unwrap();
    assert!(config.contains("epochs = 2"), "{config}");
    let steps = fs::read_to_string(out.join("steps.csv")).unwrap();
    let next = steps.lines().find(|row| row.split(',').nth(1) == Some("2"));
    assert!(next.is_some_and(|row| row.ends_with(",0.0004")), "the first step after it: {steps}");
    pointillist().args(["train", "--more-epochs", "1", "--out", "x"]).assert().failure().stderr(contains("--resume"));
    pointillist().args(["train"]).assert().failure().stderr(contains("--out"));
}

#[test]
fn a_run_starts_from_the_weights_of_another_one() {
    let dir = tempfile::tempdir().unwrap();
    let first = short_run(&dir, &[]);
    let second = dir.path().join("second");
    let start = |extra: &[&str]| {
        let mut command = pointillist();
        command.args(["train", "--levels", "3", "--crop", "64", "--steps", "2", "--device", "cpu", "--init-from"]);
        command.arg(&first).args(extra).arg("--data").arg(demo()).arg("--out").arg(&second).assert()
    };
    start(&["--base", "8"]).failure().stderr(contains("base 4, 3 levels, and this one U-Net, base 8, 3 levels"));
    start(&["--base", "4", "--init-checkpoint", "last"])
        .success()
        .stdout(contains("Begins with the last checkpoint of"));
    pointillist().args(["train", "--init-checkpoint", "last", "--out", "x", "--data"]).arg(demo()).assert().failure();
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
    let is_partial = |path: &PathBuf| path.extension().is_none_or(|e| e == "bpk") && !path.ends_with("lock");
    let left: Vec<_> = walk(&out).into_iter().filter(is_partial).collect();
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

#[test]
fn a_test_tile_that_has_labels_is_learned_from_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let image = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8, y as u8, 90]));
    for part in ["train", "test"] {
        fs::create_dir_all(data.join(part)).unwrap();
        image.save(data.join(part).join(format!("{part}_tile.png"))).unwrap();
    }
    let ids: Vec<String> =
        pointillist::data::Project::open(&data).unwrap().tiles.into_iter().map(|tile| tile.id).collect();
    let test = ids.iter().find(|id| id.contains("test")).unwrap();
    ids.iter().for_each(|id| label(&data, &[(id, 0, [9.0, 9.0]), (id, 1, [40.0, 40.0])]));
    let train = |run: &str, more: &[&str]| {
        let mut command = pointillist();
        command.args([
            "train", "--base", "2", "--levels", "2", "--crop", "32", "--steps", "1", "--device", "cpu", "--data",
        ]);
        command.arg(&data).arg("--out").arg(dir.path().join(run)).args(more).assert().success()
    };
    let note = format!("[INFO] Test tile {test} has own labels and no mask: it is learned from");
    train("with", &[]).stdout(contains(note.clone()));
    train("without", &["--skip-tile", test]).stdout(contains(note).not());
}
