//! What a run leaves behind, and whether it can be trusted: figures, checkpoints, rates, a disk that is full.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;

use std::fs;
use std::path::{Path, PathBuf};

use bench::{Bench, failure};
use pointillist::data::{Journal, Project};
use pointillist::domain::checkpoint::Checkpoint;
use pointillist::domain::config::Length;
use pointillist::domain::{Edit, RunConfig, Stroke};
use pointillist::engine::protocol::{Outcome, Predicting, Summary, ViewRequest};
use pointillist::engine::{Command, Event, EventKind, Phase};

fn warning(event: &Event) -> Option<String> {
    match &event.kind {
        EventKind::Warning(notice) => Some(notice.to_string()),
        _ => None,
    }
}

fn said(event: &Event) -> Option<String> {
    match &event.kind {
        EventKind::Info(notice) => Some(notice.to_string()),
        _ => None,
    }
}

fn predicting(event: &Event) -> Option<Predicting> {
    match &event.kind {
        EventKind::Predicting(predicting) => Some(predicting.clone()),
        _ => None,
    }
}

fn pause(bench: &Bench) {
    bench.engine.send(Command::Pause);
    bench.until("the pause", |e| matches!(e.kind, EventKind::Phase(Phase::Paused)).then_some(()));
}

fn rows(run: &Path, table: &str) -> Vec<String> {
    fs::read_to_string(run.join(table)).unwrap().lines().map(str::to_owned).collect()
}

/// Nothing half written is left.
fn is_tidy(run: &Path) -> bool {
    let names = fs::read_dir(run).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    !names.into_iter().any(|name| name.starts_with('.') || name.contains("partial") || name.contains(".tmp"))
}

/// In the way of a checkpoint, as a full disk is.
fn block(run: &Path, which: &str) -> PathBuf {
    let path = run.join(which);
    fs::remove_file(&path).ok();
    fs::create_dir(&path).unwrap();
    path
}

#[test]
fn a_rate_set_during_a_run_is_in_event_and_table() {
    let bench = Bench::new();
    let out = bench.start(1, bench.config(Length::Steps(400)));
    bench.until_step(150);
    pause(&bench);
    bench.engine.send(Command::SetLearningRate(0.00075));
    let told = bench.until("the answer", |e| match e.kind {
        EventKind::LearningRate(rate) => Some(rate),
        _ => None,
    });
    bench.engine.send(Command::Resume);
    let (step, lr) = bench.until("a step", |e| match &e.kind {
        EventKind::Step(report) => Some((report.step, report.lr)),
        _ => None,
    });
    assert_eq!(told.to_string(), "0.00075");
    bench.until_finished();
    let rates: Vec<f64> =
        rows(&out, "steps.csv")[1..].iter().map(|row| row.rsplit(',').next().unwrap().parse().unwrap()).collect();
    let set = rates.iter().position(|rate| rate.to_string() == "0.00075").expect("the table has it too");
    assert_eq!(rates[step as usize - 1].to_string(), lr.to_string(), "one rate in the event and in the table");
    assert!(rates[set..].windows(2).all(|pair| pair[1] < pair[0]), "it decays from there");
    assert!(rates[rates.len() - 1] < 1e-6, "to the end of the schedule");
}

#[test]
fn equal_runs_write_equal_figures() {
    let bench = Bench::new();
    let figures = |run: u64| {
        let out = bench.start(run, bench.config(Length::Epochs(3)));
        bench.until_finished();
        let metrics: Vec<_> = csv_without(&out.join("metrics.csv"), "secs");
        (rows(&out, "steps.csv"), metrics)
    };
    let (first, second) = (figures(1), figures(2));
    assert!(first.0.len() > 10 && first.1.len() == 4, "{first:?}");
    assert_eq!(first, second);
}

/// The rows of a table without one of its columns.
fn csv_without(path: &Path, column: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>()).collect::<Vec<_>>();
    let place = lines[0].iter().position(|name| name == column).unwrap();
    lines.iter_mut().for_each(|line| drop(line.remove(place)));
    lines
}

