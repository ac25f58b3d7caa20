//! The figures of a run as TensorBoard reads them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;
mod python;

use std::fs;
use std::path::{Path, PathBuf};

use command::{pointillist, two_tiles};
use predicates::str::contains;
use serde_json::Value;

const SCRIPT: &str = "
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
tags = events.Tags()['scalars']
print(json.dumps({tag: [[event.step, event.value] for event in events.Scalars(tag)] for tag in tags}))
";

/// A run of four steps with an event file.
fn run(dir: &Path, data: &Path) -> PathBuf {
    let out = dir.join("run");
    let mut command = pointillist();
    command.args(["train", "--base", "4", "--levels", "3", "--crop", "32", "--steps", "4", "--batch", "2"]);
    command.args(["--device", "cpu", "--tensorboard", "--data"]).arg(data).arg("--out").arg(&out).assert().success();
    out
}

fn event_files(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.to_string_lossy().contains("tfevents")).collect()
}

/// Step and value of the first column named so in a table of the run, from the top.
fn column(run: &Path, table: &str, name: &str) -> Vec<(u64, f64)> {
    let mut rows = csv::Reader::from_path(run.join(table)).unwrap();
    let at = rows.headers().unwrap().iter().position(|header| header == name).unwrap();
    let rows = rows.records().map(|row| row.unwrap());
    rows.map(|row| (row[0].parse().unwrap(), row[at].parse().unwrap())).collect()
}

fn assert_same(events: &Value, tag: &str, want: &[(u64, f64)]) {
    let got = events[tag].as_array().unwrap_or_else(|| panic!("{tag} is not in {events}"));
    let want: Vec<_> = want.iter().filter(|(_, value)| value.is_finite()).collect();
    assert_eq!(got.len(), want.len(), "{tag}: {got:?}");
    for (got, (step, value)) in got.iter().zip(want) {
        assert_eq!(got[0].as_u64(), Some(*step), "{tag}");
        assert!((got[1].as_f64().unwrap() - value).abs() < 1e-6, "{tag}: {got} for {value}");
    }
}

#[test]
fn a_run_writes_its_figures_as_it_goes_and_afterwards() {
    let (dir, data) = two_tiles();
    let run = run(dir.path(), &data);
    let live = event_files(&run);
    assert_eq!(live.len(), 1, "{live:?}");
    let out = dir.path().join("events");
    let export = |more: &[&str]| {
        let mut command = pointillist();
        command.args(["export", "--format", "tensorboard", "--run"]).arg(&run).arg(&out).args(more).assert()
    };
    export(&[]).success().stdout(contains("The figures"));
    export(&[]).failure().stderr(contains("--overwrite"));
    export(&["--overwrite"]).success();
    export(&["--overwrite", "--checkpoint", "last"]).failure().stderr(contains("--checkpoint is for networks"));
    assert_eq!(event_files(&out).len(), 1);
    let Some(python) = python::with("tensorboard", "a_run_writes_its_figures_as_it_goes_and_afterwards") else {
        return;
    };
    for folder in [&run, &out] {
        let read = python::run(&python, SCRIPT, &[folder.to_str().unwrap()], dir.path());
        let events: Value = serde_json::from_str(&read).unwrap();
        assert_same(&events, "loss/train", &column(&run, "steps.csv", "loss"));
        assert_same(&events, "lr", &column(&run, "steps.csv", "lr"));
        assert_same(&events, "miou/val", &column(&run, "metrics.csv", "val_miou"));
        assert_same(&events, "accuracy", &column(&run, "metrics.csv", "val_pixel_accuracy"));
    }
}
