//! The labels that a run learns from: own labels and those sampled from masks, and the class weights that follow from them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::label_record;
use super::learner::LearnedLabels;
use super::outbox::Outbox;
use super::preparation::{Cancelled, Preparation};
use super::refusal::Refusal;
use super::run_plan::RunPlan;
use crate::data::Journal;
use crate::data::feed::training_set::TrainingSet;
use crate::data::survey::census::Census;
use crate::domain::config::Batches;
use crate::domain::split::Split;
use crate::domain::{LabelBook, Notice, Strategy};
use crate::train::division;
use crate::train::start_labels::StartLabels;
use crate::train::weighting::Weighting;

/// The labels of a run, ready to be learned from.
pub(super) struct Labels {
    /// Own labels; it is followed while they grow.
    pub(super) journal: Journal,
    /// The training tiles with their labels.
    pub(super) learned: LearnedLabels,
    /// How many there are, in a run that begins.
    pub(super) counts: Option<StartLabels>,
}

impl Labels {
    /// Reads the labels and reports what they are. Refuses a run without any. `begins`: nothing of the run was saved before.
    pub(super) fn open(plan: &RunPlan, begins: bool, preparation: &mut Preparation<'_>) -> anyhow::Result<Self> {
        let (journal, mut replay) = Journal::open_to_follow(&plan.project)?;
        if plan.config.train.keep_aside && plan.val.is_empty() {
            replay.book.hide_kept_aside();
        }
        replay.notes.iter().for_each(|note| preparation.outbox.warn(note.as_str()));
        let in_masks = report_masks(plan, &replay.book, preparation)?;
        report_test_tiles(plan, &replay.book, preparation.outbox);
        let book = begins.then(|| replay.book.clone());
        let set = TrainingSet::new(
            Arc::clone(&plan.project),
            plan.train.clone(),
            plan.config.train.input,
            plan.config.label_sampling(),
            replay.book,
        );
        let set = Arc::new(set.without(BTreeMap::clone(&plan.held_out)));
        refuse_empty(&set)?;
        let weighting = Weighting::new(plan.config.train.class_weights.clone(), &plan.project.classes);
        let learned = LearnedLabels { set, weighting, in_masks };
        count(plan, &learned, preparation)?;
        report_unlabelled(plan, &learned.set, preparation.outbox);
        let tiles: Vec<usize> = learned.set.tiles().into_iter().collect();
        let counts = book.map(|book| label_record::count(plan, &tiles, &book, preparation)).transpose()?.flatten();
        Ok(Self { journal, learned, counts })
    }
}

/// Reports what the masks contain. Returns which classes are sampled from them. Refuses a run if neither they nor own labels
/// have a label.
fn report_masks(plan: &RunPlan, book: &LabelBook, preparation: &mut Preparation<'_>) -> anyhow::Result<Vec<bool>> {
    let project = &plan.project;
    let census = take_census(plan, preparation)?;
    let outbox = preparation.outbox;
    if !census.encodings.is_empty() {
        outbox.info(format!("Read {}", census.encodings_line()));
        census.table(project).into_iter().for_each(|line| outbox.info(line));
    }
    for fault in &census.faults {
        let headline = format!("The mask of tile {} cannot be read", project.tiles[fault.tile].id);
        outbox.warn(Notice::new(headline).cause(fault.what.as_str()));
    }
    census.warning().into_iter().for_each(|warning| outbox.warn(warning));
    let in_masks = sampled_classes(plan, &census);
    if in_masks.contains(&true) || own_labels(plan, book) > 0 {
        return Ok(in_masks);
    }
    if plan.config.is_own_labels_only() {
        let cause = "the run learns from own labels only, and no training tile has any";
        return Err(Refusal::nothing_to_learn(cause, "Label some in the window, or learn from masks too").into());
    }
    let cause = match census.unmatched.is_empty() {
        true => "no pixel of the training masks is labelled".to_owned(),
        false => {
            format!("no pixel of the training masks matches a class: they contain {}", census.describe_unmatched())
        }
    };
    Err(Refusal::nothing_to_learn(cause, "Check the classes, sample from other masks, or add own labels").into())
}

/// Says which test tiles are learned from.
fn report_test_tiles(plan: &RunPlan, book: &LabelBook, outbox: &Outbox) {
    let tiles = division::labelled_test_tiles(&plan.project, &plan.train, &plan.config, |id| book.carries(id));
    let Some(first) = tiles.first() else { return };
    let headline = match tiles.len() {
        1 => format!("Test tile {first} has own labels and no mask: it is learned from"),
        count => format!("{count} test tiles have own labels and no mask: they are learned from; the first is {first}"),
    };
    outbox.info(Notice::new(headline).remedy("Assign a tile to test (--skip-tile) to leave it out"));
}

