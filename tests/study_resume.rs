//! Studies that are interrupted: their runs go on from where they were saved.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;
mod planned;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use command::{pointillist, two_halves};
use planned::{Study, WEIGHTS, steps};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

/// A run that takes some seconds, so that it can be stopped on its way.
const LONG: &str = "[[variant]]\nname = 'long'\ntrain.length = { steps = 1200 }\n";
/// Its steps.
const STEPS: u64 = 1200;
const GOES_ON: &str = "It goes on after step";

/// Asks a worker to stop.
fn stop(mut worker: Child, signal: &str) {
    Command::new("kill").args([signal, &worker.id().to_string()]).status().unwrap();
    assert_eq!(worker.wait().unwrap().code(), Some(130), "{signal}");
}

/// A study whose run was stopped on its way, and the folder of the attempt.
fn stopped(signal: &str) -> (Study, PathBuf) {
    let study = Study::new(LONG);
    let worker = study.spawn(&[]);
    let attempt = study.wait_for_steps("long");
    stop(worker, signal);
    assert!(attempt.exists(), "the run has ended before it could be stopped");
    assert!(steps(&attempt) < STEPS && attempt.join("last.state").exists());
    (study, attempt)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// The rows of a table, without the times.
fn rows(run: &Path, table: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(run.join(table)).unwrap();
    let mut rows: Vec<Vec<String>> = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    if let Some(secs) = rows[0].iter().position(|name| name == "secs") {
        rows.iter_mut().for_each(|row| drop(row.remove(secs)));
    }
    rows
}

#[test]
fn a_signal_saves_the_run_and_gives_it_back() {
    let hang_up = Some("-HUP").filter(|_| !are_under_nohup());
    for signal in ["-INT", "-TERM", "-USR1"].into_iter().chain(hang_up) {
        let (study, attempt) = stopped(signal);
        assert!(study.names("claims").is_empty() && attempt.join("last.bpk").exists(), "{signal}");
        assert_eq!(study.states(), ["waiting"]);
        let state = fs::read(attempt.join("last.state")).unwrap();
        let begins = String::from_utf8_lossy(&state[..64]);
        assert!(begins.contains(&format!("\"step\":{},", steps(&attempt))), "the script for Slurm reads {begins}");
    }
}

/// Whether these tests ignore SIGHUP, which what they start inherits.
fn are_under_nohup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(target_os = "linux")]
#[test]
fn a_study_under_nohup_outlives_the_terminal() {
    let study = Study::new(LONG);
    let mut worker = study.spawn_by("nohup");
    study.wait_for_steps("long");
    Command::new("kill").args(["-HUP", &worker.id().to_string()]).status().unwrap();
    assert_eq!(worker.wait().unwrap().code(), Some(0));
    assert_eq!(steps(&study.folder("runs/long")), STEPS);
}

#[test]
fn a_run_that_was_interrupted_goes_on_and_equals_one_that_never_was() {
    let (study, attempt) = stopped("-TERM");
    let told = format!("{GOES_ON} {} of {STEPS}", steps(&attempt));
    study.run().success().stdout(contains(told).and(contains("1 of 1 runs are done")));
    assert!(study.names("unfinished").is_empty() && study.names("claims").is_empty());
    let whole = Study::new(LONG);
    whole.run().success().stdout(contains(GOES_ON).not());
    let [resumed, whole] = [study, whole].map(|study| {
        let run = study.folder("runs/long");
        assert_eq!((study.states(), steps(&run)), (vec!["done".to_owned()], STEPS));
        [rows(&run, "steps.csv"), rows(&run, "metrics.csv")]
    });
    assert!(whole[0].len() as u64 == STEPS + 1 && whole[1].len() > 2);
    assert!(resumed == whole, "the figures differ");
}

#[test]
fn of_several_attempts_the_furthest_goes_on_and_none_is_left() {
    let (study, first) = stopped("-INT");
    let other = study.folder("unfinished/long-zzz");
    copy(&first, &other);
    let before = steps(&other);
    let (mut worker, began) = (study.spawn(&[]), Instant::now());
    let is_further = |now: &PathBuf| {
        let table = fs::read_to_string(now.join("steps.csv")).unwrap_or_default();
        *now != first && *now != other && table.lines().count() as u64 > before + 1 // The header counts.
    };
    let second = loop {
        if let Some(now) = study.attempt("long").filter(is_further) {
            break now;
        }
        assert!(worker.try_wait().unwrap().is_none(), "the worker has ended before it could be stopped");
        assert!(began.elapsed() < Duration::from_secs(120), "the run does not go on");
        std::thread::sleep(Duration::from_millis(5));
    };
    stop(worker, "-INT");
    let left = study.names("unfinished");
    assert!(left.len() == 2 && second.exists(), "{left:?}, not {}", second.display());
    let reached = steps(&second);
    assert!(reached > before);
    study.run().success().stdout(contains(format!("{GOES_ON} {reached} of {STEPS}")));
    assert!(study.names("unfinished").is_empty());
}

