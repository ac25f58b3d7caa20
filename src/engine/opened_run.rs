//! Everything a run has opened: labels, device, network, loader, run folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::device::{self, Devices, OpenDevice};
use super::event_file::EventFile;
use super::first_network;
use super::labels::Labels;
use super::learner::{LearnedLabels, Learner};
use super::outbox::Outbox;
use super::preparation::{Cancelled, Preparation};
use super::progress::{Progress, SavedState};
use super::protocol::{EventKind, RunInfo};
use super::pseudo_labels;
use super::recorder::Recorder;
use super::refusal::{Refusal, Unresumable};
use super::run_plan::RunPlan;
use super::warm_start::WarmStart;
use crate::data::feed::training_set::TrainingSet;
use crate::data::{Journal, Project};
use crate::domain::blocks::HeldOut;
use crate::domain::config::{Precision, StepSize};
use crate::domain::{Classes, Notice, RunConfig};
use crate::infer::Predictor;
use crate::model::room::Room;
use crate::model::{Net, draw};
use crate::train::folder::{Claim, RunFolder, SplitRecord};
use crate::train::precision;
use crate::train::trainer::Trainer;

/// Where a run begins.
pub(super) enum Beginning {
    /// Before the first step, in a folder that is created.
    New,
    /// In the folder it has.
    Resumed {
        /// The right to write into it.
        claim: Claim,
        /// What `config.toml` says from now on.
        stored: Box<RunConfig>,
        /// Where it was saved; before the first step if it was not.
        saved: Option<Box<SavedState>>,
    },
}

/// What a run works with.
pub(super) struct OpenedRun {
    pub(super) info: RunInfo,
    pub(super) project: Arc<Project>,
    /// Indices of the tiles that are scored.
    pub(super) val: Vec<usize>,
    /// What blocks hold out of tiles.
    pub(super) held_out: Arc<BTreeMap<usize, HeldOut>>,
    /// The tiles of the run, as far as they can be read.
    pub(super) split: SplitRecord,
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
        beginning: Beginning,
        devices: &mut Devices,
        preparation: &mut Preparation<'_>,
    ) -> anyhow::Result<(Self, Predictor)> {
        let (claimed, saved) = match beginning {
            Beginning::New => (None, None),
            Beginning::Resumed { claim, stored, saved } => (Some((claim, stored)), saved),
        };
        // A run that was killed before its first save is not new, since its folder and its settings stay; but it begins all the same.
        let (is_new, begins) = (claimed.is_none(), saved.is_none());
        let device = devices.open(&plan.config.device)?;
        device
            .precision_problem(plan.config.train.precision, is_new)
            .map_or(Ok(()), |problem| Err(Refusal(problem)))?;
        let was_mixed = saved.as_ref().map(|saved| saved.trainer.scale.is_some());
        let is_mixed = precision::is_mixed(plan.config.train.precision, &device.device)
            // A run that was begun in f32 goes on so, unless it is to be mixed.
            && (was_mixed != Some(false) || plan.config.train.precision == Precision::Mixed);
        let (free, is_shared) = (device::free_memory(), !device.info.is_gpu);
        let room = Room { free, is_shared, buffer: device.max_buffer, is_mixed };
        check_memory(plan, &device, room, is_new, preparation.outbox)?;
        let warm = if begins { WarmStart::of(&plan.config)? } else { None };
        preparation.check()?;
        let Labels { journal, learned, counts } = Labels::open(plan, begins, preparation)?;
        if is_new {
            refuse_endless_warm_up(plan, &learned.set)?;
        }
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
        let net = match begins {
            true => first_network(plan, &learned.set, &device, preparation)?,
            false => empty_network(plan, learned.set.classes(), &device)?,
        };
        let mut info = describe(plan, &learned.set, &net, &device, out, saved.as_deref());
        let progress = saved.as_ref().map(|saved| saved.progress.clone());
        let mut predictor = device.predictor(&plan.config, &plan.project.classes, net.clone());
        let set = Arc::clone(&learned.set);
        let learner = learner(plan, learned, net, saved, &device)?;
        info.device.precision = learner.precision();
        predictor.show(learner.snapshot());
        let classes = &plan.project.classes;
        let folder = match claimed {
            None => RunFolder::create(out, &plan.config, classes)?,
            Some((claim, stored)) => reopen(claim, &stored, classes, progress.as_ref(), &learner)?,
        };
        let split = record_of_split(plan, &set, &info);
        if begins {
            folder.write_split(&split)?;
            folder.write_labels(counts.as_ref())?;
        }
        let steps = progress.as_ref().map_or(0, |progress| progress.step);
        let wanted = plan.config.tensorboard.then(|| EventFile::create(folder.path(), classes, steps));
        let mut recorder = Recorder::new(folder).with_events(wanted.transpose()?);
        let note = pseudo_labels::note(&set, &plan.config);
        let warning = warm.as_ref().and_then(|warm| warm.warning(plan));
        warning.into_iter().for_each(|warning| recorder.warn(preparation.outbox, warning));
        let warm = warm.map(|warm| warm.note(&plan.project.classes));
        let in_f32 = (was_mixed == Some(true) && info.device.precision == Precision::F32)
            .then(|| "It was begun in mixed precision and goes on in 32 bits".to_owned());
        warm.into_iter().chain(note).chain(in_f32).for_each(|note| recorder.inform(preparation.outbox, note));
        let (project, val, held_out) = (Arc::clone(&plan.project), plan.val.clone(), Arc::clone(&plan.held_out));
        Ok((Self { info, project, val, held_out, split, learner, journal, recorder }, predictor))
    }
}

