//! A study of tiny tiles, worked off on the command line.

#![allow(dead_code, reason = "each test needs some of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::command::{pointillist, two_halves};

/// A network that trains in no time.
pub(crate) const BASE: &str = "[base]\ndevice = 'cpu'\nval_ratio = 0.3\n[base.model]\nbase = 2\nlevels = 2\n\
                    [base.train]\nlength = { steps = 4 }\nframe = { crop = 32 }\nbatch = 2\n";

/// A study of three tiles.
pub(crate) struct Study {
    pub(crate) dir: TempDir,
}

impl Study {
    pub(crate) fn new(rest: &str) -> Self {
        let dir = TempDir::new().unwrap();
        ["a", "b", "c"].iter().for_each(|name| two_halves(&dir.path().join("data"), name));
        fs::write(dir.path().join("plan.toml"), format!("{BASE}{rest}")).unwrap();
        Self { dir }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The arguments of `study VERB`.
    pub(crate) fn arguments(&self, verb: &str) -> Vec<String> {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let plan = text(self.dir.path().join("plan.toml"));
        ["study", verb, &plan, "--data", &text(self.data())].map(str::to_owned).to_vec()
    }

    pub(crate) fn run(&self) -> assert_cmd::assert::Assert {
        pointillist().args(self.arguments("run")).assert()
    }

    pub(crate) fn spawn(&self, more: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
        command.args(self.arguments("run")).args(more).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The same, started by another program, which is given the command line.
    pub(crate) fn spawn_by(&self, program: &str) -> Child {
        let mut command = Command::new(program);
        command.arg(env!("CARGO_BIN_EXE_pointillist")).args(self.arguments("run"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join("plan").join(name)
    }

    /// Names in a folder of the study, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.folder(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub(crate) fn status(&self) -> serde_json::Value {
        let output = pointillist().args(self.arguments("status")).arg("--json").output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    }

    /// The state of each run.
    pub(crate) fn states(&self) -> Vec<String> {
        self.status()["runs"].as_array().unwrap().iter().map(|run| run["state"].as_str().unwrap().to_owned()).collect()
    }

    /// The folder of the attempt at a run that is being made or was broken off.
    pub(crate) fn attempt(&self, run: &str) -> Option<PathBuf> {
        let name = self.names("unfinished").into_iter().find(|name| name.starts_with(&format!("{run}-")))?;
        Some(self.folder("unfinished").join(name))
    }

    /// Waits until a run has taken steps, and its folder says which run it is. Returns where.
    pub(crate) fn wait_for_steps(&self, run: &str) -> PathBuf {
        let began = Instant::now();
        let has_steps = |folder: &PathBuf| {
            let table = fs::metadata(folder.join("steps.csv")).map_or(0, |data| data.len());
            table >= 40 && folder.join("study.json").exists()
        };
        loop {
            if let Some(folder) = self.attempt(run).filter(has_steps) {
                return folder;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "{run} does not begin");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Steps of a run that has ended, by its summary.
pub(crate) fn steps(run: &Path) -> u64 {
    let file = run.join("summary.json");
    let text = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_slice::<serde_json::Value>(&text).unwrap()["steps"].as_u64().unwrap()
}

/// Two runs.
pub(crate) const WEIGHTS: &str = "[grid]\ntrain.class_weights = ['none', 'inverse']\n";
