//! A real engine on a demo project of its own, for tests from outside.

#![allow(dead_code, reason = "each test file uses its part")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pointillist::data::demo;
use pointillist::domain::RunConfig;
use pointillist::domain::config::{DeviceChoice, InputSize, Length};
use pointillist::engine::protocol::Summary;
use pointillist::engine::{Command, EngineHandle, Event, EventKind};
use tempfile::TempDir;

/// An engine, a demo project of its own, and a place for runs.
pub(crate) struct Bench {
    /// The engine.
    pub(crate) engine: EngineHandle,
    /// Where it works.
    pub(crate) dir: TempDir,
    /// How often the waker was called.
    pub(crate) woken: Arc<AtomicUsize>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        demo::unpack(&dir.path().join("demo")).unwrap();
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&woken);
        let waker = Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        Self { engine: EngineHandle::start(waker).unwrap(), dir, woken }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("demo")
    }

    pub(crate) fn config(&self, length: Length) -> RunConfig {
        let mut config = RunConfig { data: self.data(), device: DeviceChoice::Cpu, ..RunConfig::demo() };
        config.model.base = 2;
        config.train.input = InputSize::Crop(32);
        config.train.batch = 2;
        config.train.length = length;
        config
    }

    pub(crate) fn start(&self, run: u64, config: RunConfig) -> PathBuf {
        let out = self.dir.path().join(format!("run{run}"));
        assert!(self.engine.send(Command::Start { run, config: Box::new(config), out: out.clone() }));
        out
    }

    /// Events until one is as wanted; that one is returned.
    pub(crate) fn until<T>(&self, what: &str, wanted: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            let event = self.engine.wait_event().unwrap_or_else(|| panic!("the engine ended before {what}"));
            if let Some(found) = wanted(&event) {
                return found;
            }
            if let EventKind::Failed(why) = &event.kind {
                panic!("failed before {what}: {why}");
            }
        }
    }

    pub(crate) fn until_finished(&self) -> Box<Summary> {
        self.until("the end", |event| match &event.kind {
            EventKind::Finished(summary) => Some(summary.clone()),
            _ => None,
        })
    }

    pub(crate) fn until_step(&self, at_least: u64) -> f64 {
        self.until("a step", |event| match &event.kind {
            EventKind::Step(step) if step.step >= at_least => Some(step.lr),
            _ => None,
        })
    }
}

/// Why something failed.
pub(crate) fn failure(event: &Event) -> Option<String> {
    match &event.kind {
        EventKind::Failed(why) => Some(why.to_string()),
        _ => None,
    }
}
