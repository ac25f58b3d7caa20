//! Everything between the wish for a run and its first step. Whatever cannot work is refused here, with the remedy.

use std::path::Path;
use std::sync::Arc;

use anyhow::{anyhow, bail};

use super::device::{self, Chosen, Devices};
use super::keeper::Keeper;
use super::labels::{refuse_nothing, tell_labels};
use super::outbox::Outbox;
use super::preparing::{announce, go_on};
use super::protocol::RunInfo;
use super::run::{Parts, Run};
use super::{priority, report};
use crate::data::feed::loader::{BatchPlan, Loader};
use crate::data::feed::training_set::TrainingSet;
use crate::data::{Journal, Project};
use crate::domain::config::{Length, TrainConfig};
use crate::domain::weights::ClassWeights;
use crate::domain::{Classes, RunConfig};
use crate::infer::Predictor;
use crate::model::{Net, size};
use crate::train::folder::{RunFolder, SplitRecord};
use crate::train::plan::{self, Plan};
use crate::train::trainer::Trainer;
use crate::train::weighting::Weighting;

/// Prepares a run. `cancelled` is asked between tiles, and between one thing that takes its time and the next.
pub(super) fn prepare(
    mut config: RunConfig,
    out: &Path,
    devices: &mut Devices,
    outbox: &Outbox,
    cancelled: &mut dyn FnMut() -> bool,
) -> anyhow::Result<(Run, Predictor)> {
    announce(outbox, "opening the project", 0, 0);
    let project = open_project(&config.data, outbox)?;
    go_on(cancelled)?;
    refuse_problems(config.problems(&project.classes))?;
    config.ignore = config.ignored_names(&project.classes);
    refuse_problems(plan::unknown_tiles(&project, &config))?;
    let plan = divide(project, &config, outbox, cancelled)?;
    let mut notes = plan.notes.clone();
    if plan.train.iter().all(|&index| plan.project.tiles[index].mask.is_none()) && !config.is_without_masks() {
        notes.push("No training tile has a mask: own labels alone are learned from".to_owned());
        config = config.without_masks();
    }
    let chosen = devices.open(&config.device).map_err(|why| anyhow!(why))?;
    check_buffers(&config, &plan.project.classes, &chosen)?;
    go_on(cancelled)?;

    let (journal, replay) = Journal::open_to_follow(&plan.project)?;
    replay.notes.iter().for_each(|note| outbox.warn(note));
    tell_labels(&config, &plan, &replay.book, outbox, cancelled)?;
    let set = Arc::new(TrainingSet::new(
        Arc::clone(&plan.project),
        plan.train.clone(),
        config.train.frame,
        config.label_sampling(),
        replay.book,
    ));
    if set.epoch().is_empty() {
        bail!(
            "there is nothing to learn from: sample labels from masks, or click some on a tile that does not validate"
        );
    }
    refuse_nothing(&set)?;
    let weighting = count_labels(&config.train, &set, &plan.project.classes, outbox, cancelled)?;

    if let Err(error) = plan.project.keep_class_order() {
        outbox.warn(error.to_string());
    }
    go_on(cancelled)?;
    announce(outbox, "building the network", 0, 0);
    chosen.device.seed(config.seed);
    let training_device = chosen.device.clone().autodiff();
    let net = Net::new(&config.model, plan.project.classes.len(), &training_device);
    let folder = RunFolder::create(out, &config, &plan.project.classes)?;
    let info = describe(&config, &plan, &set, &net, &chosen, out);
    folder.write_split(&SplitRecord::new(&plan.project, info.train_tiles.clone(), info.val_tiles.clone()))?;
    let predictor = predictor(&config, &plan.project.classes, net.clone(), &chosen);
    let trainer = Trainer::new(net, &config.train, training_device);
    let loader = Loader::start(Arc::clone(&set), batch_plan(&config), loader_threads(), priority::lower_this_thread)?;
    let mut run = Run::new(Parts {
        info,
        project: plan.project,
        val: plan.val,
        trainer,
        loader,
        set,
        weighting,
        journal,
        keeper: Keeper::new(folder),
    });
    notes.into_iter().for_each(|note| run.say(outbox, note));
    run.announce_start(outbox);
    Ok((run, predictor))
}

/// A network of the run's shape, ready to predict.
pub(super) fn predictor(config: &RunConfig, classes: &Classes, net: Net, chosen: &Chosen) -> Predictor {
    use burn::module::Module as _;
    Predictor::new(net.valid(), config.train.frame, config.model.stride(), classes, chosen.device.clone())
}

