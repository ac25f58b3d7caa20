//! The engine from outside: commands in, events out, with the real trainer on the demo scenes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pointillist::data::{Journal, Project, demo};
use pointillist::domain::config::{DeviceChoice, InputSize, Length, Optimizer};
use pointillist::domain::{Edit, RunConfig, Strategy, Stroke};
use pointillist::engine::protocol::{Outcome, Preview, Summary, ViewRequest};
use pointillist::engine::transport::{UserEnd, in_process};
use pointillist::engine::{Command, EngineHandle, Event, EventKind, Phase};
use pointillist::kernels::gate::GATE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use bench::{Bench, failure};

#[test]
fn a_run_can_be_paused_slowed_and_stopped() {
    let bench = Bench::new();
    let out = bench.start(1, bench.config(Length::Steps(1_000_000)));
    bench.until_step(1);
    bench.engine.send(Command::Pause);
    bench.until("the pause", |e| matches!(e.kind, EventKind::Phase(Phase::Paused)).then_some(()));
    bench.engine.send(Command::SetLearningRate(1e-6));
    bench.engine.send(Command::Resume);
    bench.until("going on", |e| matches!(e.kind, EventKind::Phase(Phase::Training)).then_some(()));
    let lr = bench.until("a slower step", |e| match &e.kind {
        EventKind::Step(step) => Some(step.lr),
        _ => None,
    });
    assert!(lr <= 1e-6, "{lr}");
    bench.engine.send(Command::Stop);
    let summary = bench.until_finished();
    assert_eq!(summary.outcome, Outcome::Stopped);
    assert!(out.join("last.bpk").exists() && out.join("best.bpk").exists() && out.join("summary.json").exists());
    assert!(bench.woken.load(Ordering::Relaxed) > 5, "the user is woken");
}

#[test]
fn after_a_refusal_another_run_can_start() {
    let bench = Bench::new();
    let mut config = bench.config(Length::Steps(2));
    config.train.batch = 0;
    let out = bench.start(1, config);
    assert!(bench.until("the refusal", failure).contains("Choose at least 1"));
    assert!(!out.exists());
    let missing = RunConfig { data: "/no/such/folder".into(), ..bench.config(Length::Steps(2)) };
    bench.start(2, missing);
    assert!(bench.until("the refusal", failure).contains("/no/such/folder"));
    let out = bench.start(3, bench.config(Length::Steps(2)));
    assert_eq!(bench.until_finished().steps, 2);
    let began: Value = serde_json::from_slice(&std::fs::read(out.join("labels.json")).unwrap()).unwrap();
    assert_eq!(began, serde_json::json!({ "own": false }));
    assert!(bench.engine.send(Command::Open { run: 4, folder: bench.data(), data: None }));
    assert!(bench.until("the refusal", failure).contains("Not a run folder"));
}

#[test]
fn labels_added_while_training_count_from_the_next_batch_on() {
    let bench = Bench::new();
    let project = Project::open(&bench.data()).unwrap();
    let (mut journal, _) = Journal::open(&project).unwrap();
    let click = |class, radius| {
        let path = vec![[128.0, 128.0]];
        Edit::Begin(Stroke { tile: "2001".to_owned(), class: Some(class), radius, path })
    };
    journal.append(&click(4, 0.0)).unwrap();
    let mut config = bench.config(Length::Steps(1_000_000));
    config.sampling.strategy = Strategy::OwnLabelsOnly;
    let folder = bench.start(1, config);
    let labelled = |event: &Event| match &event.kind {
        EventKind::Step(step) => Some(step.labelled),
        _ => None,
    };
    assert_eq!(bench.until("a step", labelled), 2, "one pixel in each of the two crops");
    journal.append(&click(3, 6.0)).unwrap();
    bench.engine.send(Command::LabelsChanged);
    bench.until("more labels", |event| labelled(event).filter(|&n| n > 2));
    bench.engine.send(Command::Stop);
    let summary = bench.until_finished();
    assert_eq!(summary.outcome, Outcome::Stopped);
    let began: Value = serde_json::from_slice(&std::fs::read(folder.join("labels.json")).unwrap()).unwrap();
    assert_eq!((&began["labels"], &began["tiles"]), (&serde_json::json!([0, 0, 0, 0, 1, 0, 0]), &serde_json::json!(1)));
}

