//! Opening a run that is over: its figures are reported again, and one of its checkpoints predicts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::device::{Devices, OpenDevice};
use super::finished_checkpoints::FinishedCheckpoints;
use super::outbox::Outbox;
use super::project;
use super::protocol::{EventKind, Phase, RunInfo};
use super::quick::prepared::HeadMapper;
use super::quick::saved_run::{self, SavedHead};
use super::refusal::Refusal;
use super::run_history::RunHistory;
use super::session::Session;
use crate::domain::Notice;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::DeviceChoice;
use crate::infer::Predictor;
use crate::model::Net;
use crate::quick::head::QuickHead;
use crate::train::folder::{FinishedRun, load_checkpoint};

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
    let mut run = FinishedRun::open(folder)?;
    run.notes.iter().for_each(|note| outbox.warn(note.as_str()));
    run.config.data = data.unwrap_or(run.config.data);
    let project = Arc::new(project::open(&run.config.data, outbox)?.adopt(&run.classes, false)?);
    let (history, notes) = RunHistory::read(&run);
    notes.into_iter().for_each(|note| outbox.warn(note));
    let checkpoints = FinishedCheckpoints::in_folder(&run, &history);
    let shown = run.nearest(FinishedCheckpoints::default_of(history.is_scored()));
    let mut info = describe(&run, &history)?;
    let mut session = None;
    // A run without a summary was killed: if it has no checkpoint either, loading says so.
    if let Some(saved) = saved_run::load(&run)? {
        let (predictor, device, parameters) = quick_predictor(saved.head, saved.parameters, devices)?;
        (info.device, info.parameters, info.predicts) = (device.info, parameters, true);
        info.quick = Some(saved.quick);
        session = Some(Session::new(predictor, project));
    } else if history.summary.is_none() || !checkpoints.is_empty() {
        let (predictor, device, parameters) = load(&run, shown, devices)?;
        let predicting = checkpoints.predicting(shown);
        let step = predicting.shown.step.unwrap_or(0);
        (info.device, info.parameters) = (device.info, parameters);
        (info.predicts, info.predicting) = (true, Some(predicting));
        let checkpoints = Some(checkpoints);
        session = Some(Session { step, checkpoints, ..Session::new(predictor, project) });
    }
    outbox.send(EventKind::Started(Box::new(info)));
    history.report(None, outbox);
    if session.is_none() {
        let cause = "it ended before its first checkpoint. Only its figures are shown";
        outbox.warn(Notice::new("The run cannot predict").cause(cause));
    }
    outbox.send(EventKind::Phase(Phase::Idle));
    Ok(session)
}

/// What the folder says about the run; its network is not loaded yet.
fn describe(run: &FinishedRun, history: &RunHistory) -> anyhow::Result<RunInfo> {
    let (split, summary) = (run.split()?, history.summary.as_ref());
    Ok(RunInfo {
        folder: run.path.clone(),
        config: run.config.clone(),
        classes: run.classes.iter().cloned().collect(),
        device: summary.map(|summary| summary.device.clone()).unwrap_or_default(),
        train_tiles: split.train,
        val_tiles: split.val,
        held_out: split.held_out,
        parameters: summary.map_or(0, |summary| summary.parameters),
        predicts: false,
        predicting: None,
        steps_per_epoch: 0,
        total_steps: summary.map_or(0, |summary| summary.steps),
        steps_before: 0,
        quick: None,
    })
}

/// Loads a checkpoint of a run, or its quick head, to predict with; also returns its device and its number of parameters. If there
/// is no best checkpoint (the run was killed before its first evaluation), it is the last one.
///
/// # Errors
/// If the network takes other bands than the data deliver, or the device cannot be opened or the checkpoint or head cannot be loaded.
pub fn load(
    run: &FinishedRun,
    checkpoint: Checkpoint,
    devices: &mut Devices,
) -> anyhow::Result<(Predictor, OpenDevice, usize)> {
    if let Some(SavedHead { head, parameters, .. }) = saved_run::load(run)? {
        return quick_predictor(head, parameters, devices);
    }
    if let Some(problem) = run.config.model.bands_problem() {
        return Err(Refusal(problem).into());
    }
    let device = devices.open(&run.config.device)?;
    let net = Net::new(&run.config.model, run.classes.len(), &device.device);
    let training = device.device.clone().autodiff();
    let parameters = Net::new(&run.config.model, run.classes.len(), &training).parameters();
    let snapshot = load_checkpoint(&run.path, net, &run.classes, run.nearest(checkpoint))?;
    let mut predictor = device.predictor(&run.config, &run.classes, snapshot.net.clone());
    predictor.show(snapshot);
    Ok((predictor, device, parameters))
}

/// A quick head computes on the CPU, whatever the run's device.
fn quick_predictor(
    head: QuickHead,
    parameters: usize,
    devices: &mut Devices,
) -> anyhow::Result<(Predictor, OpenDevice, usize)> {
    Ok((Predictor::whole(Arc::new(HeadMapper::new(head))), devices.open(&DeviceChoice::Cpu)?, parameters))
}
