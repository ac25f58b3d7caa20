//! Splits: which tiles train, validate and test.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::hash;

/// What a tile is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Its labels are learned from.
    Train,
    /// Its full mask is scored against, never learned from.
    Val,
    /// Not used in a run.
    Test,
}

impl Split {
    /// Short name for badges and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }
}

/// Chooses validation tiles among training tiles, whole groups at a time: tiles of one group are adjacent, and a tile next to
/// a training tile would be scored too well. `groups` names the group of each tile. Returns whether each tile validates.
///
/// About `ratio` of the tiles validate (rounded down, but at least one if there are two groups); at least one group trains.
pub fn choose_validation(groups: &[&str], ratio: f64, seed: u64) -> Vec<bool> {
    let mut sizes = BTreeMap::new();
    for group in groups {
        *sizes.entry(*group).or_insert(0_usize) += 1;
    }
    let mut order: Vec<_> = sizes.iter().map(|(group, size)| (hash::key(seed, group), *group, *size)).collect();
    order.sort_unstable();
    order.pop(); // At least one group trains.
    let wanted = if ratio > 0.0 { ((groups.len() as f64 * ratio) as usize).max(1) } else { 0 };
    let mut chosen = Vec::new();
    let mut tiles = 0;
    for (_, group, size) in order {
        if tiles >= wanted {
            break;
        }
        chosen.push(group);
        tiles += size;
    }
    groups.iter().map(|group| chosen.contains(group)).collect()
}

/// Divides groups into `folds` parts of about as many tiles each, and returns whether each tile is in part `fold` (from 1). Every group
/// is in exactly one part; there are empty ones if there are fewer groups than parts.
pub fn choose_fold(groups: &[&str], folds: u32, fold: u32, seed: u64) -> Vec<bool> {
    let mut sizes = BTreeMap::new();
    for group in groups {
        *sizes.entry(*group).or_insert(0_usize) += 1;
    }
    let mut order: Vec<_> = sizes.iter().map(|(group, size)| (hash::key(seed, group), *group, *size)).collect();
    order.sort_unstable();
    order.sort_by_key(|(.., size)| usize::MAX - size); // Large ones first: what is left evens out.
    let mut filled = vec![0; folds.max(1) as usize];
    let mut part_of = BTreeMap::new();
    for (_, group, size) in order {
        let part = (0..filled.len()).min_by_key(|part| filled[*part]).unwrap_or(0);
        filled[part] += size;
        part_of.insert(group, part);
    }
    groups.iter().map(|group| part_of[group] + 1 == fold as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_study_splits_803_into_723_and_80() {
        let ids: Vec<String> = (0..803).map(|i| i.to_string()).collect();
        let groups: Vec<&str> = ids.iter().map(String::as_str).collect();
        let val = choose_validation(&groups, 0.1, 42);
        assert_eq!(val.iter().filter(|v| **v).count(), 80);
        assert_eq!(val, choose_validation(&groups, 0.1, 42));
        assert_ne!(val, choose_validation(&groups, 0.1, 43));
    }

    #[test]
    fn groups_stay_together() {
        let groups = ["Tile 1", "Tile 1", "Tile 1", "Tile 2", "Tile 2", "Tile 2"];
        let val = choose_validation(&groups, 0.1, 1);
        assert_eq!(val.iter().filter(|v| **v).count(), 3);
        assert!(val[0] == val[1] && val[1] == val[2] && val[3] == val[4]);
    }

    #[test]
    fn every_tile_is_in_one_fold_and_scenes_stay_together() {
        let groups = ["a", "a", "a", "b", "c", "d", "e", "f", "f"];
        let folds: Vec<Vec<bool>> = (1..=3).map(|fold| choose_fold(&groups, 3, fold, 5)).collect();
        for (tile, group) in groups.iter().enumerate() {
            assert_eq!(folds.iter().filter(|fold| fold[tile]).count(), 1);
            let scene = groups.iter().enumerate().filter(|(_, other)| *other == group);
            assert!(scene.into_iter().all(|(other, _)| folds.iter().all(|fold| fold[other] == fold[tile])));
        }
        let sizes: Vec<usize> = folds.iter().map(|fold| fold.iter().filter(|is_in| **is_in).count()).collect();
        assert_eq!(sizes, [3, 3, 3], "as even as the scenes allow");
        assert_ne!(choose_fold(&["a", "b", "c", "d"], 2, 1, 0), choose_fold(&["a", "b", "c", "d"], 2, 1, 3));
    }

    #[test]
    fn at_least_one_group_trains() {
        assert_eq!(choose_validation(&["a"], 0.5, 1), [false]);
        assert_eq!(choose_validation(&["a", "b"], 0.1, 1).iter().filter(|v| **v).count(), 1);
        assert_eq!(choose_validation(&["a", "b"], 0.0, 1), [false, false]);
    }
}
