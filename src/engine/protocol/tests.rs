//! Every message survives JSON. A new variant does not compile here until it has a sample.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::data::export::maps::ExportReport;
use crate::domain::agreement::Agreement;
use crate::domain::blocks::HeldOut;
use crate::domain::calibration::Reliability;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::{DeviceChoice, InputSize, Length, StepOffer, StepSize};
use crate::domain::geometry::PixelRect;
use crate::domain::weights::ClassWeights;
use crate::domain::{ClassDef, ClassMap, Classes, Confusion, FurtherScores, Mask, Notice, RunConfig, Scores, Strategy};
use crate::quick::method::QuickMethod;

/// Lists one sample of each variant of an enum, and fails to compile if a variant has none.
macro_rules! samples {
    ($Enum:ident { $($pattern:pat => $sample:expr),+ $(,)? }) => {{
        fn is_listed(value: &$Enum) {
            match value {
                $($pattern => {})+
            }
        }
        let samples = vec![$($sample),+];
        samples.iter().for_each(is_listed);
        samples
    }};
}

/// Messages are compared as text, because NaN does not equal itself.
fn survives_json<T: Serialize + DeserializeOwned + std::fmt::Debug>(message: &T) {
    let text = serde_json::to_string(message).unwrap();
    let back: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    assert_eq!(format!("{back:?}"), format!("{message:?}"), "{text}");
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
}

fn config() -> RunConfig {
    let mut config = RunConfig::reference().own_labels_only();
    config.data = "/data".into();
    config.ignore = Some(vec!["water".to_owned()]);
    config.device = DeviceChoice::Named("Adapter".to_owned());
    config.train.class_weights = ClassWeights::Given(vec![0.1, 1.5]);
    config.train.length = Length::Steps(9);
    config.sampling.strategy = Strategy::PointsPerClass(3);
    config
}

fn commands() -> Vec<Command> {
    let view = ViewRequest { tile: "a".to_owned(), visible: Some(PixelRect { x: 1, y: 2, width: 3, height: 4 }) };
    samples!(Command {
        Command::Start { .. } => Command::Start { run: 1, config: Box::new(config()), out: "/run".into() },
        Command::Open { .. } => Command::Open { run: 2, folder: "/run".into(), data: Some("/data".into()) },
        Command::Continue { .. } => {
            Command::Continue { run: 3, folder: "/run".into(), data: Some("/data".into()), more_epochs: 5, lr: Some(0.1) }
        },
        Command::Pause => Command::Pause,
        Command::Resume => Command::Resume,
        Command::Stop => Command::Stop,
        Command::SetLearningRate(_) => Command::SetLearningRate(0.1),
        Command::LabelsChanged => Command::LabelsChanged,
        Command::View(_) => Command::View(Some(view)),
        Command::Show(_) => Command::Show(Checkpoint::Last),
        Command::Evaluate => Command::Evaluate,
        Command::Save => Command::Save,
        Command::Export(_) => Command::Export(ExportRequest {
            tiles: vec!["a".to_owned()],
            folder: "/maps".into(),
            by: "quick head (linear)".to_owned(),
            overwrite: true,
        }),
        Command::CancelExport => Command::CancelExport,
        Command::Shutdown => Command::Shutdown,
    })
}

fn phases() -> Vec<Phase> {
    samples!(Phase {
        Phase::Idle => Phase::Idle,
        Phase::Preparing { .. } => Phase::Preparing { what: "counting labels".to_owned(), done: 1, total: 2 },
        Phase::Tuning => Phase::Tuning,
        Phase::Training => Phase::Training,
        Phase::Paused => Phase::Paused,
        Phase::Evaluating { .. } => Phase::Evaluating { done: 1, total: 2 },
        Phase::Stopping => Phase::Stopping,
    })
}

fn predicting() -> Predicting {
    let shown = SavedCheckpoint { checkpoint: Checkpoint::Best, step: Some(7) };
    Predicting { shown, choices: vec![shown, SavedCheckpoint { checkpoint: Checkpoint::Last, step: None }] }
}

fn device() -> DeviceInfo {
    DeviceInfo {
        name: "CPU".to_owned(),
        backend: "Flex".to_owned(),
        is_gpu: false,
        why: "asked for".to_owned(),
        ..DeviceInfo::default()
    }
}

fn held_out() -> HeldOut {
    let block = PixelRect { x: 0, y: 0, width: 8, height: 8 };
    HeldOut { scored: [("b 0,0".to_owned(), block)].into(), hidden: vec![block] }
}

fn info() -> RunInfo {
    let classes: Vec<ClassDef> = Classes::deepglobe().iter().cloned().collect();
    RunInfo {
        folder: "/run".into(),
        config: config(),
        classes,
        device: device(),
        train_tiles: vec!["a".to_owned()],
        val_tiles: vec!["b".to_owned()],
        held_out: [("b".to_owned(), held_out())].into(),
        parameters: 5,
        predicts: true,
        predicting: Some(predicting()),
        steps_per_epoch: 3,
        total_steps: 9,
        steps_before: 0,
        quick: Some(SavedQuick {
            method: QuickMethod::Forest,
            learned: QuickLearned { clicks: 11, classes: 4, tiles: 2, left_out: Some([8, 10]) },
        }),
    }
}

fn further() -> FurtherScores {
    FurtherScores {
        agreement: Agreement { precision: vec![0.5, f64::NAN], recall: vec![f64::NAN, 0.25], ..Agreement::default() },
        per_image_miou: f64::NAN,
        interval: Some([0.25, 0.5]),
        parts: 2,
        boundary_iou: vec![f64::NAN, 0.125],
        mean_boundary_iou: 0.125,
        reliability: Reliability::default(),
    }
}

