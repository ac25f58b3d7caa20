//! A run that is stopped or killed, and resumed, against one that never was.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use burn::module::{Module as _, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use tempfile::TempDir;

use super::*;
use crate::data::{Journal, demo};
use crate::domain::config::{Batches, DeviceChoice, Encoder, InputSize, Optimizer, Schedule};
use crate::domain::weights::ClassWeights;
use crate::domain::{Edit, Strategy, Stroke};
use crate::engine::outbox::Outbox;
use crate::engine::protocol::{EventKind, Phase, Summary};
use crate::engine::run::Turn;
use crate::engine::start;
use crate::engine::transport::{UserEnd as _, in_process};
use crate::model::Net;

/// A demo project of its own, and a place for runs.
struct Bench {
    user: in_process::User,
    outbox: Outbox,
    dir: TempDir,
}

/// A run in progress.
struct Going {
    run: Run,
    predictor: Predictor,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        demo::unpack(&dir.path().join("demo")).unwrap();
        let (user, end) = in_process::connect(Arc::new(|| {}));
        Self { user, outbox: Outbox::new(Arc::new(end)), dir }
    }

    /// A tiny network on whole tiles; the last epoch is cut short.
    fn config(&self) -> RunConfig {
        let mut config =
            RunConfig { data: self.dir.path().join("demo"), device: DeviceChoice::Cpu, ..RunConfig::demo() };
        (config.model.base, config.train.input) = (2, InputSize::Resize(32));
        config.train.length = Length::Steps(13);
        config
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn start(&self, config: &RunConfig, name: &str) -> Going {
        let mut never = || false;
        let mut preparation = Preparation::new(&self.outbox, &mut never);
        let begun = start::start(config, &self.folder(name), &mut Devices::default(), &mut preparation);
        let (run, predictor) = begun.unwrap();
        self.events();
        Going { run, predictor }
    }

    fn try_resume(&self, name: &str, more_epochs: u32) -> anyhow::Result<Going> {
        let mut never = || false;
        let mut preparation = Preparation::new(&self.outbox, &mut never);
        let asked = Resumption { folder: self.folder(name), data: None, more_epochs, lr: None };
        let (run, predictor) = resume(&asked, &mut Devices::default(), &mut preparation)?;
        Ok(Going { run, predictor })
    }

    fn resume(&self, name: &str) -> Going {
        self.try_resume(name, 0).unwrap()
    }

    fn resume_with_rate(&self, name: &str, lr: f64) -> Going {
        let mut never = || false;
        let mut preparation = Preparation::new(&self.outbox, &mut never);
        let asked = Resumption { folder: self.folder(name), data: None, more_epochs: 0, lr: Some(lr) };
        let (run, predictor) = resume(&asked, &mut Devices::default(), &mut preparation).unwrap();
        Going { run, predictor }
    }

    fn refusal(&self, name: &str) -> String {
        self.try_resume(name, 0).err().expect("a refusal").to_string()
    }

    fn turn(&self, going: &mut Going) -> Option<Box<Summary>> {
        let turn = going.run.turn(&mut going.predictor, &self.outbox).unwrap();
        self.events();
        match turn {
            Turn::More(_) => None,
            Turn::Finished(summary) => Some(summary),
        }
    }

    /// Takes steps up to this one.
    fn reach(&self, going: &mut Going, step: u64) {
        while going.run.step() < step {
            assert!(self.turn(going).is_none(), "the run ended before step {step}");
        }
    }

    /// Goes on to the end.
    fn finish(&self, mut going: Going) -> Box<Summary> {
        loop {
            if let Some(summary) = self.turn(&mut going) {
                return summary;
            }
        }
    }

    /// Trains from start to end, and leaves copies of the run's folder as a kill at these steps would: `name-3` and so on. It is saved
    /// at the steps of `saves`. All of them have the first weights of one run: tests that run at the same time draw from the random
    /// numbers that others are drawn from.
    fn train(&self, config: &RunConfig, name: &str, saves: &[u64], kills: &[u64]) -> Box<Summary> {
        let mut going = self.start(config, name);
        let last = *kills.iter().max().unwrap();
        for step in 1..=last {
            self.reach(&mut going, step);
            if saves.contains(&step) {
                going.run.save(&self.outbox);
            }
            if kills.contains(&step) {
                going.run.wait_for_state(&self.outbox);
                copy(&self.folder(name), &self.folder(&format!("{name}-{step}")));
            }
        }
        self.finish(going)
    }

    fn stop(&self, mut going: Going) -> Box<Summary> {
        going.run.stop(&self.outbox);
        self.finish(going)
    }

    /// The events since the last call.
    fn events(&self) -> Vec<EventKind> {
        std::iter::from_fn(|| self.user.try_event()).map(|event| event.kind).collect()
    }

    fn click(&self, class: u8, x: f32) {
        let project = Project::open(&self.dir.path().join("demo")).unwrap();
        let (mut journal, _) = Journal::open(&project).unwrap();
        let stroke = Stroke { tile: "2001".to_owned(), class: Some(class), radius: 3.0, path: vec![[x, 90.0]] };
        journal.append(&Edit::Begin(stroke)).unwrap();
    }

    /// Nothing of the two runs differs but times.
    fn assert_equal(&self, config: &RunConfig, whole: &str, resumed: &str, what: &str) {
        let [whole, resumed] = [whole, resumed].map(|name| Figures::of(&self.folder(name), config));
        assert!(whole.steps.lines().count() > 3 && whole.metrics.len() >= 2, "{whole:?}");
        assert_eq!(whole.steps, resumed.steps, "{what}");
        assert_eq!(whole.metrics, resumed.metrics, "{what}");
        assert_eq!(whole.predicts, resumed.predicts, "{what}");
        assert!(whole.best == resumed.best, "the best weights differ: {what}");
        assert!(whole.last == resumed.last, "the last weights differ: {what}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// What a run leaves behind, without times.
#[derive(Debug)]
struct Figures {
    steps: String,
    metrics: Vec<Vec<String>>,
    predicts: String,
    best: Vec<u32>,
    last: Vec<u32>,
}

impl Figures {
    fn of(folder: &Path, config: &RunConfig) -> Self {
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let mut metrics = csv::Reader::from_path(folder.join("metrics.csv")).unwrap();
        let secs = metrics.headers().unwrap().iter().position(|name| name == "secs").unwrap();
        let row = |row: csv::StringRecord| {
            let fields = row.iter().enumerate().filter(|(place, _)| *place != secs);
            fields.map(|(_, field)| field.to_owned()).collect()
        };
        let metrics = metrics.records().map(|record| row(record.unwrap())).collect();
        let classes = FinishedRun::open(folder).unwrap().classes.len();
        let [best, last] = ["best.bpk", "last.bpk"].map(|name| {
            let net = Net::new(&config.model, classes, &Device::flex()).try_load_file(folder.join(name)).unwrap();
            let mut bits = Bits::default();
            net.visit(&mut bits);
            bits.0
        });
        let list: serde_json::Value = serde_json::from_str(&text("last.json")).unwrap();
        Self { steps: text("steps.csv"), metrics, predicts: list["predicts"].to_string(), best, last }
    }
}

/// The bits of every weight and running statistic.
#[derive(Default)]
struct Bits(Vec<u32>);

impl ModuleVisitor for Bits {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values: Vec<f32> = param.val().into_data().try_to_vec().expect("f32");
        self.0.extend(values.into_iter().map(f32::to_bits));
    }
}

/// Configurations that use whatever a step depends on.
fn recipes(bench: &Bench) -> Vec<(&'static str, RunConfig)> {
    let recipe = |change: fn(&mut RunConfig)| {
        let mut config = bench.config();
        change(&mut config);
        config
    };
    vec![
        (
            "AdamW, averaged, accumulated, warmed up, weighted",
            recipe(|config| {
                let train = &mut config.train;
                (train.ema, train.score_raw, train.accumulate, train.warm_up) = (0.9, true, 2, 5);
                (train.class_weights, train.jitter, train.batch) = (ClassWeights::Inverse, 0.3, 1);
            }),
        ),
        (
            "SGD with Nesterov momentum, clipped",
            recipe(|config| {
                let train = &mut config.train;
                (train.optimizer, train.nesterov, train.lr, train.clip_norm) = (Optimizer::Sgd, true, 0.05, 1.0);
                train.schedule = Schedule::Polynomial;
            }),
        ),
        (
            "crops by class at several scales, turned and shifted, focal loss, Dice and gated CRF",
            recipe(|config| {
                let train = &mut config.train;
                (train.input, train.batch, train.length) = (InputSize::Crop(96), 4, Length::Epochs(2));
                (train.batches, train.scales, train.jitter) = (Batches::Classes, true, 0.3);
                (train.loss.focal, train.loss.dice, train.loss.gated_crf) = (1.0, 1.0, 0.1);
                (train.rotation, train.shift_scale_rotate) = (90.0, 0.5);
            }),
        ),
        (
            "Adam on a pretrained encoder",
            recipe(|config| {
                (config.model.encoder, config.train.optimizer) = (Encoder::Lite0, Optimizer::Adam);
                config.train.length = Length::Steps(9);
            }),
        ),
    ]
}

#[test]
fn a_run_that_is_stopped_at_any_step_and_resumed_equals_one_that_was_not() {
    const STEPS: [u64; 4] = [1, 4, 5, 7];
    let bench = Bench::new();
    for (number, (what, config)) in recipes(&bench).into_iter().enumerate() {
        let whole = format!("whole{number}");
        let before = bench.train(&config, &whole, &STEPS, &STEPS);
        for step in STEPS {
            let (name, what) = (format!("{whole}-{step}"), format!("{what}, stopped at {step}"));
            let stopped = bench.stop(bench.resume(&name));
            assert_eq!((stopped.outcome, stopped.steps), (Outcome::Stopped, step), "{what}");
            let going = bench.resume(&name);
            assert_eq!(going.run.info().steps_before, step);
            assert!(!bench.folder(&name).join("summary.json").exists(), "it is in progress");
            let after = bench.finish(going);
            assert_eq!((after.outcome, after.steps, after.epochs), (before.outcome, before.steps, before.epochs));
            assert_eq!((after.best_step, after.best_miou), (before.best_step, before.best_miou), "{what}");
            bench.assert_equal(&config, &whole, &name, &what);
        }
    }
}

#[test]
fn a_run_that_is_killed_loses_only_what_came_after_its_checkpoint() {
    const KILLS: [u64; 4] = [3, 6, 11, 12];
    let bench = Bench::new();
    let config = recipes(&bench).remove(0).1;
    bench.train(&config, "whole", &[1, 8], &KILLS);
    for killed_at in KILLS {
        let name = format!("whole-{killed_at}");
        // Rows past the checkpoint, and perhaps a later best checkpoint, are left behind.
        fs::write(bench.folder(&name).join("log.txt"), "[INFO] half a li").unwrap();
        let rows = FinishedRun::open(&bench.folder(&name)).unwrap().history().1;
        let highest = rows.iter().map(|row| row.miou).reduce(f64::max);
        let going = bench.resume(&name);
        let before = going.run.info().steps_before;
        assert!([1, 5, 8].contains(&before) && before <= killed_at, "{before} of {killed_at}");
        drop(going);
        let stored = FinishedRun::open(&bench.folder(&name)).unwrap();
        let adopted = stored.state::<Progress>().unwrap().unwrap().0.best.miou();
        let (adopted, highest) = (adopted.unwrap_or(0.0), highest.unwrap_or(0.0));
        assert!((adopted - highest).abs() < 1e-4, "the best checkpoint is known to the state: {adopted}, {highest}");
        // And once more.
        let summary = bench.finish(bench.resume(&name));
        assert_eq!(summary.steps, 13);
        bench.assert_equal(&config, "whole", &name, &format!("killed at {killed_at}"));
        let log = fs::read_to_string(bench.folder(&name).join("log.txt")).unwrap();
        assert!(log.contains(&format!("Resumed at step {before} of 13")) && !log.contains("half a li"), "{log}");
    }
}

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
fn a_run_that_is_to_end_early_does_so_after_a_stop_as_well() {
    const STEPS: [u64; 3] = [9, 10, 14];
    let bench = Bench::new();
    let mut config = bench.config();
    (config.train.lr, config.train.patience, config.train.length) = (1e-12, 2, Length::Epochs(40));
    let before = bench.train(&config, "whole", &STEPS, &STEPS);
    assert_eq!(before.outcome, Outcome::Early);
    for step in STEPS {
        let name = format!("whole-{step}");
        let after = bench.finish(bench.resume(&name));
        assert_eq!((after.outcome, after.steps, &after.why), (Outcome::Early, before.steps, &before.why), "{step}");
        bench.assert_equal(&config, "whole", &name, &format!("stopped at {step}"));
    }
    // Between the evaluation that decides it and the end.
    copy(&bench.folder("whole"), &bench.folder("longer"));
    drop(bench.try_resume("longer", 9).unwrap()); // Killed before its first save: the count has started over all the same.
    let mut going = bench.resume("longer");
    bench.events();
    let mut decided = None;
    while decided.is_none() {
        assert!(matches!(going.run.turn(&mut going.predictor, &bench.outbox).unwrap(), Turn::More(_)));
        decided = bench.events().into_iter().find(
            |event| matches!(event, EventKind::Info(notice) if notice.headline.starts_with("Training ends early")),
        );
    }
    going.run.save(&bench.outbox);
    let step = going.run.step();
    drop(going);
    let after = bench.finish(bench.resume("longer"));
    assert_eq!((after.outcome, after.steps), (Outcome::Early, step));
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

#[test]
fn what_cannot_be_resumed_is_refused_and_stays_as_it_is() {
    let bench = Bench::new();
    let config = bench.config();
    let mut going = bench.start(&config, "run");
    bench.reach(&mut going, 3);
    going.run.save(&bench.outbox);
    bench.events();
    let told = bench.refusal("run");
    assert!(told.contains("in progress"), "{told}");
    let opens = |event: &EventKind| matches!(event, EventKind::Phase(Phase::Preparing { what, .. }) if what.contains("project"));
    assert!(!bench.events().iter().any(opens), "it is told before anything is prepared");
    bench.stop(going);
    let content = |name: &str| fs::read(bench.folder("run").join(name)).unwrap();
    let before = ["summary.json", "steps.csv", "config.toml"].map(content);

    let split = FinishedRun::open(&bench.folder("run")).unwrap().split().unwrap();
    let (id, file) = split.files.iter().find(|(id, _)| split.train.contains(id)).unwrap();
    let image = bench.dir.path().join("demo").join(file);
    let hidden = bench.dir.path().join("hidden");
    fs::rename(&image, &hidden).unwrap();
    let told = bench.refusal("run");
    assert!(told.contains(id.as_str()) && told.contains("Restore"), "{told}");
    fs::rename(&hidden, &image).unwrap();

    let classes = bench.folder("run").join("classes.json");
    let names = fs::read_to_string(&classes).unwrap();
    fs::write(&classes, names.replace("water", "sea")).unwrap();
    let told = bench.refusal("run");
    assert!(told.contains("sea") && told.contains("water"), "{told}");
    fs::write(&classes, names).unwrap();

    let state = bench.folder("run").join("last.state");
    let whole = fs::read(&state).unwrap();
    fs::write(&state, &whole[..whole.len() / 2]).unwrap();
    assert!(bench.refusal("run").contains("last.state"));
    fs::remove_file(&state).unwrap();
    assert!(bench.refusal("run").contains("no last.state"));
    fs::write(&state, whole).unwrap();

    assert_eq!(before, ["summary.json", "steps.csv", "config.toml"].map(content));
    bench.finish(bench.resume("run"));
}

#[test]
fn a_save_that_a_kill_cuts_in_two_is_as_good_as_none() {
    let bench = Bench::new();
    let config = recipes(&bench).remove(0).1;
    bench.train(&config, "whole", &[2, 4], &[2, 4]);
    // Tables and checkpoint are of step 4, the state is not.
    fs::copy(bench.folder("whole-2").join("last.state"), bench.folder("whole-4").join("last.state")).unwrap();
    let going = bench.resume("whole-4");
    assert_eq!(going.run.info().steps_before, 2);
    bench.finish(going);
    bench.assert_equal(&config, "whole", "whole-4", "killed between checkpoint and state");
}

#[test]
fn a_state_that_cannot_be_written_is_told_once_and_the_checkpoints_stand() {
    let bench = Bench::new();
    let mut going = bench.start(&bench.config(), "run");
    fs::create_dir(bench.folder("run").join("last.state")).unwrap();
    bench.reach(&mut going, 1);
    (0..2).for_each(|_| going.run.save(&bench.outbox));
    let warnings: Vec<_> = bench.events().into_iter().filter(|event| matches!(event, EventKind::Warning(_))).collect();
    assert!(warnings.len() == 1 && format!("{warnings:?}").contains("cannot be resumed from here"), "{warnings:?}");
    let summary = bench.stop(going);
    assert!(summary.unsaved.is_none() && bench.folder("run").join("last.bpk").is_file(), "{:?}", summary.unsaved);
}

#[test]
fn a_network_that_has_diverged_is_not_saved() {
    let bench = Bench::new();
    let mut going = bench.start(&bench.config(), "run");
    bench.reach(&mut going, 1);
    going.run.save(&bench.outbox);
    let saved = || ["last.bpk", "last.state"].map(|name| fs::read(bench.folder("run").join(name)).unwrap());
    let before = saved();
    going.run.set_learning_rate(f64::MAX, &bench.outbox);
    bench.reach(&mut going, 2);
    bench.events();
    going.run.save(&bench.outbox);
    assert!(format!("{:?}", bench.events()).contains("diverged"));
    assert!(before == saved(), "the checkpoint before stays");
}

#[test]
fn a_state_that_no_run_can_have_is_refused() {
    let bench = Bench::new();
    let config = bench.config();
    let mut going = bench.start(&config, "run");
    bench.reach(&mut going, 2);
    bench.stop(going);
    let (progress, trainer) = FinishedRun::open(&bench.folder("run")).unwrap().state::<Progress>().unwrap().unwrap();
    assert_eq!(progress.problem(&config.train), None);
    let changes: [fn(&mut Progress); 4] = [
        |progress| progress.steps_per_epoch = 0,
        |progress| progress.steps_per_epoch = u64::MAX,
        |progress| progress.step = u64::MAX,
        |progress| progress.batches += 1,
    ];
    let claim = Claim::take(&bench.folder("run")).unwrap();
    for change in changes {
        let mut wrong = progress.clone();
        change(&mut wrong);
        assert!(wrong.problem(&config.train).is_some(), "{wrong:?}");
        claim.save_state(&wrong, &trainer).unwrap();
    }
    drop(claim);
    assert!(bench.refusal("run").contains("last.state is damaged"));
}