/// The folder of a run that is resumed. What the resumption has changed of its state is on the disk before anything of the folder is
/// cut or replaced: a run that is killed before its next save is resumed the same way.
fn reopen(
    claim: Claim,
    stored: &RunConfig,
    classes: &Classes,
    progress: Option<&Progress>,
    learner: &Learner,
) -> anyhow::Result<RunFolder> {
    let Some(progress) = progress else { return Ok(RunFolder::restart(claim, stored, classes)?) };
    let trainer = learner.trainer_state();
    let trainer = trainer.map_err(|error| anyhow::anyhow!("The state of the run cannot be written: {error}"))?;
    claim.save_state(progress, &trainer)?;
    RunFolder::reopen(claim, stored, classes, progress.kept()).map_err(Unresumable::of)
}

/// What `split.json` says.
fn record_of_split(plan: &RunPlan, set: &TrainingSet, info: &RunInfo) -> SplitRecord {
    let labelled = set.tiles();
    let unlabelled = plan.train.iter().copied().filter(|index| !labelled.contains(index));
    SplitRecord::new(&plan.project, info.train_tiles.clone(), info.val_tiles.clone())
        .with_unlabelled(&plan.project, plan.ids(unlabelled))
        .with_blocks(&plan.project, &plan.held_out)
}

/// A network to be filled with saved weights.
fn empty_network(plan: &RunPlan, classes: usize, device: &OpenDevice) -> anyhow::Result<Net> {
    let training = device.device.clone().autodiff();
    draw::seeded(&device.device, plan.config.seed, || Ok(Net::new(&plan.config.model, classes, &training)))
}

/// The network that a run begins with.
fn first_network(
    plan: &RunPlan,
    set: &TrainingSet,
    device: &OpenDevice,
    preparation: &mut Preparation<'_>,
) -> anyhow::Result<Net> {
    let mut go_on = |done, all| {
        preparation.announce("learning where to start", done, all);
        !preparation.is_cancelled()
    };
    first_network::build(&plan.config, &plan.project.classes, set, &device.device, &mut go_on)
}

/// What learns: a new trainer of the network, or the one that was saved.
fn learner(
    plan: &RunPlan,
    labels: LearnedLabels,
    net: Net,
    saved: Option<Box<SavedState>>,
    device: &OpenDevice,
) -> anyhow::Result<Learner> {
    let (config, training) = (&plan.config, device.device.clone().autodiff());
    let Some(saved) = saved else { return Ok(Learner::new(net, config, labels, training)?) };
    let SavedState { progress, trainer } = *saved;
    let trainer = Trainer::resumed(net, trainer, &config.train, training).map_err(|error| {
        let cause = format!("its last.state is damaged, or of another network ({error})");
        let remedy = "Start a new run from its weights (--init-from)";
        Unresumable(Notice::new("The run cannot be resumed").cause(cause).remedy(remedy))
    })?;
    let mut learner = Learner::going_on(trainer, progress.batches, config, labels)?;
    learner.go_on_agreeing(progress.neighbours_agree);
    Ok(learner)
}

/// Refuses a run that needs more than the device has room for, and says what would fit. A run that is resumed keeps its configuration, so
/// nothing is offered there.
fn check_memory(plan: &RunPlan, device: &OpenDevice, room: Room, is_new: bool, outbox: &Outbox) -> Result<(), Refusal> {
    let (model, classes, asked) = (&plan.config.model, plan.project.classes.len(), StepSize::of(&plan.config.train));
    let beside = if pseudo_labels::are_wanted(&plan.config) { pseudo_labels::BYTES } else { 0 };
    let room = Room { free: room.free.map(|free| free.saturating_sub(beside)), ..room };
    let Some(problem) = room.problem(model, classes, asked) else { return Ok(()) };
    let offer = room.offer(model, classes, asked).filter(|_| is_new);
    let remedy = match &offer {
        Some(offer) => format!("Choose {offer}"),
        None if is_new => "Choose fewer base channels".to_owned(),
        None => "Free some memory, or start a new run with smaller batches from its weights (--init-from)".to_owned(),
    };
    offer.into_iter().for_each(|offer| outbox.send(EventKind::WouldFit(offer)));
    let notice = Notice::new(format!("The run cannot start on {}", device.info.name));
    Err(Refusal(notice.cause(problem).remedy(remedy)))
}

/// Refuses a warm-up that is longer than the run. How many steps an epoch has is known once the labels are.
fn refuse_endless_warm_up(plan: &RunPlan, set: &TrainingSet) -> Result<(), Refusal> {
    let (_, total) = plan.steps(set.epoch().len());
    let problem = plan.config.train.warm_up_problem(total);
    problem.map_or(Ok(()), |problem| Err(Refusal::of_start(&[problem])))
}

