//! What happens while a run is about to end early, and before its first step.

use tempfile::TempDir;

use super::*;
use crate::data::{Journal, demo};
use crate::domain::config::{DeviceChoice, InputSize, Length};
use crate::domain::{Edit, Strategy, Stroke};
use crate::engine::device::Devices;
use crate::engine::preparation::Preparation;
use crate::engine::protocol::Outcome;
use crate::engine::start;
use crate::engine::transport::{UserEnd as _, in_process};

/// A run that ends early, since its network does not learn; it is paused right before that.
struct Bench {
    run: Run,
    predictor: Predictor,
    user: in_process::User,
    outbox: Outbox,
    journal: Journal,
    /// The data and the run folder.
    _dir: TempDir,
}

impl Bench {
    /// A run before its first step.
    fn started() -> Self {
        Self::of(|_| {})
    }

    /// The same with other settings.
    fn of(change: impl FnOnce(&mut RunConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = demo::unpack(&dir.path().join("demo")).unwrap();
        let (mut journal, _) = Journal::open(&Project::open(&data).unwrap()).unwrap();
        [0, 1].iter().for_each(|class| click(&mut journal, *class));
        let mut config = RunConfig { data, device: DeviceChoice::Cpu, ..RunConfig::demo() };
        (config.model.base, config.train.input) = (2, InputSize::Crop(32));
        (config.train.lr, config.train.patience, config.train.length) = (1e-12, 1, Length::Epochs(40));
        config.sampling.strategy = Strategy::OwnLabelsOnly;
        change(&mut config);
        let (user, end) = in_process::connect(Arc::new(|| {}));
        let outbox = Outbox::new(Arc::new(end));
        let (mut never, out) = (|| false, dir.path().join("run"));
        let mut preparation = Preparation::new(&outbox, &mut never);
        let (run, predictor) = start::start(&config, &out, &mut Devices::default(), &mut preparation).unwrap();
        Self { run, predictor, user, outbox, journal, _dir: dir }
    }

    fn new() -> Self {
        let mut bench = Self::started();
        bench.run_into_its_end();
        bench
    }

    /// The events since the last call or turn.
    fn events(&self) -> Vec<EventKind> {
        std::iter::from_fn(|| self.user.try_event()).map(|event| event.kind).collect()
    }

    fn turn(&mut self) -> Option<Box<Summary>> {
        self.events(); // Few may wait.
        match self.run.turn(&mut self.predictor, &self.outbox).unwrap() {
            Turn::More(_) => None,
            Turn::Finished(summary) => Some(summary),
        }
    }

    /// Pauses during every evaluation, until one of them is to end the run.
    fn run_into_its_end(&mut self) {
        while self.run.ending.is_none() {
            self.run.set_paused(self.run.evaluation.is_some(), &self.outbox);
            assert_eq!(self.turn(), None, "it is paused before it ends");
        }
        assert!(self.run.is_paused() && matches!(self.run.ending, Some(Ending::Early { .. })), "{:?}", self.run.ending);
    }
}

fn click(journal: &mut Journal, class: u8) {
    let path = vec![[40.0 * f32::from(class + 1), 90.0]];
    let stroke = Stroke { tile: "2001".to_owned(), class: Some(class), radius: 3.0, path };
    journal.append(&Edit::Begin(stroke)).unwrap();
}

#[test]
fn a_pause_puts_off_an_early_end() {
    let mut bench = Bench::new();
    let steps = bench.run.step();
    bench.run.set_paused(false, &bench.outbox);
    let summary = bench.turn().expect("it ends as soon as it goes on");
    assert_eq!((summary.outcome, summary.steps, summary.why.is_some()), (Outcome::Early, steps, true));
}

#[test]
fn evaluations_are_as_many_epochs_apart_as_is_said_and_the_last_step_has_one() {
    let mut bench = Bench::of(|config| {
        (config.train.patience, config.train.evaluate_every, config.train.length) = (0, 2, Length::Epochs(5));
    });
    let (mut scored, epoch) = (Vec::new(), bench.run.info().steps_per_epoch);
    while bench.turn().is_none() {
        scored.extend(bench.run.evaluated_at_step);
    }
    scored.extend(bench.run.evaluated_at_step);
    scored.dedup();
    assert_eq!(scored, [2, 4, 5].map(|epochs| epochs * epoch));
}

#[test]
fn a_run_that_is_stopped_before_its_early_end_was_stopped() {
    let mut bench = Bench::new();
    bench.run.stop(&bench.outbox);
    assert!(!bench.run.is_paused(), "a stop is heard in a pause");
    let summary = bench.turn().expect("the end");
    assert_eq!((summary.outcome, summary.why), (Outcome::Stopped, None));
}

#[test]
fn new_labels_call_off_an_early_end() {
    let mut bench = Bench::new();
    click(&mut bench.journal, 2);
    bench.run.follow_labels(&bench.outbox);
    bench.run.set_paused(false, &bench.outbox);
    let steps = bench.run.step();
    assert_eq!(bench.turn(), None);
    assert_eq!((bench.run.step(), &bench.run.ending), (steps + 1, &None));
}

#[test]
fn a_gpu_tries_kernels_until_its_first_step_ends() {
    let mut bench = Bench::started();
    assert_eq!(bench.run.phase(), Phase::Training, "a CPU has none to try");
    bench.run.tuning = true;
    assert_eq!(bench.run.phase(), Phase::Tuning);
    bench.run.set_paused(true, &bench.outbox);
    assert_eq!(bench.run.phase(), Phase::Paused);
    bench.run.set_paused(false, &bench.outbox);
    assert_eq!(bench.run.phase(), Phase::Tuning, "it has not begun yet");
    assert_eq!(bench.turn(), None);
    assert!(bench.run.step() == 1 && bench.run.phase() != Phase::Tuning, "{:?}", bench.run.phase());
}

#[test]
fn a_run_that_is_stopped_before_its_first_step_takes_none() {
    let mut bench = Bench::started();
    bench.run.tuning = true;
    bench.run.stop(&bench.outbox);
    let summary = bench.turn().expect("the end");
    assert_eq!((summary.outcome, summary.steps), (Outcome::Stopped, 0));
}

fn tells_that_there_is_no_state(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Warning(notice) if notice.to_string().contains("cannot be resumed from here"))
}