#[test]
fn a_run_whose_attempts_are_damaged_begins_anew_and_says_why() {
    let (study, attempt) = stopped("-INT");
    let state = fs::read(attempt.join("last.state")).unwrap();
    let other = study.folder("unfinished/long-zzz");
    copy(&attempt, &other);
    fs::write(other.join("last.state"), &state[..state.len() - 1]).unwrap();
    let mut broken = state.clone();
    let weights = 8 + u64::from_le_bytes(state[..8].try_into().unwrap()) as usize;
    broken[weights..weights + 64].fill(0xff);
    fs::write(attempt.join("last.state"), broken).unwrap();
    study.run().success().stdout(contains(GOES_ON).not()).stderr(
        contains("long-zzz is left behind: ")
            .and(contains("its parts are cut off"))
            .and(contains("last.state is damaged, or of another network"))
            .and(contains("The run begins anew")),
    );
    assert_eq!(steps(&study.folder("runs/long")), STEPS);
    assert!(study.names("unfinished").is_empty(), "they are no longer needed");
}

#[test]
fn an_attempt_that_is_in_use_is_neither_replaced_nor_lost() {
    let (study, attempt) = stopped("-INT");
    let lock = fs::File::create(attempt.join("lock")).unwrap();
    lock.lock().unwrap();
    let hindered = contains("cannot go on at the moment").and(contains("in progress")).and(contains("anew").not());
    study.run().failure().stderr(hindered);
    assert_eq!(study.names("unfinished").len(), 1);
    assert_eq!(study.states(), ["failed"]);
    drop(lock);
    std::thread::sleep(Duration::from_millis(1100)); // A worker makes nothing that has failed since it began, by the second.
    let told = format!("{GOES_ON} {} of {STEPS}", steps(&attempt));
    study.run().success().stdout(contains(told));
}

#[test]
fn a_run_that_has_diverged_twice_from_its_state_begins_anew() {
    let (study, attempt) = stopped("-INT");
    let file = attempt.join("study.json");
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    record["divergence"] = serde_json::json!({ "after": steps(&attempt), "times": 2 });
    fs::write(&file, record.to_string()).unwrap();
    let told = contains("its loss has diverged twice").and(contains("The run begins anew"));
    study.run().success().stdout(contains(GOES_ON).not()).stderr(told);
}

#[test]
fn an_attempt_on_other_data_and_what_is_no_attempt_stay() {
    let (study, attempt) = stopped("-INT");
    let state = fs::read(attempt.join("last.state")).unwrap();
    fs::create_dir(study.folder("unfinished/long-notes")).unwrap();
    fs::write(study.folder("unfinished/long-notes/todo.txt"), "").unwrap();
    two_halves(&study.data(), "d");
    study.run().success().stdout(contains(GOES_ON).not());
    assert!(fs::read(attempt.join("last.state")).unwrap() == state);
    assert_eq!(study.names("unfinished").len(), 2);
    assert!(study.folder("unfinished/long-notes/todo.txt").exists());
}

#[test]
fn a_complete_attempt_is_kept_and_runs_of_a_study_are_not_resumed_by_themselves() {
    let study = Study::new(WEIGHTS);
    study.run().success();
    let (run, attempt) = (study.folder("runs/class_weights-none"), study.folder("unfinished/class_weights-none-zzz"));
    let summary = fs::read(run.join("summary.json")).unwrap();
    fs::rename(&run, &attempt).unwrap();
    study.run().success().stdout(contains("2 of 2 runs are done"));
    assert!(fs::read(run.join("summary.json")).unwrap() == summary, "it was made again");
    assert!(study.names("unfinished").is_empty());

    let config = fs::read_to_string(run.join("config.toml")).unwrap();
    for change in [&["--more-epochs", "1"][..], &["--lr", "0.01"], &["--data", "elsewhere"], &[]] {
        let refused = pointillist().args(["train", "--resume"]).arg(&run).args(change).assert().failure();
        refused.stderr(contains("A run of a study is not resumed by itself").and(contains("--init-from")));
    }
    assert_eq!(fs::read_to_string(run.join("config.toml")).unwrap(), config);
}
