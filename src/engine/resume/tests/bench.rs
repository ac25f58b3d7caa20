//! Small runs that are stopped, killed and resumed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::figures::Figures;
use crate::data::{Journal, Project, demo};
use crate::domain::config::{Batches, DeviceChoice, Encoder, InputSize, Length, Optimizer, Schedule};
use crate::domain::weights::ClassWeights;
use crate::domain::{Edit, RunConfig, Stroke};
use crate::engine::device::Devices;
use crate::engine::outbox::Outbox;
use crate::engine::preparation::Preparation;
use crate::engine::protocol::{EventKind, Summary};
use crate::engine::resume::{Resumption, resume};
use crate::engine::run::{Run, Turn};
use crate::engine::start;
use crate::engine::transport::{UserEnd as _, in_process};
use crate::infer::Predictor;

/// A demo project of its own, and a place for runs.
pub(super) struct Bench {
    user: in_process::User,
    pub(super) outbox: Outbox,
    pub(super) dir: TempDir,
}

/// A run in progress.
pub(super) struct Going {
    pub(super) run: Run,
    pub(super) predictor: Predictor,
}

impl Bench {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        demo::unpack(&dir.path().join("demo")).unwrap();
        let (user, end) = in_process::connect(Arc::new(|| {}));
        Self { user, outbox: Outbox::new(Arc::new(end)), dir }
    }

    /// A tiny network on whole tiles; the last epoch is cut short.
    pub(super) fn config(&self) -> RunConfig {
        let mut config =
            RunConfig { data: self.dir.path().join("demo"), device: DeviceChoice::Cpu, ..RunConfig::demo() };
        (config.model.base, config.train.input) = (2, InputSize::Resize(32));
        config.train.length = Length::Steps(13);
        config
    }

    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn start(&self, config: &RunConfig, name: &str) -> Going {
        let mut never = || false;
        let mut preparation = Preparation::new(&self.outbox, &mut never);
        let begun = start::start(config, &self.folder(name), &mut Devices::default(), &mut preparation);
        let (run, predictor) = begun.unwrap();
        self.events();
        Going { run, predictor }
    }

    pub(super) fn try_resume(&self, name: &str, more_epochs: u32) -> anyhow::Result<Going> {
        let mut never = || false;
        let mut preparation = Preparation::new(&self.outbox, &mut never);
        let asked = Resumption { folder: self.folder(name), data: None, more_epochs, lr: None };
        let (run, predictor) = resume(&asked, &mut Devices::default(), &mut preparation)?;
        Ok(Going { run, predictor })
    }

    pub(super) fn resume(&self, name: &str) -> Going {
        self.try_resume(name, 0).unwrap()
    }

    pub(super) fn resume_with_rate(&self, name: &str, lr: f64) -> Going {
        let mut never = || false;
        let mut preparation = Preparation::new(&self.outbox, &mut never);
        let asked = Resumption { folder: self.folder(name), data: None, more_epochs: 0, lr: Some(lr) };
        let (run, predictor) = resume(&asked, &mut Devices::default(), &mut preparation).unwrap();
        Going { run, predictor }
    }

    pub(super) fn refusal(&self, name: &str) -> String {
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
    pub(super) fn reach(&self, going: &mut Going, step: u64) {
        while going.run.step() < step {
            assert!(self.turn(going).is_none(), "the run ended before step {step}");
        }
    }

    /// Goes on to the end.
    pub(super) fn finish(&self, mut going: Going) -> Box<Summary> {
        loop {
            if let Some(summary) = self.turn(&mut going) {
                return summary;
            }
        }
    }

    /// Trains from start to end, and leaves copies of the run's folder as a kill at these steps would: `name-3` and so on. It is saved
    /// at the steps of `saves`.
    pub(super) fn train(&self, config: &RunConfig, name: &str, saves: &[u64], kills: &[u64]) -> Box<Summary> {
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

    pub(super) fn stop(&self, mut going: Going) -> Box<Summary> {
        going.run.stop(&self.outbox);
        self.finish(going)
    }

    /// The events since the last call.
    pub(super) fn events(&self) -> Vec<EventKind> {
        std::iter::from_fn(|| self.user.try_event()).map(|event| event.kind).collect()
    }

    pub(super) fn click(&self, class: u8, x: f32) {
        let project = Project::open(&self.dir.path().join("demo")).unwrap();
        let (mut journal, _) = Journal::open(&project).unwrap();
        let stroke = Stroke { tile: "2001".to_owned(), class: Some(class), radius: 3.0, path: vec![[x, 90.0]] };
        journal.append(&Edit::Begin(stroke)).unwrap();
    }

    /// Nothing of the two runs differs but times.
    pub(super) fn assert_equal(&self, config: &RunConfig, whole: &str, resumed: &str, what: &str) {
        let [whole, resumed] = [whole, resumed].map(|name| Figures::of(&self.folder(name), config));
        assert!(whole.steps.lines().count() > 3 && whole.metrics.len() >= 2, "{whole:?}");
        assert_eq!(whole.steps, resumed.steps, "{what}");
        assert_eq!(whole.metrics, resumed.metrics, "{what}");
        assert_eq!(whole.predicts, resumed.predicts, "{what}");
        assert!(whole.best == resumed.best, "the best weights differ: {what}");
        assert!(whole.last == resumed.last, "the last weights differ: {what}");
    }
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// Configurations that use whatever a step depends on.
pub(super) fn recipes(bench: &Bench) -> Vec<(&'static str, RunConfig)> {
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