#[test]
fn the_tile_in_view_is_predicted_while_training_and_after() {
    let bench = Bench::new();
    let view = |tile: &str| Command::View(Some(ViewRequest { tile: tile.to_owned(), visible: None }));
    bench.engine.send(view("1001"));
    bench.start(1, bench.config(Length::Epochs(2)));
    bench.until("a preview", |e| matches!(e.kind, EventKind::PreviewReady).then_some(()));
    let preview = bench.engine.take_preview().unwrap();
    assert_eq!((preview.tile.as_str(), preview.map.classes.size()), ("1001", [256, 256]));
    bench.until_finished();
    bench.engine.send(view("2002"));
    loop {
        bench.until("a preview of the other tile", |e| matches!(e.kind, EventKind::PreviewReady).then_some(()));
        if let Some(preview) = bench.engine.take_preview().filter(|p| p.tile == "2002") {
            assert!(preview.complete && preview.map.classes.labelled() == 256 * 256);
            break;
        }
    }
}

#[test]
fn a_finished_run_is_opened_again_with_its_figures() {
    let bench = Bench::new();
    let out = bench.start(1, bench.config(Length::Epochs(2)));
    let before = bench.until_finished();
    bench.engine.send(Command::Open { run: 2, folder: out, data: None });
    let mut evaluations = 0;
    let again = loop {
        let event = bench.engine.wait_event().unwrap();
        assert!(failure(&event).is_none(), "{event:?}");
        match event.kind {
            EventKind::Evaluated(_) if event.run == 2 => evaluations += 1,
            EventKind::Finished(summary) if event.run == 2 => break summary,
            _ => {}
        }
    };
    assert_eq!(evaluations, 2);
    // JSON gives a number back but for its last bit.
    let score = |summary: &Summary| summary.best_miou.expect("validation tiles were scored");
    assert!((score(&again) - score(&before)).abs() < 1e-12);
}

#[test]
fn one_unreadable_tile_is_reported_and_the_rest_is_learned_from() {
    let bench = Bench::new();
    let victim = bench.data().join("train/1003_sat.jpg");
    let whole = std::fs::read(&victim).unwrap();
    std::fs::write(&victim, &whole[..whole.len() / 2]).unwrap();
    bench.start(1, bench.config(Length::Epochs(1)));
    let warning = bench.until("the warning", |e| match &e.kind {
        EventKind::Warning(notice) => Some(notice.to_string()),
        _ => None,
    });
    assert!(warning.contains("Tile 1003") && warning.contains("1003_sat.jpg"), "{warning}");
    let info = |event: &Event| match &event.kind {
        EventKind::Info(notice) => Some(notice.to_string()).filter(|text| text.starts_with("Split corrected")),
        _ => None,
    };
    let corrected = bench.until("the corrected split", info);
    assert_eq!(corrected, "Split corrected to 10 train / 1 val: tile 1003 cannot be read");
    let folder = bench.until_finished().folder.clone();
    let split: Value = serde_json::from_slice(&std::fs::read(folder.join("split.json")).unwrap()).unwrap();
    let trains = |id: &str| split["train"].as_array().unwrap().iter().any(|tile| tile == id);
    assert!(trains("1004") && !trains("1003"), "{split}");
    assert_eq!(split["left_out"], serde_json::json!(["1003"]));
}

#[test]
fn a_run_that_fails_says_why_and_can_be_opened() {
    let bench = Bench::new();
    let out = bench.start(1, bench.config(Length::Steps(1_000_000)));
    bench.until_step(1);
    bench.engine.send(Command::Evaluate);
    bench.until("a score", |e| matches!(e.kind, EventKind::Evaluated(_)).then_some(()));
    bench.engine.send(Command::SetLearningRate(1e35));
    let why = bench.until("the failure", failure);
    assert!(why.contains("lower learning rate") && why.contains(out.to_str().unwrap()), "{why}");
    let summary: Summary = serde_json::from_slice(&std::fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary.outcome, Outcome::Failed);
    assert!(summary.why.is_some_and(|why| why.contains("The loss is")) && summary.best_step.is_some());
    assert_eq!(std::fs::read_to_string(out.join("metrics.csv")).unwrap().lines().count(), 2);
    assert!(out.join("best.bpk").exists());
    assert!(std::fs::read_to_string(out.join("log.txt")).unwrap().contains("[ERROR] The loss is"));

    bench.engine.send(Command::View(Some(ViewRequest { tile: "1001".to_owned(), visible: None })));
    bench.engine.send(Command::Open { run: 2, folder: out, data: None });
    bench.until("the reason", |e| match &e.kind {
        EventKind::Warning(notice) if e.run == 2 => {
            Some(notice.to_string()).filter(|text| text.contains("The loss is"))
        }
        _ => None,
    });
    assert_eq!(bench.until_finished().outcome, Outcome::Failed);
    bench.until("a prediction", |e| (e.run == 2 && matches!(e.kind, EventKind::PreviewReady)).then_some(()));
}

