//! Studies: every run of a plan is made once, whatever interrupts it and however many work on it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use command::{pointillist, two_halves};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use tempfile::TempDir;

/// A network that trains in no time.
const BASE: &str = "[base]\ndevice = 'cpu'\nval_ratio = 0.3\n[base.model]\nbase = 2\nlevels = 2\n\
                    [base.train]\nlength = { steps = 4 }\nframe = { crop = 32 }\nbatch = 2\n";

/// A study of three tiles.
struct Study {
    dir: TempDir,
}

impl Study {
    fn new(rest: &str) -> Self {
        let dir = TempDir::new().unwrap();
        ["a", "b", "c"].iter().for_each(|name| two_halves(&dir.path().join("data"), name));
        fs::write(dir.path().join("plan.toml"), format!("{BASE}{rest}")).unwrap();
        Self { dir }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The arguments of `study VERB`.
    fn arguments(&self, verb: &str) -> Vec<String> {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let plan = text(self.dir.path().join("plan.toml"));
        ["study", verb, &plan, "--data", &text(self.data())].map(str::to_owned).to_vec()
    }

    fn run(&self) -> assert_cmd::assert::Assert {
        pointillist().args(self.arguments("run")).assert()
    }

    fn spawn(&self, more: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
        command.args(self.arguments("run")).args(more).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join("plan").join(name)
    }

    /// Names in a folder of the study, sorted.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.folder(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn status(&self) -> serde_json::Value {
        let output = pointillist().args(self.arguments("status")).arg("--json").output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    }

    /// The state of each run.
    fn states(&self) -> Vec<String> {
        self.status()["runs"].as_array().unwrap().iter().map(|run| run["state"].as_str().unwrap().to_owned()).collect()
    }

    /// The folder of the attempt at a run that is being made or was broken off.
    fn attempt(&self, run: &str) -> Option<PathBuf> {
        let name = self.names("unfinished").into_iter().find(|name| name.starts_with(&format!("{run}-")))?;
        Some(self.folder("unfinished").join(name))
    }

