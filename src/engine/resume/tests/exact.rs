//! A run that is stopped or killed, and resumed, against one that never was.

use std::fs;

use super::bench::{Bench, copy, recipes};
use crate::domain::config::Length;
use crate::engine::progress::Progress;
use crate::engine::protocol::{EventKind, Outcome};
use crate::engine::run::Turn;
use crate::train::folder::FinishedRun;

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
