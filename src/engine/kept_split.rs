//! The split of a run that is resumed: the tiles it began with, whatever the folder holds now.

use std::collections::BTreeSet;
use std::sync::Arc;

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
    let held_out = split.held_out_of(&plan.project);
    let unlabelled = split.unlabelled.iter().flatten();
    let recorded = split.train.iter().chain(&split.left_out).chain(unlabelled).chain(left_out);
    let mut train: BTreeSet<usize> = recorded.filter_map(find).collect();
    if split.unlabelled.is_none() || held_out.is_empty() {
        train.extend(plan.train.iter().copied().filter(|index| has_no_samples(plan, *index)));
    }
    let is_divided = |index: &usize| {
        held_out.get(index).is_some_and(|held| !held.visible(plan.project.tiles[*index].size).is_empty())
    };
    train.retain(|index| !val.contains(index) || is_divided(index));
    plan.train = train.into_iter().collect();
    plan.val = val.into_iter().collect();
    plan.held_out = Arc::new(held_out);
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
    use crate::domain::blocks::HeldOut;
    use crate::domain::geometry::PixelRect;

    #[test]
    fn a_tile_found_unreadable_after_the_state_was_written_keeps_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::open(&demo::unpack(&dir.path().join("demo")).unwrap()).unwrap();
        let mut plan = RunPlan::new(project, RunConfig::demo()).unwrap();
        plan.train.sort_unstable();
        plan.val.sort_unstable();
        let (train, val) = (plan.train.clone(), plan.val.clone());
        let (train_ids, val_ids) = (plan.ids(train.clone()), plan.ids(val.clone()));
        let unreadable = train_ids[0].clone();
        let split = SplitRecord::new(&plan.project, train_ids, val_ids).without(&[unreadable.clone()].into());
        assert_eq!((&split.left_out, split.files.contains_key(&unreadable)), (&vec![unreadable.clone()], true));
        keep(&mut plan, &split, &BTreeSet::new()).unwrap();
        assert_eq!((plan.train, plan.val), (train, val));
    }

    #[test]
    fn a_tile_that_is_held_out_as_a_whole_is_not_learned_from_because_it_failed_once() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::open(&demo::unpack(&dir.path().join("demo")).unwrap()).unwrap();
        let mut plan = RunPlan::new(project, RunConfig::demo()).unwrap();
        let (whole, divided, train) = (plan.val[0], plan.train[0], plan.train[1..].to_vec());
        let [width, height] = plan.project.tiles[whole].size;
        let held = |width: u32| {
            let hidden = PixelRect { x: 0, y: 0, width, height };
            HeldOut { scored: [("block".to_owned(), hidden)].into(), hidden: vec![hidden] }
        };
        let of_id = |index: usize, width: u32| (plan.project.tiles[index].id.clone(), held(width));
        let mut split = SplitRecord::new(&plan.project, plan.ids(train), plan.ids([whole, divided]));
        split.held_out = [of_id(whole, width), of_id(divided, width / 2)].into();
        let failed = plan.ids([whole, divided]).into_iter().collect();
        keep(&mut plan, &split, &failed).unwrap();
        assert!(!plan.train.contains(&whole) && plan.train.contains(&divided));
    }

    #[test]
    fn a_tile_without_labels_that_would_validate_today_may_still_be_labelled() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::open(&demo::unpack(&dir.path().join("demo")).unwrap()).unwrap();
        let mut plan = RunPlan::new(project, RunConfig::demo().own_labels_only()).unwrap();
        let (train, val) = (plan.train.clone(), plan.val.clone());
        let (waiting, labelled) = train.split_first().unwrap();
        let split = SplitRecord::new(&plan.project, plan.ids(labelled.to_vec()), plan.ids(val.clone()))
            .with_unlabelled(&plan.project, plan.ids([*waiting]));
        (plan.train, plan.val) = (labelled.to_vec(), [val, vec![*waiting]].concat());
        keep(&mut plan, &split, &BTreeSet::new()).unwrap();
        assert!(plan.train.contains(waiting) && !plan.val.contains(waiting));
    }
}
