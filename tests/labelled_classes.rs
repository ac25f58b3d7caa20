//! Classes without a label are never predicted: while a run learns, when the first label of a class is clicked, and after.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;

use std::collections::BTreeSet;
use std::fs;

use bench::Bench;
use pointillist::data::{Journal, Project};
use pointillist::domain::config::{Batches, Length, Schedule};
use pointillist::domain::{Edit, RunConfig, Strategy, Stroke};
use pointillist::engine::protocol::ViewRequest;
use pointillist::engine::{Command, EventKind};
use serde_json::Value;

const TILE: &str = "2001";

fn click(class: u8, x: f32) -> Edit {
    Edit::Begin(Stroke { tile: TILE.to_owned(), class: Some(class), radius: 9.0, path: vec![[x, 128.0]] })
}

/// The classes of the next preview of a whole tile.
fn shown(bench: &Bench) -> BTreeSet<u8> {
    loop {
        bench.until("a preview", |event| matches!(event.kind, EventKind::PreviewReady).then_some(()));
        if let Some(preview) = bench.engine.take_preview().filter(|preview| preview.complete) {
            return preview.map.classes.data().iter().copied().collect();
        }
    }
}

fn config(bench: &Bench) -> RunConfig {
    let mut config = bench.config(Length::Steps(1_000_000));
    config.sampling.strategy = Strategy::OwnLabelsOnly;
    config.train.schedule = Schedule::Constant;
    config.train.batches = Batches::Classes;
    (config.train.ema, config.train.scales, config.train.jitter) = (0.9, true, 0.2);
    config
}

#[test]
fn only_classes_that_have_labels_are_predicted_live_and_after() {
    let bench = Bench::new();
    let project = Project::open(&bench.data()).unwrap();
    let (mut journal, _) = Journal::open(&project).unwrap();
    journal.append(&click(4, 40.0)).unwrap();
    journal.append(&click(3, 200.0)).unwrap();
    bench.engine.send(Command::View(Some(ViewRequest { tile: TILE.to_owned(), visible: None })));
    let out = bench.start(1, config(&bench));
    assert!(shown(&bench).is_subset(&[3, 4].into()), "of seven classes two have a label");

    journal.append(&click(1, 120.0)).unwrap();
    bench.engine.send(Command::LabelsChanged);
    loop {
        let classes = shown(&bench);
        assert!(classes.is_subset(&[1, 3, 4].into()), "{classes:?}");
        if classes.contains(&1) {
            break;
        }
    }
    bench.engine.send(Command::Stop);
    bench.until_finished();

    let names =
        |index: &[usize]| index.iter().map(|&i| Value::from(project.classes.as_slice()[i].name.as_str())).collect();
    let predicts: Value = serde_json::from_slice(&fs::read(out.join("last.json")).unwrap()).unwrap();
    assert_eq!(predicts["predicts"], Value::Array(names(&[1, 3, 4])));
    bench.engine.send(Command::Open { run: 2, folder: out, data: None });
    bench.until("the run", |event| (event.run == 2 && matches!(event.kind, EventKind::Started(_))).then_some(()));
    bench.engine.send(Command::View(None));
    bench.engine.send(Command::View(Some(ViewRequest { tile: TILE.to_owned(), visible: None })));
    assert!(shown(&bench).is_subset(&[1, 3, 4].into()), "a finished run predicts the same classes");
}
