//! Configurations that differ in their class weights alone.

use super::comparison::{Comparison, Group};
use crate::study::settings;

/// The field that tells the two apart, and its value without weights.
const FIELD: &str = "train.class_weights";
const OFF: &str = "none";

/// A configuration with class weights, and its like without.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) with: &'a Group,
    pub(super) without: &'a Group,
}

/// The pairs, in the order of their configurations with weights.
pub(super) fn of(comparison: &Comparison) -> Vec<Pair<'_>> {
    let Some(column) = comparison.fields.iter().position(|field| field == FIELD) else { return Vec::new() };
    let done: Vec<&Group> = comparison.complete().collect();
    let (without, with): (Vec<&Group>, Vec<&Group>) = done.iter().partition(|group| group.settings[column] == OFF);
    let like = |with: &Group| without.iter().copied().find(|without| is_like(comparison, [with, without]));
    with.iter().copied().filter_map(|with| Some(Pair { with, without: like(with)? })).collect()
}

/// Whether two groups agree in all other settings that make another configuration.
fn is_like(comparison: &Comparison, [one, other]: [&Group; 2]) -> bool {
    let pairs = comparison.fields.iter().zip(one.settings.iter().zip(&other.settings));
    let mut counted = pairs.filter(|(field, _)| *field != FIELD && settings::tells_apart(field));
    counted.all(|(_, (one, other))| one == other)
}

#[cfg(test)]
mod tests {
    use super::super::comparison::tests::comparison;
    use super::*;

    #[test]
    fn a_pair_differs_in_its_weights_alone() {
        let comparison = comparison();
        let pairs = of(&comparison);
        let names = |pair: &Pair<'_>| (pair.with.members.clone(), pair.without.members.clone());
        assert_eq!(pairs.iter().map(names).collect::<Vec<_>>(), [(vec![3], vec![0, 1])]);
    }

    #[test]
    fn where_a_run_computed_makes_no_other_pair() {
        let mut comparison = comparison();
        comparison.fields.push("device".to_owned());
        for (group, device) in comparison.groups.iter_mut().zip(["cpu / gpu", "cpu", "gpu"]) {
            group.settings.push(device.to_owned());
        }
        assert_eq!(of(&comparison).len(), 1);
    }

    #[test]
    fn a_run_that_was_stopped_is_in_no_pair() {
        let mut comparison = comparison();
        comparison.runs[3].summary = None;
        assert!(of(&comparison).is_empty());
    }
}