    /// Waits until a run has taken steps. Returns where.
    fn wait_for_steps(&self, run: &str) -> PathBuf {
        let began = Instant::now();
        let has_steps = |folder: &PathBuf| fs::metadata(folder.join("steps.csv")).map_or(0, |data| data.len()) >= 40;
        loop {
            if let Some(folder) = self.attempt(run).filter(has_steps) {
                return folder;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "{run} does not begin");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn steps(summary: &Path) -> u64 {
    let text = fs::read(summary.join("summary.json")).unwrap();
    serde_json::from_slice::<serde_json::Value>(&text).unwrap()["steps"].as_u64().unwrap()
}

const WEIGHTS: &str = "[grid]\ntrain.class_weights = ['none', 'inverse']\n";

#[test]
fn what_is_done_is_not_made_again_under_another_name_or_time() {
    let study = Study::new(WEIGHTS);
    assert_eq!(study.states(), ["waiting", "waiting"]);
    study.run().success().stdout(contains("2 of 2 runs are done"));
    let names = ["class_weights-inverse", "class_weights-none"];
    assert_eq!(study.names("runs"), names);
    assert!(study.names("claims").is_empty() && study.names("unfinished").is_empty());

    let runs = study.folder("runs");
    fs::rename(runs.join(names[0]), runs.join("another name")).unwrap();
    let later = std::time::SystemTime::now() + Duration::from_secs(5);
    fs::File::options().write(true).open(study.data().join("images/a.png")).unwrap().set_modified(later).unwrap();
    study.run().success().stdout(contains("best mIoU").not().and(contains("2 of 2 runs are done")));
    assert_eq!(study.names("runs"), ["another name", "class_weights-none"]);

    two_halves(&study.data(), "d");
    assert_eq!(study.states(), ["waiting", "waiting"], "other data");
    study.run().success();
    assert_eq!(study.names("runs").len(), 4, "runs on the former data stay");
}

#[test]
fn a_killed_study_goes_on_where_it_was() {
    let study = Study::new("[grid]\ntrain.length = [{ steps = 4 }, { steps = 1000 }]\n");
    let mut worker = study.spawn(&[]);
    study.wait_for_steps("length-steps-1000");
    worker.kill().unwrap();
    worker.wait().unwrap();
    assert_eq!(study.names("claims").len(), 1, "nobody gave it back");
    let before = fs::metadata(study.folder("runs/length-steps-4/summary.json")).unwrap().modified().unwrap();

    study.run().success().stdout(contains("2 of 2 runs are done"));
    assert_eq!(study.names("runs"), ["length-steps-1000", "length-steps-4"]);
    assert_eq!(steps(&study.folder("runs/length-steps-1000")), 1000);
    let after = fs::metadata(study.folder("runs/length-steps-4/summary.json")).unwrap().modified().unwrap();
    assert_eq!(before, after, "what was done was not made again");
    assert_eq!(study.names("unfinished").len(), 1);
    assert!(study.names("claims").is_empty());
}

#[cfg(unix)]
#[test]
fn an_interrupted_study_gives_its_run_back() {
    let study = Study::new("[[variant]]\nname = 'long'\ntrain.length = { steps = 1000000 }\n");
    let mut worker = study.spawn(&[]);
    let attempt = study.wait_for_steps("long");
    Command::new("kill").args(["-INT", &worker.id().to_string()]).status().unwrap();
    assert_eq!(worker.wait().unwrap().code(), Some(130));
    assert!(study.names("claims").is_empty() && attempt.join("last.bpk").exists());
    assert_eq!(study.states(), ["waiting"]);
}

#[test]
fn two_workers_make_every_run_once() {
    let study = Study::new(WEIGHTS);
    let plan = study.dir.path().join("plan.toml");
    fs::write(&plan, format!("seeds = [0, 1, 2]\n{BASE}{WEIGHTS}")).unwrap();
    let workers = [study.spawn(&["--shard", "1/2"]), study.spawn(&["--shard", "2/2"])];
    for mut worker in workers {
        assert!(worker.wait().unwrap().success());
    }
    assert_eq!(study.states(), ["done"; 6]);
    assert_eq!((study.names("runs").len(), study.names("unfinished").len()), (6, 0));
    assert!(study.names("claims").is_empty());

    pointillist().args(study.arguments("report")).assert().success().stdout(
        contains("| no class weights | 3 | 0.")
            .and(contains("| no class weights | class_weights-none |"))
            .and(contains("±"))
            .and(contains("| IoU after the last step |"))
            .and(contains("6 runs are planned. Mean")),
    );
    let table = fs::read_to_string(study.folder("report.csv")).unwrap();
    assert!(table.contains("\nclass_weights-inverse,ours,3,0."), "{table}");
    assert!(study.folder("report.md").exists() && study.folder("study.toml").exists());
}

#[test]
fn a_worker_waits_for_others_unless_told_not_to() {
    let study = Study::new("[[variant]]\nname = 'long'\ntrain.length = { steps = 1000000 }\n");
    let mut other = study.spawn(&[]);
    study.wait_for_steps("long");
    pointillist()
        .args(study.arguments("run"))
        .arg("--no-wait")
        .assert()
        .success()
        .stdout(contains("0 of 1 runs are done, 1 running"));
    let (mut waiting, began) = (study.spawn(&[]), Instant::now());
    other.kill().unwrap();
    other.wait().unwrap();
    while study.names("unfinished").len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(120), "what the other one left is not made");
        std::thread::sleep(Duration::from_millis(50));
    }
    waiting.kill().unwrap();
    waiting.wait().unwrap();
}

#[test]
fn a_study_whose_data_change_on_the_way_ends_and_is_made_anew() {
    let study = Study::new("[grid]\ntrain.length = [{ steps = 1000 }, { steps = 4 }]\n");
    let mut worker = study.spawn(&[]);
    study.wait_for_steps("length-steps-1000");
    two_halves(&study.data(), "d");
    assert_eq!(worker.wait().unwrap().code(), Some(1));
    assert_eq!(study.states(), ["waiting", "waiting"], "nothing is recorded as made with the new data");
    study.run().success().stdout(contains("2 of 2 runs are done"));
}

#[test]
fn a_run_whose_numbers_have_many_digits_is_made_once() {
    let study = Study::new("[grid]\ntrain.lr = [0.0025118864315095794, 2.6826957952797274e-05]\n");
    study.run().success().stdout(contains("2 of 2 runs are done"));
    assert_eq!(study.names("runs").len(), 2);
}

#[test]
fn a_run_that_fails_is_told_and_the_others_go_on() {
    let study = Study::new(
        "[[variant]]\nname = 'broken'\nmodel.encoder = 'weights.pth'\n[[variant]]\nname = 'whole'\nmodel.base = 2\n",
    );
    fs::write(study.dir.path().join("weights.pth"), "no weights").unwrap();
    study
        .run()
        .code(1)
        .stderr(contains("broken failed: ").and(contains("weights.pth")))
        .stdout(contains("whole: best mIoU").and(contains("1 of 2 runs are done, 1 failed")));
    assert_eq!(study.states(), ["failed", "done"]);
    assert!(study.status()["runs"][0]["why"].as_str().unwrap().contains("weights.pth"));
}

#[test]
fn a_plan_that_cannot_work_is_refused_before_anything_starts() {
    let study = Study::new("[grid]\ntrain.batch = [0, 2]\n");
    study.run().code(1).stderr(contains("batch-0: A batch of 0 trains nothing. Choose at least 1"));
    assert!(!study.folder("").exists());
    let study = Study::new("[grid]\ntrain.sede = [0, 2]\n");
    study.run().code(1).stderr(contains("plan.toml").and(contains("unknown field `sede`")));
}

#[test]
fn plans_and_scripts_are_printed() {
    pointillist()
        .args(["study", "plan", "landcover-ai", "--data", "/tiles"])
        .assert()
        .success()
        .stdout(contains("data = \"/tiles\"").and(contains("unetplusplus_frac15")));
    let study = Study::new(WEIGHTS);
    let script = pointillist().args(study.arguments("slurm")).args(["--option=--gres=gpu:1"]).assert().success();
    script.stdout(
        contains("#SBATCH --array=1-2\n")
            .and(contains("#SBATCH --gres=gpu:1\n"))
            .and(contains("study run"))
            .and(contains("--shard \"$SLURM_ARRAY_TASK_ID/2\"")),
    );
    assert!(study.folder("").is_dir(), "Slurm needs a place for its logs");
}