#[test]
fn a_run_with_sgd_learns() {
    let bench = Bench::new();
    let mut config = bench.config(Length::Epochs(6));
    config.train.optimizer = Optimizer::Sgd;
    config.train.nesterov = true;
    config.train.lr = 0.05;
    bench.start(1, config);
    let loss = |event: &Event| match &event.kind {
        EventKind::Evaluated(evaluation) => Some(evaluation.train_loss),
        _ => None,
    };
    let first = bench.until("the first score", loss);
    let last = (1..6).fold(first, |_, _| bench.until("a score", loss));
    assert!(last < 0.9 * first, "the loss must fall: {first} to {last}");
}

#[test]
fn the_weights_themselves_are_scored_beside_their_average() {
    let bench = Bench::new();
    let mut config = bench.config(Length::Epochs(6));
    (config.train.ema, config.train.score_raw, config.train.lr) = (0.99, true, 0.01);
    let out = bench.start(1, config);
    let scores = |event: &Event| match &event.kind {
        EventKind::Evaluated(evaluation) => {
            Some((evaluation.scores.miou, evaluation.raw_miou.expect("it was asked for")))
        }
        _ => None,
    };
    let scores: Vec<_> = (0..6).map(|_| bench.until("a score", scores)).collect();
    bench.until_finished();
    assert!(scores.iter().all(|(_, raw)| raw.is_finite()), "{scores:?}");
    assert!(scores.iter().any(|(averaged, raw)| (raw - averaged).abs() > 1e-9), "two networks: {scores:?}");
    let text = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    assert!(text("log.txt").contains("without averaging") && text("metrics.csv").contains(",val_miou_raw\n"));
}

#[test]
fn a_run_whose_score_no_longer_rises_ends_early_and_says_why() {
    let bench = Bench::new();
    let mut config = bench.config(Length::Epochs(40));
    (config.train.lr, config.train.patience) = (1e-12, 1);
    let out = bench.start(1, config);
    let summary = bench.until_finished();
    assert_eq!(summary.outcome, Outcome::Early, "{summary:?}");
    assert!(summary.epochs < 40 && summary.best_miou.is_some(), "{summary:?}");
    assert!(summary.why.unwrap().contains("the last evaluation had no mIoU above"));
    let log = std::fs::read_to_string(out.join("log.txt")).unwrap();
    assert!(log.contains("Training ends early") && log.contains("Training stopped early at step"), "{log}");
}

#[test]
fn a_run_that_fails_before_its_first_checkpoint_shows_its_figures() {
    let bench = Bench::new();
    let mut config = bench.config(Length::Steps(1_000_000));
    config.train.lr = 1e35;
    let out = bench.start(1, config);
    bench.until("the failure", failure);
    assert!(!out.join("best.bpk").exists() && out.join("summary.json").exists());
    bench.engine.send(Command::Open { run: 2, folder: out, data: None });
    assert_eq!(bench.until_finished().outcome, Outcome::Failed);
    bench.until("the message", |e| match &e.kind {
        EventKind::Warning(notice) => Some(()).filter(|()| notice.headline.contains("cannot predict")),
        _ => None,
    });
    bench.start(3, bench.config(Length::Steps(2)));
    assert_eq!(bench.until_finished().steps, 2);
}

/// A connection on which every message passes through JSON, as through a pipe.
struct JsonEnd(in_process::User);

