//! Opening a finished run: its figures are told again, and its best checkpoint predicts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::device::{Chosen, Devices};
use super::outbox::Outbox;
use super::protocol::{Evaluation, EventKind, Phase, RunInfo, StepReport, Summary};
use super::start;
use super::worker::Session;
use crate::domain::{Confusion, Scores};
use crate::infer::Predictor;
use crate::model::Net;
use crate::train::folder::{FinishedRun, MetricsRow, StepRow};

/// Opens a run folder; `data` names another project than the run's own. A run that ended before its first checkpoint (or
/// failed) shows its figures, and nothing predicts.
pub(super) fn open(
    folder: &Path,
    data: Option<PathBuf>,
    devices: &mut Devices,
    outbox: &Outbox,
) -> anyhow::Result<Option<Session>> {
    let what = "loading the checkpoint".to_owned();
    outbox.send(EventKind::Phase(Phase::Preparing { what, done: 0, total: 0 }));
    let run = FinishedRun::open(folder)?;
    let mut config = run.config.clone();
    config.data = data.unwrap_or(config.data);
    let project = start::open_project(&config.data, outbox)?;
    let project = Arc::new(project.adopt(&run.classes, false)?);
    let split = run.split()?;
    let summary: Option<Summary> = run.summary();
    let (steps, metrics) = run.history();
    let (predictor, device, parameters) = match &summary {
        Some(summary) if !run.has_checkpoint() => (None, summary.device.clone(), summary.parameters),
        _ => {
            let (predictor, chosen, parameters) = load(&run, devices)?;
            (Some(predictor), chosen.info, parameters)
        }
    };
    let step = summary.as_ref().and_then(|s| s.best_step).or(metrics.last().map(|m| m.step)).unwrap_or(0);
    let info = RunInfo {
        folder: folder.to_owned(),
        classes: run.classes.iter().cloned().collect(),
        device,
        train_tiles: split.train,
        val_tiles: split.val,
        parameters,
        predicts: predictor.is_some(),
        steps_per_epoch: 0,
        total_steps: summary.as_ref().map_or(0, |s| s.steps),
        config,
    };
    outbox.send(EventKind::Started(Box::new(info)));
    tell(&steps, &metrics, summary, outbox);
    if predictor.is_none() {
        outbox.warn("this run ended before its first checkpoint: its figures are shown, but it cannot predict");
    }
    outbox.send(EventKind::Phase(Phase::Idle));
    Ok(predictor.map(|predictor| Session { predictor, project, step, run: None }))
}

/// The best checkpoint of a run, ready to predict, with the device it is on and its number of parameters.
///
/// # Errors
/// If the device or the checkpoint cannot be opened.
pub fn load(run: &FinishedRun, devices: &mut Devices) -> anyhow::Result<(Predictor, Chosen, usize)> {
    let chosen = devices.open(&run.config.device).map_err(anyhow::Error::msg)?;
    let net = Net::new(&run.config.model, run.classes.len(), &chosen.device);
    let parameters = Net::new(&run.config.model, run.classes.len(), &chosen.device.clone().autodiff()).parameters();
    let net = run.load(net)?;
    Ok((start::predictor(&run.config, &run.classes, net, &chosen), chosen, parameters))
}

/// Tells the figures of the run's files again. What the files do not hold is not made up: confusion and tiles stay empty.
fn tell(steps: &[StepRow], metrics: &[MetricsRow], summary: Option<Summary>, outbox: &Outbox) {
    for &StepRow { step, epoch, loss, lr } in steps {
        let report = StepReport { step, epoch, loss, lr, step_secs: 0.0, waiting: 0.0, labelled: 0 };
        outbox.send(EventKind::Step(report));
    }
    let mut best = f64::NEG_INFINITY;
    for row in metrics {
        let is_best = row.miou > best;
        best = best.max(row.miou);
        let last = summary.as_ref().and_then(|s| s.last.as_ref()).filter(|last| last.step == row.step);
        let evaluation = last.cloned().unwrap_or_else(|| evaluation(row, is_best));
        outbox.send(EventKind::Evaluated(Box::new(evaluation)));
    }
    if let Some(why) = summary.as_ref().and_then(|summary| summary.why.as_ref()) {
        outbox.warn(format!("this run failed: {why}"));
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
