//! Commands as the worker carries them out, on small runs.

use tempfile::TempDir;

use super::*;
use crate::data::{Journal, Project, demo};
use crate::domain::config::{DeviceChoice, InputSize};
use crate::domain::{Edit, RunConfig, Strategy, Stroke};
use crate::engine::Event;
use crate::engine::protocol::Outcome;
use crate::engine::transport::{UserEnd as _, in_process};

/// A worker beside a demo project, and a place for runs.
struct Bench {
    worker: Worker,
    user: in_process::User,
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        demo::unpack(&dir.path().join("demo")).unwrap();
        let (user, end) = in_process::connect(Arc::new(|| {}));
        Self { worker: Worker::new(Arc::new(end)), user, dir }
    }

    /// A tiny network on small crops.
    fn config(&self) -> RunConfig {
        let mut config = RunConfig { data: self.folder("demo"), device: DeviceChoice::Cpu, ..RunConfig::demo() };
        (config.model.base, config.train.input) = (2, InputSize::Crop(32));
        config
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn execute(&mut self, command: Command) {
        self.worker.execute(command).unwrap();
    }

    fn start(&mut self, run: RunId, config: RunConfig, name: &str) {
        let out = self.folder(name);
        self.execute(Command::Start { run, config: Box::new(config), out });
    }

    fn slice(&mut self) {
        self.worker.slice().unwrap();
    }

    fn stop(&mut self) {
        self.execute(Command::Stop);
        while self.worker.is_training() {
            self.slice();
        }
    }

    /// Whether there was such an event since the last call.
    fn told(&self, is_it: impl Fn(&Event) -> bool) -> bool {
        let events: Vec<Event> = std::iter::from_fn(|| self.user.try_event()).collect();
        events.iter().any(is_it)
    }

    fn told_failure_of(&self, run: RunId, why: &str) -> bool {
        let failed = |kind: &EventKind| matches!(kind, EventKind::Failed(told) if told.to_string().contains(why));
        self.told(|event| event.run == run && failed(&event.kind))
    }

    fn click(&self, tile: &str, class: u8) {
        let (mut journal, _) = Journal::open(&Project::open(&self.folder("demo")).unwrap()).unwrap();
        let path = vec![[40.0 * f32::from(class + 1), 90.0]];
        let stroke = Stroke { tile: tile.to_owned(), class: Some(class), radius: 3.0, path };
        journal.append(&Edit::Begin(stroke)).unwrap();
    }
}

#[test]
fn labels_that_arrive_during_an_evaluation_do_not_change_what_it_scores() {
    let mut bench = Bench::new();
    [0, 1].iter().for_each(|class| bench.click("2001", *class));
    let mut config = bench.config();
    config.sampling.strategy = Strategy::OwnLabelsOnly;
    bench.start(1, config, "run");
    let run = bench.worker.session.as_ref().unwrap().run.as_ref().unwrap();
    assert!(!run.info().val_tiles.contains(&"2001".to_owned()));
    bench.slice();
    bench.execute(Command::Evaluate);
    bench.slice();
    bench.click("2001", 4);
    bench.execute(Command::LabelsChanged);
    while !bench.told(|event| matches!(event.kind, EventKind::Evaluated(_))) {
        bench.slice();
    }
    let third = Project::open(&bench.folder("demo")).unwrap().classes.as_slice()[4].name.clone();
    let list = bench.folder("run").join("last.json");
    let saved = || std::fs::read_to_string(&list).unwrap();
    assert!(!saved().contains(&third), "{}", saved());
    bench.execute(Command::Save);
    assert!(saved().contains(&third), "{}", saved());
}

#[test]
fn a_run_that_cannot_begin_leaves_the_network_that_predicts() {
    let mut bench = Bench::new();
    bench.start(1, bench.config(), "run");
    bench.stop();
    let mut config = bench.config();
    config.train.batch = 0;
    let start = Command::Start { run: 2, config: Box::new(config), out: bench.folder("other") };
    let open = Command::Open { run: 3, folder: bench.dir.path().to_owned(), data: None };
    for (run, command) in [(2, start), (3, open)] {
        bench.execute(command);
        assert!(bench.worker.session.is_some() && bench.worker.outbox.run == 1, "run {run}");
        assert!(bench.told_failure_of(run, ""), "run {run}");
    }
}

#[test]
fn a_run_that_could_not_be_saved_is_saved_before_it_is_resumed() {
    let mut bench = Bench::new();
    bench.start(1, bench.config(), "run");
    bench.slice();
    let blocked = bench.folder("run").join("last.bpk");
    std::fs::create_dir(&blocked).unwrap();
    bench.stop();
    let folder = bench.folder("run");
    let go_on = |run| Command::Continue { run, folder: folder.clone(), data: None, more_epochs: 0, lr: None };
    bench.execute(go_on(2));
    assert!(bench.told_failure_of(2, "not saved yet"));
    assert!(!bench.worker.is_training() && bench.worker.outbox.run == 1);
    std::fs::remove_dir(&blocked).unwrap();
    bench.execute(go_on(3));
    assert!(bench.worker.is_training() && blocked.is_file());
}

#[test]
fn a_panic_while_training_is_recorded_and_the_worker_goes_on() {
    let mut bench = Bench::new();
    for (run, name) in [(1, "first"), (2, "second")] {
        bench.start(run, bench.config(), name);
        bench.slice();
        bench.worker.guarded(|_| panic!("the driver has gone"));
        assert!(bench.worker.session.is_none());
        let summary = std::fs::read(bench.folder(name).join("summary.json")).unwrap();
        let summary: Summary = serde_json::from_slice(&summary).unwrap();
        assert_eq!((summary.outcome, summary.steps), (Outcome::Failed, 1));
        assert!(summary.why.is_some_and(|why| why.contains("the driver has gone")));
        assert!(bench.told_failure_of(run, ""));
    }
}
