//! Studies: every run of a plan is made once, whatever interrupts it and however many work on it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;
mod planned;

use std::fs;
use std::time::{Duration, Instant};

use command::{pointillist, two_halves};
use planned::{BASE, Study, WEIGHTS, steps};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

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
    assert!(study.names("unfinished").is_empty(), "what was broken off went on or is removed");
    assert!(study.names("claims").is_empty());
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
    let attempt = study.wait_for_steps("long");
    pointillist()
        .args(study.arguments("run"))
        .arg("--no-wait")
        .assert()
        .success()
        .stdout(contains("0 of 1 runs are done, 1 running"));
    let (mut waiting, began) = (study.spawn(&[]), Instant::now());
    other.kill().unwrap();
    other.wait().unwrap();
    while study.attempt("long").is_none_or(|now| now == attempt) && study.names("unfinished").len() < 2 {
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
