//! Which pixels scores are measured on, and whether all runs have the same.

use std::collections::BTreeMap;

use super::run::ComparedRun;
use crate::domain::geometry::PixelRect;

/// The tiles that a run is scored on, with their blocks; `None` for a whole tile.
type Scored<'a> = BTreeMap<&'a str, Option<&'a BTreeMap<String, PixelRect>>>;

/// A configuration: its name for readers, and its runs.
pub(super) type Named<'a> = (&'a str, Vec<&'a ComparedRun>);

/// Whether runs are scored on the same tiles and blocks. Runs that do not tell are left out.
pub fn are_the_same<'a>(runs: impl Iterator<Item = &'a ComparedRun>) -> bool {
    distinct(runs).len() < 2
}

/// Whether a run is scored on blocks of tiles.
pub fn is_in_blocks(run: &ComparedRun) -> bool {
    of(run).values().any(Option::is_some)
}

/// What is to be known where scores are those of different pixels.
pub(super) fn notes(configurations: &[Named<'_>]) -> Vec<String> {
    [within(configurations), between(configurations)].into_iter().flatten().collect()
}

fn of(run: &ComparedRun) -> Scored<'_> {
    let blocks = |id: &String| {
        let held_out = run.split.held_out.get(id)?;
        (!held_out.scored.is_empty()).then_some(&held_out.scored)
    };
    run.split.val.iter().map(|id| (id.as_str(), blocks(id))).collect()
}

/// What runs are scored on, each once.
fn distinct<'a>(runs: impl Iterator<Item = &'a ComparedRun>) -> Vec<Scored<'a>> {
    let mut found: Vec<Scored<'a>> = Vec::new();
    for scored in runs.map(of) {
        if !scored.is_empty() && !found.contains(&scored) {
            found.push(scored);
        }
    }
    found
}

/// Runs of one configuration.
fn within(configurations: &[Named<'_>]) -> Option<String> {
    let differs = |(_, runs): &&Named<'_>| !are_the_same(runs.iter().copied());
    let names: Vec<&str> = configurations.iter().filter(differs).map(|(name, _)| *name).collect();
    Some(format!(
        "{}: runs of one configuration were scored on different tiles or blocks, drawn by their seeds. Mean and spread are those of the \
         pixels as well as of training",
        listed(&names)?
    ))
}

/// Configurations that were scored on other pixels than the first.
fn between(configurations: &[Named<'_>]) -> Option<String> {
    let first = configurations.iter().find(|(_, runs)| !distinct(runs.iter().copied()).is_empty())?;
    let of_first = distinct(first.1.iter().copied());
    let is_other = |(_, runs): &&Named<'_>| {
        let others = distinct(runs.iter().copied());
        let differ = others.len() != of_first.len() || others.iter().any(|other| !of_first.contains(other));
        !others.is_empty() && differ
    };
    let names: Vec<&str> = configurations.iter().filter(is_other).map(|(name, _)| *name).collect();
    Some(format!(
        "{}: scored on other tiles or blocks than {}. Such scores do not rank configurations, and a difference is that of the pixels as \
         well",
        listed(&names)?,
        first.0
    ))
}

/// The first of some names, and how many more there are; `None` without any.
fn listed(names: &[&str]) -> Option<String> {
    let first = names.first()?;
    Some(if names.len() == 1 { (*first).to_owned() } else { format!("{first} and {} more", names.len() - 1) })
}

#[cfg(test)]
mod tests {
    use super::super::run::tests::run;
    use super::*;
    use crate::domain::RunConfig;
    use crate::domain::blocks::HeldOut;

    fn on(tile: &str) -> ComparedRun {
        let mut run = run("r", RunConfig::demo(), 0.5, &[0.5]);
        run.split.val = vec![tile.to_owned()];
        run
    }

    fn told(configurations: &[(&str, &[ComparedRun])]) -> Vec<String> {
        let named: Vec<Named<'_>> = configurations.iter().map(|(name, runs)| (*name, runs.iter().collect())).collect();
        notes(&named)
    }

    #[test]
    fn other_tiles_or_blocks_are_told_within_and_between_configurations() {
        let same = told(&[("a", &[on("7"), on("7")]), ("b", &[on("7")])]);
        assert!(same.is_empty(), "{same:?}");
        let seeds = told(&[("a", &[on("7"), on("8")])]);
        assert!(seeds.len() == 1 && seeds[0].starts_with("a: runs of one configuration"), "{seeds:?}");
        let both = told(&[("a", &[on("7")]), ("b", &[on("8")]), ("c", &[on("9")])]);
        assert!(both.len() == 1 && both[0].starts_with("b and 1 more: scored on other tiles"), "{both:?}");
        let mut block = on("7");
        let rect = PixelRect { x: 0, y: 0, width: 2, height: 2 };
        let held_out = HeldOut { scored: [("7 0 0".to_owned(), rect)].into(), hidden: vec![rect] };
        block.split.held_out = [("7".to_owned(), held_out)].into();
        assert!(is_in_blocks(&block) && !is_in_blocks(&on("7")));
        assert_eq!(told(&[("a", &[on("7")]), ("b", &[block])]).len(), 1, "a block of the tile is not the tile");
    }

    #[test]
    fn seeds_that_draw_the_same_tiles_in_all_configurations_rank_them() {
        let told = told(&[("a", &[on("7"), on("8")]), ("b", &[on("7"), on("8")])]);
        assert!(told.len() == 1 && told[0].starts_with("a and 1 more: runs of one"), "{told:?}");
        let unknown = run("x", RunConfig::demo(), 0.5, &[]);
        assert!(are_the_same([on("7"), unknown].iter()), "a run without a record of its tiles");
    }
}
