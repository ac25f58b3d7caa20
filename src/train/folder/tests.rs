//! Tests of the run folder.

use std::fs;

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::files::{CONFIG, METRICS, STEPS};
use super::tables::METRIC_COLUMNS;
use super::*;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::{ClassDef, Classes, RunConfig};
use crate::model::Net;
use crate::train::snapshot::Snapshot;

fn folder() -> (tempfile::TempDir, RunFolder) {
    folder_of(&RunConfig::demo())
}

fn folder_of(config: &RunConfig) -> (tempfile::TempDir, RunFolder) {
    let dir = tempfile::tempdir().unwrap();
    let run = RunFolder::create(&dir.path().join("run"), config, &Classes::deepglobe()).unwrap();
    (dir, run)
}

#[test]
fn a_run_reads_back_as_written() {
    let (_dir, mut run) = folder();
    let step = StepRow { step: 3, epoch: 1, loss: 0.5, lr: 1e-3 };
    let metrics = MetricsRow {
        step: 3,
        epoch: 1,
        train_loss: 0.5,
        miou: 0.25,
        pixel_accuracy: 0.75,
        pixels: 100,
        secs: 1.5,
        iou: vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6, f64::NAN],
        raw_miou: None,
    };
    run.add_step(&step).unwrap();
    run.add_metrics(&metrics).unwrap();
    let back = FinishedRun::open(run.path()).unwrap();
    assert_eq!(back.config, RunConfig::demo());
    assert_eq!(back.classes, Classes::deepglobe());
    let (steps, rows) = back.history();
    assert_eq!(steps, [step]);
    assert_eq!(rows[0].iou[..6], metrics.iou[..6]);
    assert!(rows[0].iou[6].is_nan() && rows[0].iou.len() == 7 && rows[0].raw_miou.is_none());
}

#[test]
fn the_score_without_averaging_has_a_column_where_it_is_measured() {
    let mut config = RunConfig::few_clicks();
    config.train.score_raw = true;
    let (_dir, mut run) = folder_of(&config);
    let row = MetricsRow {
        step: 3,
        epoch: 1,
        train_loss: 0.5,
        miou: 0.25,
        pixel_accuracy: 0.75,
        pixels: 100,
        secs: 1.5,
        iou: vec![0.5; 7],
        raw_miou: Some(0.125),
    };
    run.add_metrics(&row).unwrap();
    let (_, rows) = FinishedRun::open(run.path()).unwrap().history();
    assert_eq!(rows, [row]);
    let header = fs::read_to_string(run.path().join(METRICS)).unwrap();
    assert!(header.lines().next().is_some_and(|header| header.ends_with(",iou_unknown,val_miou_raw")), "{header}");
}

#[test]
fn tables_start_with_their_columns() {
    let (_dir, run) = folder();
    let text = |name: &str| fs::read_to_string(run.path().join(name)).unwrap();
    assert_eq!(text(STEPS), "step,epoch,loss,lr\n");
    assert!(text(METRICS).starts_with("step,epoch,train_loss,val_miou,") && text(METRICS).ends_with(",iou_unknown\n"));
    let (steps, metrics) = FinishedRun::open(run.path()).unwrap().history();
    assert!(steps.is_empty() && metrics.is_empty());
}

#[test]
fn a_checkpoint_reloads_to_identical_logits() {
    let (_dir, run) = folder();
    let device = Device::flex();
    let config = RunConfig::demo().model;
    let net = Net::new(&config, 7, &device);
    let images = Tensor::random([1, 3, 16, 16], burn::tensor::Distribution::Default, &device);
    let predicts = vec![true, false, true, false, false, true, false];
    run.save(&Snapshot { net: net.clone(), predicts: predicts.clone() }, Checkpoint::Best).unwrap();
    let classes = Classes::deepglobe();
    let load = |net: Net| load_checkpoint(run.path(), net, &classes, Checkpoint::Best);
    let loaded = load(Net::new(&config, 7, &device)).unwrap();
    assert_eq!(net.forward(images.clone()).into_data(), loaded.net.forward(images).into_data());
    assert_eq!(loaded.predicts, predicts);
    fs::remove_file(run.path().join("best.json")).unwrap();
    assert_eq!(load(Net::new(&config, 7, &device)).unwrap().predicts, [true; 7], "a run of an earlier version");
    let other = Net::new(&crate::domain::config::ModelConfig { base: 4, ..config }, 7, &device);
    let error = load(other).expect_err("another shape");
    assert!(error.to_string().contains("does not fit"), "{error}");
}