fn describe(
    plan: &RunPlan,
    set: &TrainingSet,
    net: &Net,
    device: &OpenDevice,
    out: &Path,
    saved: Option<&SavedState>,
) -> RunInfo {
    let steps = || plan.steps(set.epoch().len());
    let (steps_per_epoch, total_steps) = saved.map_or_else(steps, |saved| {
        let per_epoch = saved.progress.steps_per_epoch;
        (per_epoch, plan.config.train.length.steps(per_epoch))
    });
    RunInfo {
        folder: out.to_owned(),
        config: plan.config.clone(),
        classes: plan.project.classes.iter().cloned().collect(),
        device: device.info.clone(),
        train_tiles: plan.ids(set.tiles()),
        val_tiles: plan.ids(plan.val.iter().copied()),
        held_out: plan.blocks(),
        parameters: net.parameters(),
        predicts: true,
        predicting: None,
        steps_per_epoch,
        total_steps,
        steps_before: saved.map_or(0, |saved| saved.progress.step),
        quick: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::demo;
    use crate::domain::RunConfig;
    use crate::domain::config::{DeviceChoice, InputSize, Length, Precision, StepOffer};
    use crate::engine::protocol::{Event, Phase};
    use crate::engine::start;
    use crate::engine::transport::{UserEnd as _, in_process};

    /// Why a run of the demo with this configuration is refused, and what was told before. Nothing is made.
    fn refused(change: fn(&mut RunConfig)) -> (Refusal, Vec<EventKind>) {
        let dir = tempfile::tempdir().unwrap();
        let data = demo::unpack(&dir.path().join("demo")).unwrap();
        let mut config = RunConfig { data, device: DeviceChoice::Cpu, ..RunConfig::demo() };
        change(&mut config);
        let (user, end) = in_process::connect(Arc::new(|| {}));
        let (outbox, mut never, out) = (Outbox::new(Arc::new(end)), || false, dir.path().join("run"));
        let mut preparation = Preparation::new(&outbox, &mut never);
        let refusal = start::start(&config, &out, &mut Devices::default(), &mut preparation).err().unwrap();
        assert!(!out.exists());
        (refusal.downcast().unwrap(), std::iter::from_fn(|| user.try_event()).map(|event| event.kind).collect())
    }

    #[test]
    fn a_warm_up_longer_than_the_run_is_refused_before_anything_is_made() {
        let (refusal, told) = refused(|config| (config.train.length, config.train.warm_up) = (Length::Epochs(1), 1000));
        assert!(refusal.to_string().contains("A warm-up of 1000 steps never ends"), "{refusal}");
        let is_made = |what: &str| ["making pseudo-labels", "building the network"].contains(&what);
        let makes = |kind: EventKind| matches!(kind, EventKind::Phase(Phase::Preparing { what, .. }) if is_made(&what));
        assert!(!told.into_iter().any(makes));
    }

    #[test]
    fn mixed_precision_on_a_cpu_is_refused_before_anything_is_made() {
        let (refusal, _) = refused(|config| config.train.precision = Precision::Mixed);
        assert!(refusal.to_string().ends_with("Choose the precision f32 (--precision f32)"), "{refusal}");
    }

    /// Why a run on the CPU is refused where 16 GiB are free, and what is offered. 1024 crops of 8192² are a terabyte of colours.
    fn too_large(is_new: bool) -> (String, Option<StepOffer>) {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::open(&demo::unpack(&dir.path().join("demo")).unwrap()).unwrap();
        let mut config = RunConfig::demo();
        (config.train.batch, config.train.input) = (1024, InputSize::Crop(8192));
        let plan = RunPlan::new(project, config).unwrap();
        let device = Devices::default().open(&DeviceChoice::Cpu).unwrap();
        let room = Room { free: Some(16 << 30), is_shared: true, buffer: u64::MAX, is_mixed: false };
        let (user, end) = in_process::connect(Arc::new(|| {}));
        let refusal = check_memory(&plan, &device, room, is_new, &Outbox::new(Arc::new(end))).unwrap_err();
        let mut told = std::iter::from_fn(|| user.try_event());
        let offer = |event: Event| if let EventKind::WouldFit(offer) = event.kind { Some(offer) } else { None };
        (refusal.to_string(), told.find_map(offer))
    }

    #[test]
    fn a_run_too_large_for_memory_is_told_what_would_fit() {
        let (text, offer) = too_large(true);
        let offer = offer.expect("something fits");
        assert_eq!((offer.asked.batch, offer.fits.crops()), (1024, 1024), "as many crops a step");
        assert!(offer.fits.input.side() < 8192, "{offer}");
        assert!(text.contains("GiB are free. Choose a batch of") && text.ends_with(" px"), "{text}");
    }

    #[test]
    fn a_resumed_run_too_large_for_memory_keeps_its_settings() {
        let (text, offer) = too_large(false);
        assert!(offer.is_none() && text.contains("Free some memory"), "{text}");
    }
}
