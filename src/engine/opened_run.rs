//! Everything a run has opened: labels, device, network, loader, run folder.

use std::path::Path;
use std::sync::Arc;

use super::device::{self, Devices, OpenDevice};
use super::first_network;
use super::labels::Labels;
use super::learner::Learner;
use super::preparation::{Cancelled, Preparation};
use super::protocol::RunInfo;
use super::pseudo_labels;
use super::recorder::Recorder;
use super::refusal::Refusal;
use super::run_plan::RunPlan;
use crate::data::feed::training_set::TrainingSet;
use crate::data::{Journal, Project};
use crate::domain::Notice;
use crate::infer::Predictor;
use crate::model::Net;
use crate::model::size::{self, StepCrops};
use crate::train::folder::{RunFolder, SplitRecord};

/// What a run works with.
pub(super) struct OpenedRun {
    pub(super) info: RunInfo,
    pub(super) project: Arc<Project>,
    /// Indices of the tiles that are scored.
    pub(super) val: Vec<usize>,
    pub(super) learner: Learner,
    pub(super) journal: Journal,
    pub(super) recorder: Recorder,
}

impl OpenedRun {
    /// Opens what the plan needs, in an order that creates the run folder only when everything else works. Also returns a
    /// predictor with the untrained network.
    pub(super) fn open(
        plan: &RunPlan,
        out: &Path,
        devices: &mut Devices,
        preparation: &mut Preparation<'_>,
    ) -> anyhow::Result<(Self, Predictor)> {
        let device = devices.open(&plan.config.device)?;
        check_memory(plan, &device)?;
        preparation.check()?;
        let Labels { journal, learned } = Labels::open(plan, preparation)?;
        refuse_endless_warm_up(plan, &learned.set)?;
        if let Err(error) = plan.project.keep_class_order() {
            preparation.outbox.warn(error.to_string());
        }
        preparation.check()?;
        let mut go_on = |done, all| {
            preparation.announce("making pseudo-labels", done, all);
            !preparation.is_cancelled()
        };
        pseudo_labels::give(&learned.set, &plan.config, &mut go_on).ok_or(Cancelled)?;
        preparation.announce("building the network", 0, 0);
        device.device.seed(plan.config.seed);
        let training_device = device.device.clone().autodiff();
        let mut go_on = |done, all| {
            preparation.announce("learning where to start", done, all);
            !preparation.is_cancelled()
        };
        let net = first_network::build(&plan.config, &learned.set, &device.device, &mut go_on)?;
        let info = describe(plan, &learned.set, &net, &device, out);
        let folder = RunFolder::create(out, &plan.config, &plan.project.classes)?;
        folder.write_split(&SplitRecord::new(&plan.project, info.train_tiles.clone(), info.val_tiles.clone()))?;
        let mut predictor = device.predictor(&plan.config, &plan.project.classes, net.clone());
        let set = Arc::clone(&learned.set);
        let learner = Learner::new(net, &plan.config, learned, training_device)?;
        predictor.show(learner.snapshot());
        let mut recorder = Recorder::new(folder);
        let note = pseudo_labels::note(&set, &plan.config);
        note.into_iter().for_each(|note| recorder.inform(preparation.outbox, note));
        let (project, val) = (Arc::clone(&plan.project), plan.val.clone());
        Ok((Self { info, project, val, learner, journal, recorder }, predictor))
    }
}

/// Refuses a run that needs more memory than there is.
fn check_memory(plan: &RunPlan, device: &OpenDevice) -> Result<(), Refusal> {
    let (model, train) = (&plan.config.model, &plan.config.train);
    let crops = StepCrops { batch: train.batch, accumulate: train.accumulate, side: train.input.side() };
    let beside = if pseudo_labels::are_wanted(&plan.config) { pseudo_labels::BYTES } else { 0 };
    let free = device::free_memory().map(|free| free.saturating_sub(beside));
    let for_tensors = free.filter(|_| !device.info.is_gpu).map(|free| free.saturating_sub(crops.bytes()));
    let problem = free
        .and_then(|free| crops.problem(free))
        .or_else(|| size::memory_problem(model, crops, for_tensors?))
        .or_else(|| size::buffer_problem(model, plan.project.classes.len(), crops, device.max_buffer));
    let headline = || format!("The run cannot start on {}", device.info.name);
    problem.map_or(Ok(()), |problem| Err(Refusal(Notice::new(headline()).cause(problem))))
}

/// Refuses a warm-up that is longer than the run. How many steps an epoch has is known once the labels are.
fn refuse_endless_warm_up(plan: &RunPlan, set: &TrainingSet) -> Result<(), Refusal> {
    let (_, total) = plan.steps(set.epoch().len());
    let problem = plan.config.train.warm_up_problem(total);
    problem.map_or(Ok(()), |problem| Err(Refusal::of_start(&[problem])))
}

fn describe(plan: &RunPlan, set: &TrainingSet, net: &Net, device: &OpenDevice, out: &Path) -> RunInfo {
    let (steps_per_epoch, total_steps) = plan.steps(set.epoch().len());
    RunInfo {
        folder: out.to_owned(),
        config: plan.config.clone(),
        classes: plan.project.classes.iter().cloned().collect(),
        device: device.info.clone(),
        train_tiles: plan.ids(set.tiles()),
        val_tiles: plan.ids(plan.val.iter().copied()),
        parameters: net.parameters(),
        predicts: true,
        predicting: None,
        steps_per_epoch,
        total_steps,
        quick: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::demo;
    use crate::domain::RunConfig;
    use crate::domain::config::{DeviceChoice, Length};
    use crate::engine::outbox::Outbox;
    use crate::engine::protocol::{EventKind, Phase};
    use crate::engine::start;
    use crate::engine::transport::{UserEnd as _, in_process};

    #[test]
    fn a_warm_up_longer_than_the_run_is_refused_before_anything_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let data = demo::unpack(&dir.path().join("demo")).unwrap();
        let mut config = RunConfig { data, device: DeviceChoice::Cpu, ..RunConfig::demo() };
        (config.train.length, config.train.warm_up) = (Length::Epochs(1), 1000);
        let (user, end) = in_process::connect(Arc::new(|| {}));
        let (outbox, mut never, out) = (Outbox::new(Arc::new(end)), || false, dir.path().join("run"));
        let mut preparation = Preparation::new(&outbox, &mut never);
        let refusal = start::start(&config, &out, &mut Devices::default(), &mut preparation).err().unwrap();
        assert!(refusal.to_string().contains("A warm-up of 1000 steps never ends"), "{refusal}");
        let is_made = |what: &str| ["making pseudo-labels", "building the network"].contains(&what);
        let makes = |event: crate::engine::Event| matches!(event.kind, EventKind::Phase(Phase::Preparing { what, .. }) if is_made(&what));
        assert!(!std::iter::from_fn(|| user.try_event()).any(makes));
        assert!(!out.exists());
    }
}