fn through_json<T: Serialize + DeserializeOwned>(message: &T) -> T {
    let text = serde_json::to_string(message).unwrap();
    let back = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let again = serde_json::to_string(&back).unwrap();
    assert_eq!(outline(serde_json::from_str(&again).unwrap()), outline(serde_json::from_str(&text).unwrap()));
    back
}

/// A message without its numbers, whose last digits JSON does not keep.
fn outline(value: Value) -> Value {
    match value {
        Value::Number(_) => Value::from(0),
        Value::Array(items) => items.into_iter().map(outline).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, field)| (name, outline(field))).collect(),
        other => other,
    }
}

impl UserEnd for JsonEnd {
    fn try_send(&self, command: Command) -> Result<(), Command> {
        self.0.try_send(through_json(&command))
    }

    fn send_timeout(&self, command: Command, patience: Duration) -> Result<(), Command> {
        self.0.send_timeout(through_json(&command), patience)
    }

    fn try_event(&self) -> Option<Event> {
        self.0.try_event().as_ref().map(through_json)
    }

    fn wait_event(&self, patience: Option<Duration>) -> Option<Event> {
        self.0.wait_event(patience).as_ref().map(through_json)
    }

    fn take_preview(&self) -> Option<Preview> {
        self.0.take_preview().as_ref().map(through_json)
    }
}

#[test]
fn a_worker_can_be_reached_through_a_pipe() {
    let dir = tempfile::tempdir().unwrap();
    let data = demo::unpack(&dir.path().join("demo")).unwrap();
    let (user, end) = in_process::connect(Arc::new(|| {}));
    let thread = std::thread::Builder::new().name("far end".to_owned());
    let thread = thread.spawn(move || pointillist::engine::work(Arc::new(end))).unwrap();
    let engine = EngineHandle::over(Arc::new(JsonEnd(user)), Some(thread));
    let mut config = RunConfig { data, device: DeviceChoice::Cpu, ..RunConfig::demo() };
    config.model.base = 2;
    config.train.input = InputSize::Crop(32);
    config.train.length = Length::Steps(30);
    assert!(engine.send(Command::View(Some(ViewRequest { tile: "1001".to_owned(), visible: None }))));
    assert!(engine.send(Command::Start { run: 1, config: Box::new(config), out: dir.path().join("run") }));
    let (mut previews, mut steps) = (0, 0);
    while steps == 0 || previews == 0 {
        match engine.wait_event().unwrap().kind {
            EventKind::PreviewReady => previews += usize::from(engine.take_preview().is_some()),
            EventKind::Finished(summary) => steps = summary.steps,
            EventKind::Failed(notice) => panic!("{notice}"),
            _ => {}
        }
    }
    assert_eq!(steps, 30);
}

#[test]
fn a_run_reaches_its_end_while_the_user_is_at_work() {
    let bench = Bench::new();
    bench.start(1, bench.config(Length::Steps(30)));
    let at_work = Arc::new(());
    let still = Arc::downgrade(&at_work);
    let hand = std::thread::Builder::new().name("hand".to_owned()).spawn(move || {
        while still.strong_count() > 0 {
            GATE.close(Duration::from_millis(30));
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let summary = bench.until_finished();
    drop(at_work);
    hand.unwrap().join().unwrap();
    assert_eq!((summary.outcome, summary.steps), (Outcome::Completed, 30));
}

#[test]
fn a_validation_tile_that_cannot_be_read_is_replaced() {
    let bench = Bench::new();
    let validating = |run: u64| {
        let out = bench.start(run, bench.config(Length::Steps(2)));
        let val = bench.until("the start", |event| match &event.kind {
            EventKind::Started(info) => Some(info.val_tiles.clone()),
            _ => None,
        });
        let scored = bench.until_finished().last.map_or(0, |evaluation| evaluation.tiles.len());
        (val, scored, std::fs::read_to_string(out.join("split.json")).unwrap())
    };
    let (before, ..) = validating(1);
    let image = bench.data().join("train").join(format!("{}_sat.jpg", before[0]));
    let bytes = std::fs::read(&image).unwrap();
    std::fs::write(&image, &bytes[..bytes.len() / 2]).unwrap();
    let (after, scored, split) = validating(2);
    assert!(!after.contains(&before[0]) && !split.contains(&before[0]), "{before:?}, {after:?}, {split}");
    assert_eq!((after.len(), scored), (before.len(), after.len()));
}
