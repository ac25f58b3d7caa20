//! A run that is scored on spatial blocks of the tile it learns from.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;

use std::fs;
use std::path::{Path, PathBuf};

use command::{pointillist, two_halves};
use predicates::str::contains;
use serde_json::Value;

/// A short run on one tile of 96×64 pixels, divided into blocks of 32.
fn run(dir: &Path, name: &str, more: &[&str]) -> PathBuf {
    let out = dir.join(name);
    let mut command = pointillist();
    command
        .args(["train", "--base", "4", "--levels", "3", "--crop", "32", "--steps", "3", "--batch", "2", "--seed", "1"]);
    command.args(["--device", "cpu", "--split-by", "block", "--block", "32", "--data"]).arg(dir.join("data"));
    command.args(more).arg("--out").arg(&out).assert().success().stdout(contains("val blocks of 32 px"));
    out
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The pixels of rectangles in `split.json`.
fn area(rects: impl Iterator<Item = Value>) -> u64 {
    rects.map(|rect| rect["width"].as_u64().unwrap() * rect["height"].as_u64().unwrap()).sum()
}

#[test]
fn one_tile_is_learned_from_and_scored_and_evaluate_scores_the_same_pixels() {
    let dir = tempfile::tempdir().unwrap();
    two_halves(&dir.path().join("data"), "ortho");
    let run = run(dir.path(), "run", &["--val-ratio", "0.4"]);
    let (split, summary) = (json(&run.join("split.json")), json(&run.join("summary.json")));
    assert_eq!((&split["train"], &split["val"]), (&split["val"], &split["train"]), "the tile is in both: {split}");
    let held = &split["held_out"]["ortho"];
    let scored = area(held["scored"].as_object().unwrap().values().cloned());
    assert_eq!(scored, 2 * 32 * 32, "two of six blocks: {held}");
    assert_eq!(summary["last"]["scores"]["pixels"].as_u64(), Some(scored));
    let output = pointillist().args(["evaluate", "--json", "--run"]).arg(&run).output().unwrap();
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((again["pixels"].as_u64(), again["miou_interval_parts"].as_u64()), (Some(scored), Some(2)));
    let table = pointillist().args(["evaluate", "--run"]).arg(&run).assert().success();
    table.stdout(contains("the run's validation blocks (2, in 1 tile)"));
    let (again, before) = (again["miou"].as_f64().unwrap(), summary["best_miou"].as_f64().unwrap());
    assert!((again - before).abs() < 1e-9, "{again} {before}");
}

#[test]
fn a_resumed_run_keeps_its_blocks() {
    let dir = tempfile::tempdir().unwrap();
    two_halves(&dir.path().join("data"), "ortho");
    let run = run(dir.path(), "run", &["--folds", "3", "--fold", "2"]);
    let before = json(&run.join("split.json"));
    two_halves(&dir.path().join("data"), "another");
    pointillist().args(["train", "--more-epochs", "1", "--resume"]).arg(&run).assert().success();
    assert_eq!(json(&run.join("split.json")), before);
    let scored = area(before["held_out"]["ortho"]["scored"].as_object().unwrap().values().cloned());
    assert_eq!(
        json(&run.join("summary.json"))["last"]["scores"]["pixels"].as_u64(),
        Some(scored),
        "two blocks, as before"
    );
}
