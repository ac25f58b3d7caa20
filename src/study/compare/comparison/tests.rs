use super::super::run::tests::run;
use super::*;
use crate::domain::weights::ClassWeights;
use crate::domain::{Classes, RunConfig};
use crate::engine::protocol::{Outcome, Summary};

/// A configuration with a seed, an amount of labels and class weights.
pub(crate) fn config(seed: u64, ratio: f64, weights: ClassWeights) -> RunConfig {
    let mut config = RunConfig::demo();
    (config.seed, config.sampling.seed) = (seed, seed);
    config.sampling.strategy = Strategy::FractionPerClass(ratio);
    config.train.class_weights = weights;
    config
}

/// 10 % with two seeds, 1 % with one, and 10 % with weights.
pub(crate) fn comparison() -> Comparison {
    let runs = [
        run("a-0", config(0, 0.1, ClassWeights::None), 0.4, &[0.3, 0.5]),
        run("a-1", config(1, 0.1, ClassWeights::None), 0.5, &[0.4, 0.6]),
        run("b", config(0, 0.01, ClassWeights::None), 0.2, &[0.1, f64::NAN]),
        run("c", config(0, 0.1, ClassWeights::Inverse), 0.6, &[0.5, 0.5]),
    ];
    Comparison::of("test", runs.into_iter().map(Entry::from).collect())
}

#[test]
fn runs_that_differ_in_the_seed_alone_are_one_group() {
    let comparison = comparison();
    assert_eq!(comparison.fields, ["sampling.strategy", "train.class_weights"]);
    let groups: Vec<(&str, &[usize])> =
        comparison.groups.iter().map(|group| (group.name.as_str(), group.members.as_slice())).collect();
    assert_eq!(groups[0], ("strategy fraction_per_class 0.1, class weights none", [0, 1].as_slice()));
    assert_eq!((groups.len(), groups[1].1, groups[2].1), (3, [2].as_slice(), [3].as_slice()));
    let words: Vec<&str> = comparison.groups.iter().map(|group| group.words.as_str()).collect();
    assert_eq!(
        words,
        [
            "10 % of each class · no class weights",
            "1 % of each class · no class weights",
            "10 % of each class · inverse frequency weights"
        ]
    );
    let row = comparison.row(&comparison.groups[0]);
    assert_eq!((row.runs, row.final_miou.unwrap().text(3).as_str()), ([2, 2], "0.450 ± 0.071"));
    assert!((row.best_miou.unwrap().mean - 0.5).abs() < 1e-12, "the mean of .45 and .55");
}

fn of_runs(runs: Vec<ComparedRun>) -> Comparison {
    Comparison::of("test", runs.into_iter().map(Entry::from).collect())
}

#[test]
fn a_run_with_the_seed_of_another_one_is_no_other_seed() {
    let again = |name: &str, seed: u64| run(name, config(seed, 0.1, ClassWeights::None), 0.4, &[]);
    let comparison = of_runs(vec![again("a", 0), again("b", 1), again("c", 0)]);
    let members: Vec<&[usize]> = comparison.groups.iter().map(|group| group.members.as_slice()).collect();
    assert_eq!(members, [[0, 1].as_slice(), &[2]]);
    assert!(comparison.groups[0].name != comparison.groups[1].name, "{:?}", comparison.groups);
    assert!(comparison.notes[0].starts_with("c ") && comparison.notes.len() == 1, "{:?}", comparison.notes);
    let mut named_alike = [again("a", 0), again("a", 0)];
    named_alike[1].folder = "/else/a".into();
    assert!(of_runs(named_alike.into()).notes[0].starts_with("/else/a has the settings and the seed of /no/such/a"));
}

