//! What a run is going to learn from, told before its first step.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::bail;

use super::outbox::Outbox;
use super::preparing::{Cancelled, announce};
use crate::data::feed::training_set::TrainingSet;
use crate::data::survey::census::Census;
use crate::domain::split::Split;
use crate::domain::{LabelBook, RunConfig, Strategy};
use crate::train::plan::Plan;

/// Tells what the masks come to before anything is learned from them. Refuses to learn from nothing.
pub(super) fn tell_labels(
    config: &RunConfig,
    plan: &Plan,
    book: &LabelBook,
    outbox: &Outbox,
    cancelled: &mut dyn FnMut() -> bool,
) -> anyhow::Result<()> {
    let project = &plan.project;
    let census = take_census(plan, outbox, cancelled)?;
    if !census.encodings.is_empty() {
        outbox.info(format!("Read {}", census.encodings_line()));
        census.table(project).into_iter().for_each(|line| outbox.info(line));
    }
    for fault in &census.faults {
        outbox.warn(format!("the mask of tile {} cannot be read: {}", project.tiles[fault.tile].id, fault.what));
    }
    census.warning().into_iter().for_each(|warning| outbox.warn(warning));
    let from_masks = match config.label_sampling().strategy {
        Strategy::Nothing => 0,
        _ => census.scored(project, Split::Train),
    };
    if from_masks == 0 && own_labels(plan, book) == 0 {
        let why = match census.unmatched.is_empty() {
            _ if config.is_without_masks() => {
                "own labels alone are to be learned from, and no training tile has any".to_owned()
            }
            true => "no pixel of the training masks is labelled".to_owned(),
            false => {
                format!("no pixel of the training masks matches a class: they hold {}", census.describe_unmatched())
            }
        };
        bail!(
            "there is nothing to learn from: {why}. Check the classes, sample from other masks, or click some labels"
        );
    }
    Ok(())
}

/// Reads every mask of the run, on all cores.
fn take_census(plan: &Plan, outbox: &Outbox, cancelled: &mut dyn FnMut() -> bool) -> anyhow::Result<Census> {
    let of = |tiles: &[usize], split| tiles.iter().map(|index| (*index, split)).collect::<Vec<_>>();
    let tiles = [of(&plan.train, Split::Train), of(&plan.val, Split::Val)].concat();
    let (stop, (done, total)) = (AtomicBool::new(false), (AtomicUsize::new(0), AtomicUsize::new(0)));
    let progress = |now, all| {
        done.store(now, Ordering::Relaxed);
        total.store(all, Ordering::Relaxed);
        !stop.load(Ordering::Relaxed)
    };
    let census = std::thread::scope(|scope| {
        let counting = scope.spawn(|| Census::take(&plan.project, &tiles, progress));
        while !counting.is_finished() {
            announce(outbox, "counting labels", done.load(Ordering::Relaxed), total.load(Ordering::Relaxed));
            stop.fetch_or(cancelled(), Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(20));
        }
        counting.join().ok().flatten()
    });
    Ok(census.ok_or(Cancelled)?)
}

/// Own labels of scored classes on the training tiles.
fn own_labels(plan: &Plan, book: &LabelBook) -> u64 {
    let project = &plan.project;
    let tiles = plan.train.iter().map(|index| &project.tiles[*index]).filter(|tile| book.carries(&tile.id));
    let counts = tiles
        .flat_map(|tile| book.rasterize(&tile.id, tile.size).counts(project.classes.len()).into_iter().enumerate());
    counts.filter(|(index, _)| project.classes.is_scored(*index as u8)).map(|(_, count)| count).sum()
}

/// Refuses a run whose sampling, ignored classes and missing pixels leave nothing of the labels. One tile with a label is
/// enough; tiles that cannot be read are the loader's matter.
pub(super) fn refuse_nothing(set: &TrainingSet) -> anyhow::Result<()> {
    let tiles = set.tiles();
    let mut counts = tiles.iter().filter_map(|tile| set.label_counts(*tile)).map(|counts| counts.iter().sum::<u64>());
    let first = counts.next();
    if first == Some(0) && counts.all(|labels| labels == 0) {
        bail!(
            "there is nothing to learn from: no label is left on the training tiles. Sample more pixels, ignore fewer classes, \
             or click labels where the image has pixels"
        );
    }
    Ok(())
}
