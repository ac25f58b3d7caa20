//! Runs that go on otherwise than they were planned: from the start, for longer, with another rate or other labels.

use std::fs;
use std::path::PathBuf;

use super::bench::{Bench, copy};
use crate::domain::Strategy;
use crate::domain::config::Length;
use crate::engine::protocol::{EventKind, Outcome};
use crate::train::folder::FinishedRun;
use crate::train::loss::crf_has_begun;

#[test]
fn a_run_without_a_checkpoint_starts_again() {
    let bench = Bench::new();
    let mut going = bench.start(&bench.config(), "run");
    bench.reach(&mut going, 2);
    drop(going);
    assert!(!bench.folder("run").join("last.state").exists());
    let told = bench.try_resume("run", 5).err().unwrap().to_string();
    assert!(told.contains("before its first checkpoint"), "{told}");
    // A kill in the first moment, and a power cut, leave less.
    ["steps.csv", "log.txt"].iter().for_each(|name| fs::remove_file(bench.folder("run").join(name)).unwrap());
    fs::write(bench.folder("run").join("metrics.csv"), "").unwrap();
    let going = bench.resume("run");
    assert_eq!((going.run.step(), going.run.info().steps_before), (0, 0));
    bench.finish(going);
    let rows = FinishedRun::open(&bench.folder("run")).unwrap().history().0;
    assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), (1..=13).collect::<Vec<_>>());
    assert!(fs::read_to_string(bench.folder("run").join("log.txt")).unwrap().contains("starts again"));
}

#[test]
fn a_run_that_starts_again_keeps_its_new_rate_and_tells_its_split() {
    let bench = Bench::new();
    drop(bench.start(&bench.config(), "run"));
    let told = |folder: PathBuf| fs::read_to_string(folder.join("log.txt")).unwrap();
    let split = told(bench.folder("run")).lines().find(|line| line.contains("train /")).map(str::to_owned);
    drop(bench.resume_with_rate("run", 0.004));
    assert!(split.is_some_and(|line| told(bench.folder("run")).contains(&line)), "how it was split");
    let going = bench.resume("run"); // It was killed before its first save.
    assert!((going.run.info().config.train.lr - 0.004).abs() < 1e-12);
}

#[test]
fn a_run_that_has_ended_is_made_longer() {
    let bench = Bench::new();
    let mut config = bench.config();
    config.train.length = Length::Epochs(2);
    let first = bench.finish(bench.start(&config, "run"));
    let told = bench.refusal("run");
    assert!(told.contains("complete") && told.contains("--more-epochs"), "{told}");
    let going = bench.try_resume("run", 1).unwrap();
    let info = going.run.info().clone();
    assert_eq!((info.steps_before, info.total_steps), (first.steps, first.steps + info.steps_per_epoch));
    let rates = bench.events();
    let is_whole = |event: &EventKind| matches!(event, EventKind::Evaluated(last) if !last.tiles.is_empty());
    assert!(rates.iter().any(is_whole), "its figures are reported again, the last ones with their tiles");
    let second = bench.finish(going);
    assert_eq!((second.outcome, second.steps, second.epochs), (Outcome::Completed, info.total_steps, 3));
    let stored = FinishedRun::open(&bench.folder("run")).unwrap();
    assert_eq!(stored.config.train.length, Length::Epochs(3));
    let rows: Vec<u64> = stored.history().0.iter().map(|row| row.step).collect();
    assert_eq!(rows, (1..=info.total_steps).collect::<Vec<_>>());
    let last_rate = stored.history().0.last().unwrap().lr;
    let share = (info.total_steps - 1) as f64 / info.total_steps as f64;
    let cosine = config.train.lr * 0.5 * (1.0 + (std::f64::consts::PI * share).cos());
    assert!((last_rate - cosine).abs() < 1e-12, "the schedule reaches to the new end");
}

/// The loss before a step tells whether they have to: weights and batches are the same, whatever the length.
#[test]
fn neighbours_that_had_to_agree_have_to_however_long_a_run_gets() {
    let bench = Bench::new();
    let mut config = bench.config();
    config.train.loss.gated_crf = 1.0;
    bench.finish(bench.start(&config, "short"));
    copy(&bench.folder("short"), &bench.folder("long"));
    let goes_on = |name: &str, more_epochs: u32| {
        let mut going = bench.try_resume(name, more_epochs).unwrap();
        let (step, total) = (going.run.step(), going.run.info().total_steps);
        bench.reach(&mut going, step + 1);
        bench.stop(going);
        let rows = FinishedRun::open(&bench.folder(name)).unwrap().history().0;
        let next = rows.iter().find(|row| row.step == step + 1).unwrap().loss;
        (next, crf_has_begun(step, total))
    };
    let [(short, begins), (long, begins_later)] = [goes_on("short", 1), goes_on("long", 1000)];
    assert!(begins && !begins_later, "a new run of that length has no such term yet");
    assert_eq!(short.to_bits(), long.to_bits(), "{short} {long}");
}

#[test]
fn labels_that_are_new_are_learned_from_and_told() {
    let bench = Bench::new();
    [(0, 40.0), (1, 90.0)].iter().for_each(|(class, x)| bench.click(*class, *x));
    let mut config = bench.config();
    config.sampling.strategy = Strategy::OwnLabelsOnly;
    let mut going = bench.start(&config, "run");
    bench.reach(&mut going, 3);
    bench.stop(going);
    let told = |bench: &Bench| {
        let going = bench.resume("run");
        let has_told = |kind: &EventKind| matches!(kind, EventKind::Info(notice) if notice.to_string().contains("labels have changed"));
        (bench.events().iter().any(has_told), going)
    };
    let (is_told, going) = told(&bench);
    assert!(!is_told);
    bench.stop(going);
    bench.click(2, 140.0);
    let (is_told, going) = told(&bench);
    assert!(is_told);
    bench.stop(going);
    let third = FinishedRun::open(&bench.folder("run")).unwrap().classes.as_slice()[2].name.clone();
    let predicts = fs::read_to_string(bench.folder("run").join("last.json")).unwrap();
    assert!(predicts.contains(&third), "{predicts}");
}