fn evaluation() -> Evaluation {
    let (iou, f1) = (vec![0.25, f64::NAN], vec![0.4, f64::NAN]);
    Evaluation {
        step: 7,
        epoch: 1,
        train_loss: f32::NAN,
        scores: Scores { miou: f64::NAN, pixel_accuracy: 0.1, f1, iou, pixels: 4 },
        raw_miou: Some(0.2),
        further: Some(further()),
        confusion: Confusion::new(2),
        tiles: vec![("a".to_owned(), f64::NAN), ("b".to_owned(), 1.0 / 3.0)],
        measured_on: "2 tiles".to_owned(),
        secs: 0.1,
        best: true,
    }
}

fn summary() -> Summary {
    Summary {
        folder: "/run".into(),
        outcome: Outcome::Failed,
        why: Some("the loss is NaN".to_owned()),
        unsaved: Some("disk full".to_owned()),
        steps: 7,
        epochs: 1,
        best_miou: Some(1.0 / 3.0),
        best_step: Some(7),
        last: Some(evaluation()),
        secs: 1.5,
        waiting: 0.1,
        device: device(),
        parameters: 5,
        version: "1".to_owned(),
    }
}

fn offer() -> StepOffer {
    let asked = StepSize { batch: 32, accumulate: 1, input: InputSize::Resize(384) };
    StepOffer { asked, fits: StepSize { batch: 4, accumulate: 8, ..asked } }
}

fn event_kinds() -> Vec<EventKind> {
    let report = StepReport { step: 7, epoch: 1, loss: 0.1, lr: 1e-3, step_secs: 0.2, waiting: 0.3, labelled: 5 };
    let notice = || Notice::new("No run").cause("no memory").remedy("Take a smaller batch");
    samples!(EventKind {
        EventKind::Phase(_) => EventKind::Phase(Phase::Idle),
        EventKind::Started(_) => EventKind::Started(Box::new(info())),
        EventKind::Step(_) => EventKind::Step(report),
        EventKind::Evaluated(_) => EventKind::Evaluated(Box::new(evaluation())),
        EventKind::PreviewReady => EventKind::PreviewReady,
        EventKind::Checkpoint { .. } => EventKind::Checkpoint { path: "/run/best.bpk".into(), best: true },
        EventKind::LearningRate(_) => EventKind::LearningRate(0.1),
        EventKind::Predicting(_) => EventKind::Predicting(predicting()),
        EventKind::Export(_) => EventKind::Export(ExportNews::Progress { done: 1, total: 2, percent: 70 }),
        EventKind::Info(_) => EventKind::Info(Notice::new("Saved")),
        EventKind::Warning(_) => EventKind::Warning(notice()),
        EventKind::Finished(_) => EventKind::Finished(Box::new(summary())),
        EventKind::WouldFit(_) => EventKind::WouldFit(offer()),
        EventKind::Unresumable => EventKind::Unresumable,
        EventKind::Failed(_) => EventKind::Failed(notice()),
        EventKind::Cancelled => EventKind::Cancelled,
    })
}

#[test]
fn every_command_survives_json() {
    commands().iter().for_each(survives_json);
    survives_json(&Command::View(None));
}

fn export_news() -> Vec<ExportNews> {
    let report =
        ExportReport { folder: "/maps".into(), written: 1, total: 2, faults: vec!["b.png is gone".to_owned()] };
    samples!(ExportNews {
        ExportNews::Progress { .. } => ExportNews::Progress { done: 1, total: 2, percent: 70 },
        ExportNews::Exists { .. } => ExportNews::Exists { count: 4, first: "/maps/a_classes.png".into() },
        ExportNews::Refused(_) => ExportNews::Refused(Notice::new("No network predicts")),
        ExportNews::Ended(_) => ExportNews::Ended(report),
    })
}

#[test]
fn every_news_of_an_export_survives_json() {
    export_news().iter().for_each(survives_json);
}

#[test]
fn every_event_survives_json() {
    let phases = phases().into_iter().map(EventKind::Phase);
    for kind in event_kinds().into_iter().chain(phases) {
        survives_json(&Event { run: 3, kind });
    }
    for outcome in [Outcome::Completed, Outcome::Early, Outcome::Stopped, Outcome::Failed, Outcome::Imported] {
        survives_json(&Summary { outcome, ..Summary::default() });
    }
}

#[test]
fn every_pixel_of_a_preview_survives_json() {
    let bytes: Vec<u8> = (0..=255).collect();
    let classes = Mask::from_vec(32, 8, bytes.clone()).unwrap();
    let tile = "a".to_owned();
    let map = Arc::new(ClassMap { classes, confidence: bytes });
    let preview = Preview { run: 1, tile, step: 7, age_secs: 1.5, map, complete: true };
    let text = serde_json::to_string(&preview).unwrap();
    assert_eq!(serde_json::from_str::<Preview>(&text).unwrap(), preview);
    let cut = text.replace("[32,8]", "[32,9]");
    assert!(serde_json::from_str::<Preview>(&cut).unwrap_err().to_string().contains("one class index per pixel"));
}

#[test]
fn an_event_is_readable_json() {
    let notice = Notice::new("There is no GPU").remedy("Choose the device cpu or auto");
    let text = serde_json::to_string(&Event { run: 1, kind: EventKind::Failed(notice) }).unwrap();
    let want = r#"{"run":1,"kind":{"Failed":{"headline":"There is no GPU","remedy":"Choose the device cpu or auto"}}}"#;
    assert_eq!(text, want);
}