#[test]
fn evaluating_twice_while_paused_adds_no_second_row() {
    let bench = Bench::new();
    let out = bench.start(1, bench.config(Length::Steps(1_000_000)));
    bench.until_step(1);
    pause(&bench);
    bench.engine.send(Command::Evaluate);
    bench.until("the score", |e| matches!(e.kind, EventKind::Evaluated(_)).then_some(()));
    let before = rows(&out, "metrics.csv").len();
    bench.engine.send(Command::Evaluate);
    bench.until("the message", |e| said(e).filter(|text| text.contains("Already scored at step")));
    bench.engine.send(Command::Stop);
    bench.until_finished();
    assert_eq!(rows(&out, "metrics.csv").len(), before);
}

#[test]
fn a_full_disk_does_not_end_a_run() {
    let bench = Bench::new();
    let out = bench.start(1, bench.config(Length::Steps(1_000_000)));
    bench.until_step(1);
    let blocked = block(&out, "last.bpk");
    bench.engine.send(Command::Save);
    let told = bench.until("the warning", warning);
    assert!(told.contains("run continues") && told.contains("free space") && told.contains("last.bpk"), "{told}");
    let step = bench.until("another step", |e| match &e.kind {
        EventKind::Step(step) => Some(step.step),
        _ => None,
    });
    bench.until_step(step + 1);
    fs::remove_dir(&blocked).unwrap();
    bench.engine.send(Command::Save);
    bench.until("relief", |e| said(e).filter(|text| text.contains("can be saved again")));
    bench.engine.send(Command::Stop);
    let summary = bench.until_finished();
    assert_eq!((summary.outcome, summary.unsaved.clone()), (Outcome::Stopped, None));
    assert!(blocked.is_file() && out.join("best.bpk").is_file() && is_tidy(&out));
}

#[test]
fn a_run_that_could_not_be_saved_says_so_and_still_predicts() {
    let bench = Bench::new();
    let out = bench.start(1, bench.config(Length::Steps(1_000_000)));
    bench.until_step(1);
    block(&out, "last.bpk");
    bench.engine.send(Command::Stop);
    let summary = bench.until_finished();
    let why = summary.unsaved.clone().expect("it was not saved");
    assert!(why.contains("free space") && why.contains("last.bpk"), "{why}");
    let written: Summary = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(written.unsaved, Some(why));
    assert!(fs::read_to_string(out.join("log.txt")).unwrap().contains("The last checkpoint was not written"));
    assert!(is_tidy(&out));
    bench.engine.send(Command::View(Some(ViewRequest { tile: "1001".to_owned(), visible: None })));
    bench.until("a prediction", |e| matches!(e.kind, EventKind::PreviewReady).then_some(()));
}

#[test]
fn a_finished_run_can_be_saved_once_there_is_room() {
    let bench = Bench::new();
    let out = bench.start(1, bench.config(Length::Steps(1_000_000)));
    bench.until_step(1);
    let blocked = block(&out, "last.bpk");
    bench.engine.send(Command::Stop);
    assert!(bench.until_finished().unsaved.is_some());
    bench.engine.send(Command::Save);
    bench.until("that there is none yet", |e| warning(e).filter(|text| text.contains("still not saved")));
    fs::remove_dir(&blocked).unwrap();
    bench.engine.send(Command::Save);
    let summary = bench.until_finished();
    assert_eq!((summary.outcome, summary.unsaved.clone()), (Outcome::Stopped, None));
    let written: Summary = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(written.unsaved, None);
    assert!(blocked.is_file() && out.join("best.bpk").is_file() && is_tidy(&out));
    bench.until("the network shown", predicting);
}