#[test]
fn a_run_that_was_stopped_is_in_no_mean() {
    let with = |name: &str, seed: u64| run(name, config(seed, 0.1, ClassWeights::None), 0.4, &[]);
    let mut stopped = with("b", 1);
    stopped.summary = Some(Summary { outcome: Outcome::Stopped, steps: 12, ..Summary::default() });
    let killed = ComparedRun { summary: None, ..with("c", 2) };
    let comparison = of_runs(vec![with("a", 0), stopped, killed, with("d", 3)]);
    let names: Vec<&str> = comparison.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["a", "b (stopped)", "c (not ended)"], "one configuration is named by its first run");
    assert_eq!(comparison.row(&comparison.groups[0]).runs, [2, 2]);
    assert!(comparison.notes.iter().any(|note| note.starts_with("b (stopped, step 20)")), "{:?}", comparison.notes);
}

#[test]
fn other_classes_and_other_data_make_another_configuration() {
    let with = |name: &str, seed: u64| run(name, config(seed, 0.1, ClassWeights::None), 0.4, &[]);
    let mut edited = with("b", 1);
    edited.classes = Classes::default();
    assert_eq!(of_runs(vec![with("a", 0), edited]).groups.len(), 2);
    let moved = |name: &str, seed: u64, data: &str, digest: &str| {
        let mut run = ComparedRun { digest: Some(digest.to_owned()), ..with(name, seed) };
        (run.config.data, run.config.tensorboard) = (data.into(), seed == 1);
        run
    };
    let same = of_runs(vec![moved("a", 0, "/x", "1"), moved("b", 1, "/y", "1")]);
    assert_eq!((same.groups.len(), same.fields), (1, vec!["tensorboard".to_owned()]), "the same tiles elsewhere");
    assert_eq!(of_runs(vec![moved("a", 0, "/x", "1"), moved("b", 1, "/x", "2")]).groups.len(), 2, "more labels");
}

#[test]
fn single_runs_are_called_by_their_folders() {
    let runs = [("a", 0.1), ("b", 0.01)].map(|(name, ratio)| run(name, config(0, ratio, ClassWeights::None), 0.4, &[]));
    let comparison = Comparison::of("test", runs.into_iter().map(Entry::from).collect());
    assert_eq!(comparison.groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let twins = [1, 2].map(|seed| run("a", config(seed, 0.1, ClassWeights::None), 0.4, &[]));
    let comparison = Comparison::of("test", twins.into_iter().map(Entry::from).collect());
    assert_eq!((comparison.groups.len(), comparison.runs[1].name.as_str()), (1, "/no/such/a"));
}

#[test]
fn a_reference_without_runs_is_told_and_replaced() {
    let mut comparison = comparison();
    comparison.groups[2].members.clear();
    comparison.compare_with("c").unwrap_err();
    let name = comparison.groups[2].name.clone();
    comparison.compare_with(&name).unwrap();
    let used = comparison.reference_with_runs().unwrap().words.clone();
    assert_eq!(used, comparison.groups[0].words);
    assert!(comparison.notes[0].ends_with(&format!("differences are to {used}")), "{:?}", comparison.notes);
}

#[test]
fn what_is_planned_has_a_group_before_it_is_done() {
    let planned = |name: &str, ratio: f64| Entry {
        configuration: Some(name.to_owned()),
        words: format!("{name} in words"),
        config: config(0, ratio, ClassWeights::None),
        run: None,
    };
    let comparison = Comparison::of("test", vec![planned("x", 0.1), planned("y", 0.2)]);
    assert_eq!((comparison.groups.len(), comparison.runs.len(), comparison.groups[0].planned), (2, 0, 1));
    assert_eq!(comparison.row(&comparison.groups[0]).best_miou, None);
    assert_eq!(comparison.groups[1].words, "y in words");
}

#[test]
fn the_reference_is_chosen_by_a_name() {
    let mut comparison = comparison();
    comparison.compare_with("c").unwrap();
    assert_eq!(comparison.reference, 2);
    comparison.compare_with("1 % of each class · no class weights").unwrap();
    assert_eq!(comparison.reference, 1);
    assert!(comparison.compare_with("d").unwrap_err().contains("choose among 'strategy"));
}
