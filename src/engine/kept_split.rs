//! The split of a run that is resumed: the tiles it began with, whatever the folder holds now.

use std::collections::BTreeSet;

use super::refusal::Refusal;
use super::run_plan::RunPlan;
use crate::data::layout::tile::TileMatch;
use crate::domain::{Notice, Strategy};
use crate::train::folder::SplitRecord;

/// Makes a plan learn from the recorded tiles and be scored on those. Tiles that had no label when the run began may have got one since.
/// `left_out` are tiles that the run could not read: they need not be there, no more than those that the record names as such. Where they
/// are, they count: the order of the tiles was made with them, and one may have been found unreadable after the state was written.
///
/// # Errors
/// If another tile of the record is gone, or cannot be read.
pub(super) fn keep(plan: &mut RunPlan, split: &SplitRecord, left_out: &BTreeSet<String>) -> Result<(), Refusal> {
    let find = |id: &String| match split.find(&plan.project, id) {
        TileMatch::One(index) if plan.project.tiles[index].fault.is_none() => Some(index),
        TileMatch::One(_) | TileMatch::None | TileMatch::Several => None,
    };
    let recorded = || split.train.iter().chain(&split.val).filter(|id| !left_out.contains(*id));
    let gone: Vec<&String> = recorded().filter(|id| find(id).is_none()).collect();
    if let Some(first) = gone.first() {
        return Err(refusal(first, gone.len()));
    }
    let val: BTreeSet<usize> = split.val.iter().filter_map(find).collect();
    let mut train: BTreeSet<usize> =
        split.train.iter().chain(&split.left_out).chain(left_out).filter_map(find).collect();
    train.extend(plan.train.iter().copied().filter(|index| has_no_samples(plan, *index)));
    plan.train = train.difference(&val).copied().collect();
    plan.val = val.into_iter().collect();
    Ok(())
}

/// Whether a tile is learned from only if somebody labels it.
fn has_no_samples(plan: &RunPlan, index: usize) -> bool {
    let are_sampled = plan.config.label_sampling().strategy != Strategy::OwnLabelsOnly;
    plan.project.tiles[index].mask.is_none() || !are_sampled
}

fn refusal(first: &str, count: usize) -> Refusal {
    let cause = match count {
        1 => format!("its tile {first} is gone, cannot be read, or is one of several of this name now"),
        _ => format!("{count} of its tiles are gone or cannot be read; the first is {first}"),
    };
    let remedy = "Restore the files, or start a new run from its weights (--init-from)";
    Refusal(Notice::new("The run cannot be resumed").cause(cause).remedy(remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Project, demo};
    use crate::domain::RunConfig;

    #[test]
    fn a_tile_found_unreadable_after_the_state_was_written_keeps_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::open(&demo::unpack(&dir.path().join("demo")).unwrap()).unwrap();
        let mut plan = RunPlan::new(project, RunConfig::demo()).unwrap();
        plan.train.sort_unstable();
        plan.val.sort_unstable();
        let (train, val) = (plan.train.clone(), plan.val.clone());
        let (mut readable, val_ids) = (plan.ids(train.clone()), plan.ids(val.clone()));
        let unreadable = readable.pop().unwrap();
        let split = SplitRecord::new(&plan.project, readable, val_ids).without(&plan.project, [&unreadable]);
        assert_eq!((&split.left_out, split.files.contains_key(&unreadable)), (&vec![unreadable.clone()], true));
        keep(&mut plan, &split, &BTreeSet::new()).unwrap();
        assert_eq!((plan.train, plan.val), (train, val));
    }
}
