//! Opening a run that is over: its figures are reported again, and one of its checkpoints predicts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::device::{Devices, OpenDevice};
use super::outbox::Outbox;
use super::project;
use super::protocol::{Evaluation, EventKind, Phase, RunInfo, SavedCheckpoint, StepReport, Summary};
use super::session::{FinishedCheckpoints, Session};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::{Confusion, Notice, Scores};
use crate::infer::Predictor;
use crate::model::Net;
use crate::train::folder::{FinishedRun, MetricsRow, StepRow, load_checkpoint};

/// Opens a run folder; `data` names another project than the run's own. Without a checkpoint (the run ended too early) only
/// the figures are reported, and there is no session.
pub(super) fn open(
    folder: &Path,
    data: Option<PathBuf>,
    devices: &mut Devices,
    outbox: &Outbox,
) -> anyhow::Result<Option<Session>> {
    let what = "loading the checkpoint".to_owned();
    outbox.send(EventKind::Phase(Phase::Preparing { what, done: 0, total: 0 }));
    let run = FinishedRun::open(folder)?;
    run.notes.iter().for_each(|note| outbox.warn(note.as_str()));
    let mut config = run.config.clone();
    config.data = data.unwrap_or(config.data);
    let project = project::open(&config.data, outbox)?;
    let project = Arc::new(project.adopt(&run.classes, false)?);
    let split = run.split()?;
    let (summary, notes) = run.summary::<Summary>().unzip();
    notes.into_iter().flatten().for_each(|note| outbox.warn(note));
    let (steps, metrics) = run.history();
    let checkpoints = checkpoints(&run, summary.as_ref(), &metrics);
    let shown = run.nearest(FinishedCheckpoints::default_of(metrics.iter().any(|row| !row.miou.is_nan())));
    let (predictor, device, parameters) = match &summary {
        Some(summary) if checkpoints.choices.is_empty() => (None, summary.device.clone(), summary.parameters),
        _ => {
            let (predictor, opened, parameters) = load(&run, shown, devices)?;
            (Some(predictor), opened.info, parameters)
        }
    };
    let predicting = checkpoints.predicting(shown);
    let step = predicting.shown.step.unwrap_or(0);
    let info = RunInfo {
        folder: folder.to_owned(),
        classes: run.classes.iter().cloned().collect(),
        device,
        train_tiles: split.train,
        val_tiles: split.val,
        parameters,
        predicts: predictor.is_some(),
        predicting: predictor.is_some().then_some(predicting),
        steps_per_epoch: 0,
        total_steps: summary.as_ref().map_or(0, |s| s.steps),
        config,
    };
    outbox.send(EventKind::Started(Box::new(info)));
    report(&steps, &metrics, summary, outbox);
    if predictor.is_none() {
        let cause = "it ended before its first checkpoint. Only its figures are shown";
        outbox.warn(Notice::new("The run cannot predict").cause(cause));
    }
    outbox.send(EventKind::Phase(Phase::Idle));
    Ok(predictor.map(|predictor| Session {
        predictor,
        project,
        step,
        run: None,
        checkpoints: Some(checkpoints),
        unsaved: None,
    }))
}

/// The checkpoints in the run folder. A killed run did not record their steps; its best one was evaluated.
fn checkpoints(run: &FinishedRun, summary: Option<&Summary>, metrics: &[MetricsRow]) -> FinishedCheckpoints {
    let best_step = summary.map_or_else(|| best_row(metrics), |summary| summary.best_step);
    let saved = [
        SavedCheckpoint { checkpoint: Checkpoint::Best, step: best_step },
        SavedCheckpoint { checkpoint: Checkpoint::Last, step: summary.map(|summary| summary.steps) },
    ];
    FinishedCheckpoints {
        folder: run.path.clone(),
        model: run.config.model,
        classes: run.classes.len(),
        choices: saved.into_iter().filter(|saved| run.has(saved.checkpoint)).collect(),
    }
}

/// The step of the row with the best score.
fn best_row(metrics: &[MetricsRow]) -> Option<u64> {
    let scored = metrics.iter().filter(|row| !row.miou.is_nan());
    scored.max_by(|a, b| a.miou.total_cmp(&b.miou)).map(|row| row.step)
}

/// Loads a checkpoint of a run to predict with; also returns its device and its number of parameters. If there is no best
/// one (the run was killed before its first evaluation), it is the last one.
///
/// # Errors
/// If the device cannot be opened or the checkpoint cannot be loaded.
pub fn load(
    run: &FinishedRun,
    checkpoint: Checkpoint,
    devices: &mut Devices,
) -> anyhow::Result<(Predictor, OpenDevice, usize)> {
    let device = devices.open(&run.config.device)?;
    let net = Net::new(&run.config.model, run.classes.len(), &device.device);
    let parameters = Net::new(&run.config.model, run.classes.len(), &device.device.clone().autodiff()).parameters();
    let net = load_checkpoint(&run.path, net, run.nearest(checkpoint))?;
    Ok((device.predictor(&run.config, &run.classes, net), device, parameters))
}

/// Reports the figures in the run folder. What it does not contain stays empty: confusion matrices and scores of tiles.
fn report(steps: &[StepRow], metrics: &[MetricsRow], summary: Option<Summary>, outbox: &Outbox) {
    for &StepRow { step, epoch, loss, lr } in steps {
        let report = StepReport { step, epoch, loss, lr, step_secs: 0.0, waiting: 0.0, labelled: 0 };
        outbox.send(EventKind::Step(report));
    }
    let best = summary.as_ref().map_or_else(|| best_row(metrics), |summary| summary.best_step);
    for row in metrics {
        let is_best = Some(row.step) == best;
        let last = summary.as_ref().and_then(|s| s.last.as_ref()).filter(|last| last.step == row.step);
        let evaluation = last.cloned().unwrap_or_else(|| evaluation(row, is_best));
        outbox.send(EventKind::Evaluated(Box::new(evaluation)));
    }
    if let Some(why) = summary.as_ref().and_then(|summary| summary.why.as_ref()) {
        outbox.warn(Notice::new("The run failed").cause(why.as_str()));
    }
    if let Some(summary) = summary {
        outbox.send(EventKind::Finished(Box::new(summary)));
    }
}

fn evaluation(row: &MetricsRow, best: bool) -> Evaluation {
    let scores = Scores {
        miou: row.miou,
        pixel_accuracy: row.pixel_accuracy,
        f1: row.iou.iter().map(|iou| 2.0 * iou / (1.0 + iou)).collect(),
        iou: row.iou.clone(),
        pixels: row.pixels,
    };
    Evaluation {
        step: row.step,
        epoch: row.epoch,
        train_loss: row.train_loss,
        confusion: Confusion::new(row.iou.len()),
        tiles: Vec::new(),
        measured_on: format!("validation tiles of the run, {:.2} Mpx", row.pixels as f64 / 1e6),
        scores,
        secs: row.secs,
        best,
    }
}