#[test]
fn a_crash_between_list_and_checkpoint_leaves_a_pair_that_fits() {
    let (_dir, run) = folder();
    let (config, classes) = (RunConfig::demo().model, Classes::deepglobe());
    let net = || Net::new(&config, 7, &Device::flex());
    let predicts = |of: u8| (0..7).map(|class| class <= of).collect::<Vec<_>>();
    let file = |name: &str| run.path().join(name);
    run.save(&Snapshot { net: net(), predicts: predicts(1) }, Checkpoint::Last).unwrap();
    let earlier = fs::read(file("last.bpk")).unwrap();
    run.save(&Snapshot { net: net(), predicts: predicts(4) }, Checkpoint::Last).unwrap();
    let load = || load_checkpoint(run.path(), net(), &classes, Checkpoint::Last);
    assert_eq!(load().unwrap().predicts, predicts(4));
    fs::write(file("last.bpk"), earlier).unwrap(); // As if the second checkpoint had not been written.
    assert_eq!(load().unwrap().predicts, predicts(1));
    run.save(&Snapshot { net: net(), predicts: predicts(2) }, Checkpoint::Best).unwrap();
    fs::copy(file("best.json"), file("last.json")).unwrap();
    let error = load().unwrap_err().to_string();
    assert!(error.contains("last.json") && error.contains("remove it"), "{error}");
}

#[test]
fn runs_are_never_overwritten_and_other_folders_refused() {
    let (_dir, run) = folder();
    let again = RunFolder::create(run.path(), &RunConfig::demo(), &Classes::deepglobe());
    assert!(again.is_err_and(|error| error.to_string().contains("choose another")));
    let empty = tempfile::tempdir().unwrap();
    assert!(FinishedRun::open(empty.path()).is_err_and(|error| error.to_string().contains("not a run folder")));
    fs::create_dir(empty.path().join("runs")).unwrap();
    assert!(FinishedRun::open(empty.path()).is_err_and(|error| error.to_string().contains("in its folder runs")));
    let net = Net::new(&RunConfig::demo().model, 7, &Device::flex());
    let missing = load_checkpoint(run.path(), net, &Classes::deepglobe(), Checkpoint::Last);
    assert!(missing.is_err_and(|error| error.to_string().contains("no such checkpoint")));
}

#[test]
fn unknown_fields_of_an_old_configuration_are_named() {
    let (_dir, run) = folder();
    let file = run.path().join(CONFIG);
    let text = fs::read_to_string(&file).unwrap().replace("[train]", "[train]\ncool_down = 5");
    fs::write(&file, format!("colour_jitter = 0.2\n{text}")).unwrap();
    let back = FinishedRun::open(run.path()).unwrap();
    assert_eq!(back.config, RunConfig::demo());
    let told = back.notes.join("\n");
    assert!(told.contains("colour_jitter") && told.contains("train.cool_down"), "{told}");
}

#[test]
fn a_summary_of_another_version_keeps_what_is_understood() {
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Ended {
        steps: u64,
        best_miou: Option<f64>,
    }
    let (_dir, run) = folder();
    run.write_summary(&serde_json::json!({ "steps": 7, "best_miou": "high", "stars": 5 })).unwrap();
    let (ended, notes) = FinishedRun::open(run.path()).unwrap().summary::<Ended>().unwrap();
    assert_eq!(ended, Ended { steps: 7, best_miou: None });
    assert_eq!(notes.len(), 2, "{notes:?}");
}

#[test]
fn a_checkpoint_that_cannot_be_written_leaves_nothing_half_written() {
    let (_dir, run) = folder();
    let net = Net::new(&RunConfig::demo().model, 7, &Device::flex());
    let net = Snapshot { net, predicts: vec![true; 7] };
    fs::create_dir(run.path().join("last.bpk")).unwrap(); // Nothing can take its place.
    let before = fs::read_dir(run.path()).unwrap().count();
    let error = run.save(&net, Checkpoint::Last).unwrap_err().to_string();
    assert!(error.contains("free space") && error.contains("last.bpk"), "{error}");
    assert_eq!(fs::read_dir(run.path()).unwrap().count(), before);
    run.save(&net, Checkpoint::Best).unwrap();
    assert_eq!(fs::read_dir(run.path()).unwrap().count(), before + 2);
}

#[test]
fn class_names_may_contain_commas_quotes_and_line_ends() {
    let dir = tempfile::tempdir().unwrap();
    let names = ["water, deep", "the \"wet\" one", "two\nlines"];
    let class = |(i, name): (usize, &&str)| ClassDef { name: (*name).to_owned(), color: [i as u8; 3], ignored: false };
    let classes = Classes::new(names.iter().enumerate().map(class).collect()).unwrap();
    let run = RunFolder::create(&dir.path().join("run"), &RunConfig::demo(), &classes).unwrap();
    let mut table = csv::Reader::from_path(run.path().join(METRICS)).unwrap();
    let columns: Vec<_> = table.headers().unwrap().iter().skip(METRIC_COLUMNS.len()).map(str::to_owned).collect();
    assert_eq!(columns, names.map(|name| format!("iou_{name}")));
    assert_eq!(FinishedRun::open(run.path()).unwrap().classes, classes);
}