/// Reads every mask of the run, on all cores.
fn take_census(plan: &RunPlan, preparation: &mut Preparation<'_>) -> anyhow::Result<Census> {
    let of = |tiles: &[usize], split| tiles.iter().map(|index| (*index, split)).collect::<Vec<_>>();
    let tiles = [of(&plan.train, Split::Train), of(&plan.val, Split::Val)].concat();
    let (stop, (done, total)) = (AtomicBool::new(false), (AtomicUsize::new(0), AtomicUsize::new(0)));
    let progress = |now, all| {
        done.store(now, Ordering::Relaxed);
        total.store(all, Ordering::Relaxed);
        !stop.load(Ordering::Relaxed)
    };
    let census = std::thread::scope(|scope| {
        let counting = scope.spawn(|| Census::take_parts(&plan.project, &tiles, &plan.held_out, progress));
        while !counting.is_finished() {
            preparation.announce("counting labels", done.load(Ordering::Relaxed), total.load(Ordering::Relaxed));
            stop.fetch_or(preparation.is_cancelled(), Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(20));
        }
        counting.join().ok().flatten()
    });
    Ok(census.ok_or(Cancelled)?)
}

/// Own labels of scored classes on the training tiles, in pixels.
fn own_labels(plan: &RunPlan, book: &LabelBook) -> u64 {
    let project = &plan.project;
    let tiles = plan.train.iter().map(|index| &project.tiles[*index]).filter(|tile| book.carries(&tile.id));
    let counts = tiles
        .flat_map(|tile| book.rasterize(&tile.id, tile.size).counts(project.classes.len()).into_iter().enumerate());
    counts.filter(|(index, _)| project.classes.is_scored(*index as u8)).map(|(_, count)| count).sum()
}

/// Refuses a run of which sampling, ignored classes and missing pixels leave no label. It looks only as far as the first
/// tile with a label; tiles that cannot be read are the loader's business.
fn refuse_empty(set: &TrainingSet) -> Result<(), Refusal> {
    if set.epoch().is_empty() {
        let remedy = "Sample labels from masks, or add own labels to a tile that does not validate";
        return Err(Refusal::nothing_to_learn("no training tile has a label", remedy));
    }
    let tiles = set.tiles();
    let mut counts = tiles.iter().filter_map(|tile| set.label_counts(*tile)).map(|counts| counts.iter().sum::<u64>());
    let first = counts.next();
    if first == Some(0) && counts.all(|labels| labels == 0) {
        let remedy = "Sample more pixels, ignore fewer classes, or add own labels where the image has pixels";
        return Err(Refusal::nothing_to_learn("no label is left on the training tiles", remedy));
    }
    Ok(())
}

/// The scored classes that the training masks contain, if labels are sampled from them.
fn sampled_classes(plan: &RunPlan, census: &Census) -> Vec<bool> {
    let classes = &plan.project.classes;
    let are_sampled = plan.config.label_sampling().strategy != Strategy::OwnLabelsOnly;
    let counts = census.splits.get(Split::Train.name()).map(|counts| counts.classes.as_slice()).unwrap_or_default();
    let is_sampled = |class: usize| counts.get(class).is_some_and(|n| *n > 0) && classes.is_scored(class as u8);
    (0..classes.len()).map(|class| are_sampled && is_sampled(class)).collect()
}

/// Counts labels: on every tile if class weights or batches need that, else until it is clear which classes have any.
fn count(plan: &RunPlan, labels: &LearnedLabels, preparation: &mut Preparation<'_>) -> Result<(), Cancelled> {
    let LearnedLabels { set, weighting, in_masks } = labels;
    let tiles = set.tiles();
    let every = weighting.needs_counts() || plan.config.train.batches == Batches::Classes;
    let next = |set: &TrainingSet| match every {
        true => tiles.iter().copied().find(|tile| !set.table().has(*tile)),
        false => set.next_to_count(in_masks),
    };
    let mut done = 0;
    while let Some(tile) = next(set) {
        preparation.check()?;
        preparation.announce("counting labels by class", done, tiles.len());
        set.count(tile);
        done += 1;
    }
    Ok(())
}

/// Says which classes have no label, since they are never predicted.
fn report_unlabelled(plan: &RunPlan, set: &TrainingSet, outbox: &Outbox) {
    let classes = &plan.project.classes;
    let totals = set.table().totals(classes.len());
    let without = classes.iter().zip(&totals).filter(|(class, total)| !class.ignored && **total == 0);
    let names: Vec<&str> = without.map(|(class, _)| class.name.as_str()).collect();
    if !names.is_empty() {
        outbox.info(format!("Not predicted until there is a label: {}", names.join(", ")));
    }
    let with: Vec<&str> = classes
        .iter()
        .zip(&totals)
        .filter(|(class, total)| !class.ignored && **total > 0)
        .map(|(class, _)| class.name.as_str())
        .collect();
    if let ([only], false) = (with.as_slice(), names.is_empty()) {
        let headline = format!("Only {only} has labels: the network can tell nothing apart");
        outbox.warn(Notice::new(headline).remedy("Label a second class"));
    }
}