/// A run whose state cannot be written: no file takes the place of a folder.
fn without_state() -> Bench {
    let bench = Bench::started();
    std::fs::create_dir(bench.run.info().folder.join("last.state")).unwrap();
    bench
}

#[test]
fn whoever_pauses_is_told_of_a_state_that_was_not_written() {
    let mut bench = without_state();
    bench.run.save_all(true, &bench.outbox).unwrap();
    assert!(!bench.events().iter().any(tells_that_there_is_no_state), "it is being written");
    bench.run.set_paused(true, &bench.outbox);
    assert!(bench.events().iter().any(tells_that_there_is_no_state));
}

#[test]
fn a_state_that_was_not_written_after_an_evaluation_is_told_in_the_pause_that_follows() {
    let mut bench = without_state();
    bench.run.evaluate(&mut bench.predictor, &bench.outbox);
    bench.run.set_paused(true, &bench.outbox);
    assert!(!bench.run.is_paused(), "the evaluation goes on");
    while !bench.run.is_paused() {
        assert_eq!(bench.turn(), None);
    }
    assert!(bench.events().iter().any(tells_that_there_is_no_state), "before it rests");
}

/// A run of 600 steps: neighbours have to agree from the fourth on, which the loss shows.
fn smoothed() -> Bench {
    Bench::of(|config| {
        (config.val_ratio, config.train.length) = (0.0, Length::Steps(600));
        (config.train.loss.gated_crf, config.train.crf_sigma_rgb) = (50.0, 5.0);
    })
}

#[test]
fn without_scores_a_loss_of_before_neighbours_had_to_agree_is_not_to_be_beaten() {
    let mut bench = smoothed();
    let losses = [3, 4].map(|step| {
        while bench.run.step() < step {
            bench.run.take_step(&bench.outbox).unwrap();
        }
        bench.run.evaluate(&mut bench.predictor, &bench.outbox);
        while bench.run.evaluation.is_some() {
            assert_eq!(bench.turn(), None);
        }
        bench.run.last.as_ref().unwrap().train_loss
    });
    assert!(losses[1] > 2.0 * losses[0], "{losses:?}");
    assert_eq!(bench.run.best.step(), Some(4));
}

#[test]
fn a_training_loss_is_a_mean_over_steps_with_the_same_terms() {
    let mut bench = smoothed();
    for (step, steps) in [(1, 1), (2, 2), (3, 3), (4, 1), (5, 2)] {
        bench.run.take_step(&bench.outbox).unwrap();
        assert_eq!((bench.run.step(), bench.run.meter.since_evaluation.count()), (step, steps));
    }
}
