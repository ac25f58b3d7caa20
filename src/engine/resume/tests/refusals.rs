//! What cannot be saved, and what cannot be resumed.

use std::fs;

use super::bench::Bench;
use crate::engine::progress::Progress;
use crate::engine::protocol::{EventKind, Outcome, Phase, Summary};
use crate::engine::refusal::Unresumable;
use crate::train::folder::{Claim, FinishedRun};

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
    let is_given_up = || bench.try_resume("run", 0).err().unwrap().is::<Unresumable>();
    assert!(!is_given_up());
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
    assert!(!is_given_up(), "the file may come back");
    fs::rename(&hidden, &image).unwrap();

    let classes = bench.folder("run").join("classes.json");
    let names = fs::read_to_string(&classes).unwrap();
    fs::write(&classes, names.replace("water", "sea")).unwrap();
    let told = bench.refusal("run");
    assert!(told.contains("sea") && told.contains("water") && is_given_up(), "{told}");
    fs::write(&classes, names).unwrap();

    let state = bench.folder("run").join("last.state");
    let whole = fs::read(&state).unwrap();
    fs::write(&state, &whole[..whole.len() / 2]).unwrap();
    assert!(bench.refusal("run").contains("last.state") && is_given_up());
    fs::remove_file(&state).unwrap();
    assert!(bench.refusal("run").contains("no last.state") && is_given_up());
    fs::write(&state, whole).unwrap();

    assert_eq!(before, ["summary.json", "steps.csv", "config.toml"].map(content));
    bench.finish(bench.resume("run"));
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
fn an_early_end_that_was_not_saved_lies_before_the_run_again() {
    let bench = Bench::new();
    let mut going = bench.start(&bench.config(), "run");
    bench.reach(&mut going, 3);
    let mut summary = bench.stop(going);
    summary.outcome = Outcome::Early;
    let ended = |unsaved: Option<&str>| {
        let summary = Summary { unsaved: unsaved.map(str::to_owned), ..(*summary).clone() };
        fs::write(bench.folder("run").join("summary.json"), serde_json::to_vec(&summary).unwrap()).unwrap();
    };
    ended(None);
    assert!(bench.refusal("run").contains("complete"));
    ended(Some("the disk is full"));
    assert_eq!(bench.finish(bench.resume("run")).steps, 13);
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
