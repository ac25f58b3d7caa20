//! What is told of a disk that fails, and when it is tried again.

use burn::tensor::Device;

use super::*;
use crate::domain::{Classes, RunConfig};
use crate::engine::transport::{UserEnd as _, in_process};
use crate::model::Net;

#[test]
fn a_failed_save_is_reported_once_and_made_up_for_later() {
    let dir = tempfile::tempdir().unwrap();
    let (config, classes) = (RunConfig::demo(), Classes::deepglobe());
    let mut recorder = Recorder::new(RunFolder::create(&dir.path().join("run"), &config, &classes).unwrap());
    let net = Net::new(&config.model, classes.len(), &Device::flex());
    let net = Snapshot { net, predicts: vec![true; classes.len()] };
    let (user, worker) = in_process::connect(Arc::new(|| {}));
    let outbox = Outbox::new(Arc::new(worker));
    let last = recorder.folder.path().join("last.bpk");
    let best = recorder.folder.path().join("best.bpk");
    [&last, &best].iter().for_each(|path| std::fs::create_dir(path).unwrap());
    for _ in 0..3 {
        assert!(recorder.save(&net, None, &outbox).is_err());
        recorder.save_best(net.clone(), &outbox);
    }
    let told = || std::iter::from_fn(|| user.try_event());
    let warnings = || told().filter(|event| matches!(event.kind, EventKind::Warning(_))).count();
    assert_eq!(warnings(), 1);
    [&last, &best].iter().for_each(|path| std::fs::remove_dir(path).unwrap());
    recorder.save(&net, None, &outbox).unwrap();
    assert!(last.is_file() && best.is_file());
    let log = std::fs::read_to_string(recorder.folder.path().join("log.txt")).unwrap();
    assert!(log.contains("can be saved again"), "{log}");
    std::fs::remove_file(&last).unwrap();
    std::fs::create_dir(&last).unwrap();
    assert!(recorder.save(&net, None, &outbox).is_err());
    assert_eq!(warnings(), 1, "the next failure is reported again");
}

#[test]
fn after_a_failure_the_next_attempt_is_sooner() {
    let dir = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(&dir.path().join("run"), &RunConfig::demo(), &Classes::deepglobe()).unwrap();
    let mut recorder = Recorder::new(folder);
    let Some(then) = Instant::now().checked_sub(RETRY_EVERY) else { return };
    recorder.tried = then;
    assert!(!recorder.is_due());
    recorder.failing = true;
    assert!(recorder.is_due());
}
