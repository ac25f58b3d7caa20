//! `evaluate`: what it scores, and what it says beside the headline.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;

use std::path::{Path, PathBuf};

use command::{label, pointillist, two_halves};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

/// A quick head that learned from the training tile of a folder, which holds a test tile as well if that is asked for.
fn learned(dir: &Path, has_test: bool) -> PathBuf {
    let (data, run) = (dir.join("data"), dir.join("run"));
    for part in ["train", "val", "test"].into_iter().filter(|part| has_test || *part != "test") {
        two_halves(&data.join(part), part);
    }
    label(&data, &[("train/train", 1, [10.0, 10.0]), ("train/train", 0, [80.0, 40.0])]);
    let mut command = pointillist();
    command.args(["predict", "--head", "quick", "--save-run"]).arg(&run).arg("--out").arg(dir.join("maps"));
    command.arg(&data).assert().success();
    run
}

fn scores(run: &Path, split: &[&str]) -> Value {
    let output = pointillist().args(["evaluate", "--json", "--run"]).arg(run).args(split).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn test_tiles_are_scored_when_they_are_asked_for() {
    let dir = TempDir::new().unwrap();
    let run = learned(dir.path(), true);
    let (val, test) = (scores(&run, &[]), scores(&run, &["--split", "test"]));
    let tiles = |scores: &Value| -> Vec<String> {
        scores["tiles"].as_array().unwrap().iter().map(|tile| tile["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(tiles(&val), ["val/val"]);
    assert_eq!(tiles(&test), ["test/test"]);
    assert!(test["measured_on"].as_str().unwrap().starts_with("the test tiles"), "{test}");
}

#[test]
fn test_tiles_that_a_run_learned_from_are_left_out() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    ["more", "test"].iter().for_each(|name| two_halves(&data.join("test"), name));
    label(&data, &[("test/test", 1, [10.0, 10.0]), ("test/test", 0, [80.0, 40.0])]);
    let run = learned(dir.path(), true);
    let output = pointillist().args(["evaluate", "--split", "test", "--run"]).arg(&run).assert().success();
    output.stderr(contains("Test tile test/test is not scored: the run learned from it")).stdout(contains("(1)"));
}

#[test]
fn the_folder_of_the_run_and_its_parts_are_not_scored_as_other_data() {
    let dir = TempDir::new().unwrap();
    let run = learned(dir.path(), true);
    let evaluate = |data: &str| {
        let mut command = pointillist();
        command.args(["evaluate", "--run"]).arg(&run).arg("--data").arg(dir.path().join(data));
        command
    };
    let output = evaluate("data").assert().success();
    output.stderr(contains("The run learned from 1 of 3 tiles scored")).stdout(contains("(3; 1 of them learned from)"));
    evaluate("data/train").assert().success().stderr(contains("learned from 1 of 1 tile scored"));
    evaluate("data/val").assert().success().stderr(contains("learned from").not()).stdout(contains("(1)"));
    let json: Value = serde_json::from_slice(&evaluate("data").arg("--json").output().unwrap().stdout).unwrap();
    assert_eq!(json["tiles_learned_from"], serde_json::json!(["train/train"]));
}

#[test]
fn a_folder_without_test_tiles_has_none_to_score() {
    let dir = TempDir::new().unwrap();
    let run = learned(dir.path(), false);
    let refused = pointillist().args(["evaluate", "--split", "test", "--run"]).arg(&run).assert().failure();
    refused.stderr(contains("is a test tile with a mask"));
}

#[test]
fn the_headline_has_its_company() {
    let dir = TempDir::new().unwrap();
    let run = learned(dir.path(), true);
    let scores = scores(&run, &[]);
    let share = |name: &str| scores[name].as_f64().unwrap_or_else(|| panic!("{name}: {}", scores[name]));
    for name in ["miou", "miou_per_image", "mean_boundary_iou", "mean_f1", "kappa", "calibration_error", "miou_glnet"] {
        assert!((0.0..=1.0).contains(&share(name)), "{name}: {}", share(name));
    }
    assert!(share("miou") > 0.9, "two colours are told apart: {scores}");
    assert!((share("miou") - share("miou_per_image")).abs() < 1e-9, "one tile: {scores}");
    assert!((share("miou") - share("miou_glnet")).abs() < 1e-9, "no class is ignored or absent: {scores}");
    assert_eq!((&scores["miou_interval"], scores["miou_interval_parts"].as_u64()), (&Value::Null, Some(1)));
    let pixels: u64 =
        scores["reliability"].as_array().unwrap().iter().map(|point| point["pixels"].as_u64().unwrap()).sum();
    assert_eq!(Some(pixels), scores["pixels"].as_u64());
    let table = pointillist().args(["evaluate", "--run"]).arg(&run).assert().success();
    table.stdout(contains("boundary IoU").and(contains("kappa")).and(contains("as in GLNet").not()));
}