/// Opens a project and tells what was noticed.
pub(super) fn open_project(root: &Path, outbox: &Outbox) -> anyhow::Result<Project> {
    const NAMED: usize = 5;
    let project = Project::open(root)?;
    project.notes.iter().for_each(|note| outbox.info(note));
    let faults: Vec<_> = project.tiles.iter().filter_map(|tile| tile.fault.as_deref().map(|f| (&tile.id, f))).collect();
    for (id, fault) in faults.iter().take(NAMED) {
        outbox.warn(format!("tile {id} cannot be used: {fault}"));
    }
    if faults.len() > NAMED {
        outbox.warn(format!("{} more tiles cannot be used", faults.len() - NAMED));
    }
    Ok(project)
}

/// So many validation tiles are read before the run: where there are few, one that cannot be read would leave it unscored.
const FEW: usize = 8;

/// Divides a project for the run, leaving out validation tiles that cannot be read.
fn divide(
    mut project: Project,
    config: &RunConfig,
    outbox: &Outbox,
    cancelled: &mut dyn FnMut() -> bool,
) -> anyhow::Result<Plan> {
    loop {
        let plan = Plan::new(project.clone(), config);
        if plan.val.len() > FEW {
            return Ok(plan);
        }
        let mut faults = Vec::new();
        for (done, &index) in plan.val.iter().enumerate() {
            go_on(cancelled)?;
            announce(outbox, "reading the validation tiles", done, plan.val.len());
            let tile = &project.tiles[index];
            let read = project.read_image(tile).and_then(|_| project.read_mask(tile));
            faults.extend(read.err().map(|error| (index, error.to_string())));
        }
        if faults.is_empty() {
            return Ok(plan);
        }
        for (index, fault) in faults {
            outbox.warn(format!("Tile {} is left out and does not validate: {fault}", project.tiles[index].id));
            project.tiles[index].fault = Some(fault);
        }
    }
}

fn refuse_problems(problems: Vec<String>) -> anyhow::Result<()> {
    if problems.is_empty() { Ok(()) } else { bail!("the run cannot start: {}", problems.join("; ")) }
}

fn check_buffers(config: &RunConfig, classes: &Classes, chosen: &Chosen) -> anyhow::Result<()> {
    let (train, size) = (&config.train, config.train.frame.size());
    let free = if chosen.info.is_gpu { None } else { device::free_memory() };
    if let Some(problem) = free.and_then(|free| size::memory_problem(&config.model, train.batch, size, free)) {
        bail!("the run cannot start: {problem}");
    }
    match size::buffer_problem(&config.model, classes.len(), train.batch, size, chosen.max_buffer) {
        Some(problem) => bail!("the run cannot start on {}: {problem}", chosen.info.name),
        None => Ok(()),
    }
}

fn count_labels(
    config: &TrainConfig,
    set: &TrainingSet,
    classes: &Classes,
    outbox: &Outbox,
    cancelled: &mut dyn FnMut() -> bool,
) -> anyhow::Result<Weighting> {
    let mut weighting = Weighting::new(config.class_weights.clone(), classes);
    if !weighting.needs_counts() {
        return Ok(weighting);
    }
    let tiles = set.tiles();
    for (done, &tile) in tiles.iter().enumerate() {
        go_on(cancelled)?;
        announce(outbox, "counting labels for the class weights", done, tiles.len());
        if let Some(counts) = set.label_counts(tile) {
            weighting.count(tile, counts);
        }
    }
    Ok(weighting)
}

fn describe(config: &RunConfig, plan: &Plan, set: &TrainingSet, net: &Net, chosen: &Chosen, out: &Path) -> RunInfo {
    let steps_per_epoch = (set.epoch().len() / config.train.batch).max(1) as u64;
    let total_steps = match config.train.length {
        Length::Epochs(epochs) => u64::from(epochs) * steps_per_epoch,
        Length::Steps(steps) => steps,
    };
    let learned: Vec<usize> = set.tiles().into_iter().collect();
    RunInfo {
        folder: out.to_owned(),
        config: config.clone(),
        classes: plan.project.classes.iter().cloned().collect(),
        device: chosen.info.clone(),
        train_tiles: plan.ids(&learned),
        val_tiles: plan.ids(&plan.val),
        parameters: net.parameters(),
        predicts: true,
        predicting: None,
        steps_per_epoch,
        total_steps,
    }
}

fn batch_plan(config: &RunConfig) -> BatchPlan {
    let TrainConfig { batch, flips, quarter_turns, .. } = config.train;
    BatchPlan { count: batch, flips, quarter_turns, seed: config.seed }
}

/// One thread keeps up with a CPU trainer; a GPU on a large machine wants more.
fn loader_threads() -> usize {
    (std::thread::available_parallelism().map_or(1, usize::from) / 4).clamp(1, 4)
}

/// The line about class weights, if there is anything to say.
pub(super) fn weights_note(kind: &ClassWeights, weights: &[f32]) -> Option<String> {
    match kind {
        ClassWeights::None => None,
        ClassWeights::Inverse => Some(report::weights_line("inverse-frequency", weights)),
        ClassWeights::Given(_) => Some(report::weights_line("given", weights)),
    }
}