#[test]
fn without_a_score_the_last_network_is_shown_and_either_can_be_chosen() {
    let bench = Bench::new();
    let config = RunConfig { val_ratio: 0.0, ..bench.config(Length::Epochs(2)) };
    let out = bench.start(1, config);
    let summary = bench.until_finished();
    let shown = bench.until("the network shown", predicting);
    assert_eq!((shown.shown.checkpoint, shown.shown.step), (Checkpoint::Last, Some(summary.steps)));
    assert_eq!(shown.choices.len(), 2);
    bench.engine.send(Command::Show(Checkpoint::Best));
    let shown = bench.until("the other one", predicting);
    assert_eq!((shown.shown.checkpoint, shown.shown.step), (Checkpoint::Best, summary.best_step));

    bench.engine.send(Command::Open { run: 2, folder: out, data: None });
    let opened = bench.until("the run", |event| match &event.kind {
        EventKind::Started(info) if event.run == 2 => info.predicting.clone(),
        _ => None,
    });
    assert_eq!(opened.shown.checkpoint, Checkpoint::Last);
}

#[test]
fn with_a_score_the_best_network_is_shown() {
    let bench = Bench::new();
    bench.start(1, bench.config(Length::Epochs(2)));
    let summary = bench.until_finished();
    let shown = bench.until("the network shown", predicting).shown;
    assert_eq!((shown.checkpoint, shown.step), (Checkpoint::Best, summary.best_step));
}

#[test]
fn a_run_stopped_while_it_is_prepared_is_cancelled_and_leaves_nothing() {
    let bench = Bench::new();
    let out = bench.start(1, bench.config(Length::Steps(2)));
    bench.engine.send(Command::Stop);
    bench.until("the end", |e| matches!(e.kind, EventKind::Cancelled).then_some(()));
    assert!(!out.exists());
    bench.start(2, bench.config(Length::Steps(2)));
    assert_eq!(bench.until_finished().steps, 2);
}

#[test]
fn a_run_from_own_labels_only_is_recorded_as_one() {
    let bench = Bench::new();
    let data = bench.dir.path().join("no masks");
    fs::create_dir(&data).unwrap();
    for id in ["2001", "2002"] {
        fs::copy(bench.data().join(format!("test/{id}_sat.jpg")), data.join(format!("{id}.jpg"))).unwrap();
    }
    let project = Project::open(&data).unwrap();
    let (mut journal, _) = Journal::open(&project).unwrap();
    let (tile, path) = (project.tiles[0].id.clone(), vec![[64.0, 64.0]]);
    journal.append(&Edit::Begin(Stroke { tile, class: Some(0), radius: 3.0, path })).unwrap();
    let out = bench.start(1, RunConfig { data, ..bench.config(Length::Steps(2)) });
    bench.until("the message", |e| said(e).filter(|text| text.contains("own labels only")));
    bench.until_finished();
    let config = fs::read_to_string(out.join("config.toml")).unwrap();
    assert!(config.contains("strategy = \"own_labels_only\""), "{config}");
}

#[test]
fn an_old_run_with_unknown_fields_opens_and_names_them() {
    let bench = Bench::new();
    let out = bench.start(1, bench.config(Length::Steps(2)));
    bench.until_finished();
    let file = out.join("config.toml");
    fs::write(&file, format!("colour_jitter = 0.2\n{}", fs::read_to_string(&file).unwrap())).unwrap();
    bench.engine.send(Command::Open { run: 2, folder: out, data: None });
    let told = bench.until("the warning", warning);
    assert!(told.contains("colour_jitter"), "{told}");
    bench.until("the figures", |e| (e.run == 2 && matches!(e.kind, EventKind::Finished(_))).then_some(()));
}

#[test]
fn if_no_training_tile_can_be_read_the_error_names_file_and_reason() {
    let bench = Bench::new();
    for entry in fs::read_dir(bench.data().join("train")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "jpg") && !path.ends_with("1001_sat.jpg") {
            fs::remove_file(&path).unwrap();
        }
    }
    let victim = bench.data().join("train/1001_sat.jpg");
    let whole = fs::read(&victim).unwrap();
    fs::write(&victim, &whole[..whole.len() / 2]).unwrap();
    bench.start(1, RunConfig { val_ratio: 0.0, ..bench.config(Length::Steps(2)) });
    let why = bench.until("the failure", failure);
    assert!(why.contains("1001_sat.jpg") && !why.contains("see the warnings"), "{why}");
}
