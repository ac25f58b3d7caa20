//! Settings in the words of the window: `10 % of each class`, `no class weights`, `U-Net`.

use super::settings::{self, Settings};
use crate::domain::config::{Encoder, InputSize, Length, LossTerm, LossWeights, Supervision};
use crate::domain::count::counted;
use crate::domain::weights::ClassWeights;
use crate::domain::{Choice as _, RunConfig};

const STRATEGY: &str = "sampling.strategy";
const SUPERVISION: &str = "train.supervision";

/// All settings by dotted name, each in a phrase; empty where another one says it.
pub(super) fn of(config: &RunConfig) -> Settings {
    let plain = |(field, value): (String, String)| {
        let phrase = plain(&field, &value);
        (field, phrase)
    };
    let mut phrases: Settings = settings::of(config).into_iter().map(plain).collect();
    phrases.extend(own(config).map(|(field, phrase)| (field.to_owned(), phrase)));
    phrases
}

/// The phrase of a field, or of the value that it is part of: `train.loss.dice` is part of `train.loss`.
pub(super) fn of_field<'a>(phrases: &'a Settings, field: &'a str) -> Option<(&'a str, &'a str)> {
    let known = phrases.get_key_value(field).map(|(field, phrase)| (field.as_str(), phrase.as_str()));
    known.or_else(|| of_field(phrases, field.rsplit_once('.')?.0))
}

/// Phrases of some fields as one text, each once. That labels are sparse goes without saying where it is said which.
pub(super) fn joined<'a>(phrases: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let all: Vec<(&str, &str)> = phrases.into_iter().filter(|(_, phrase)| !phrase.is_empty()).collect();
    let has_strategy = all.iter().any(|(field, _)| *field == STRATEGY);
    let is_said = |field: &str, phrase: &str| field == SUPERVISION && has_strategy && phrase == sparse();
    let mut told: Vec<&str> = Vec::new();
    for (field, phrase) in all {
        if !is_said(field, phrase) && !told.contains(&phrase) {
            told.push(phrase);
        }
    }
    told.join(" · ")
}

fn sparse() -> String {
    lowered(Supervision::Sparse.title())
}

/// Name and value. That of sampling has a seed of its own, so its settings keep their section.
fn plain(field: &str, value: &str) -> String {
    let name = if field.starts_with("sampling.") { field } else { field.rsplit('.').next().unwrap_or(field) };
    format!("{} {}", name.replace(['_', '.'], " "), settings::shown(field, value))
}

/// Settings that read better without their name.
fn own(config: &RunConfig) -> [(&'static str, String); 10] {
    let (train, model) = (&config.train, &config.model);
    let samples = train.supervision != Supervision::Full;
    [
        (STRATEGY, if samples { config.sampling.strategy.describe() } else { String::new() }),
        (SUPERVISION, lowered(train.supervision.title())),
        ("train.class_weights", weights(&train.class_weights)),
        ("train.loss", loss(&train.loss)),
        ("train.length", length(train.length)),
        ("train.frame", input(train.input)),
        ("train.optimizer", train.optimizer.title().to_owned()),
        ("train.schedule", format!("schedule {}", lowered(train.schedule.title()))),
        ("model.arch", model.arch.title().to_owned()),
        ("model.encoder", encoder(&model.encoder)),
    ]
}

/// A title within a line: `Inverse frequency` is lowered, `ENet` is not.
fn lowered(title: &str) -> String {
    let mut characters = title.chars();
    match (characters.next(), characters.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(title.chars().skip(1)).collect()
        }
        _ => title.to_owned(),
    }
}

fn weights(weights: &ClassWeights) -> String {
    match weights {
        ClassWeights::None => "no class weights".to_owned(),
        ClassWeights::Given(given) => {
            let given: Vec<String> = given.iter().map(f32::to_string).collect();
            format!("class weights {}", given.join(", "))
        }
        ClassWeights::Effective(beta) => format!("{} weights, beta {beta}", lowered(weights.title())),
        other => format!("{} weights", lowered(other.title())),
    }
}

/// The terms that are on, each with its weight if that is not 1.
fn loss(weights: &LossWeights) -> String {
    let term = |term: &LossTerm| match weights.of(*term) {
        0.0 => None,
        1.0 => Some(name_of(*term)),
        weight => Some(format!("{weight} {}", name_of(*term))),
    };
    LossTerm::ALL.iter().filter_map(term).collect::<Vec<_>>().join(" + ")
}

/// A term within a line. Those that bear the name of a person keep its capital.
fn name_of(term: LossTerm) -> String {
    match term {
        LossTerm::Dice | LossTerm::Jaccard => term.title().to_owned(),
        LossTerm::CrossEntropy | LossTerm::Focal | LossTerm::ErrorDice | LossTerm::GatedCrf => lowered(term.title()),
    }
}

fn length(length: Length) -> String {
    match length {
        Length::Epochs(epochs) => counted(u64::from(epochs), "epoch"),
        Length::Steps(steps) => counted(steps, "step"),
    }
}

fn input(input: InputSize) -> String {
    match input {
        InputSize::Resize(side) => format!("tiles resized to {side}"),
        InputSize::Crop(side) => format!("crops of {side}"),
    }
}

fn encoder(encoder: &Encoder) -> String {
    match encoder {
        Encoder::File(path) => format!("encoder {}", path.display()),
        Encoder::None => lowered(encoder.title()),
        Encoder::Lite0 => encoder.title().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Strategy;
    use crate::domain::config::Arch;

    fn phrase(change: impl FnOnce(&mut RunConfig), field: &str) -> String {
        let mut config = RunConfig::demo();
        change(&mut config);
        of(&config)[field].clone()
    }

    #[test]
    fn settings_are_said_as_the_window_says_them() {
        let strategy = |config: &mut RunConfig| config.sampling.strategy = Strategy::FractionPerClass(0.01);
        assert_eq!(phrase(strategy, STRATEGY), "1 % of each class");
        assert_eq!(phrase(|config| config.model.arch = Arch::UNetPlusPlus, "model.arch"), "U-Net++");
        assert_eq!(phrase(|config| config.train.lr = 0.001, "train.lr"), "lr 0.001");
        assert_eq!(phrase(|config| config.sampling.seed = 8, "sampling.seed"), "sampling seed 8");
        assert_eq!(phrase(|config| config.train.quarter_turns = false, "train.quarter_turns"), "quarter turns off");
        assert_eq!(phrase(|config| config.train.length = Length::Steps(200), "train.length"), "200 steps");
    }

    #[test]
    fn weights_of_classes_and_terms_are_named() {
        let told = |value: ClassWeights| phrase(|config| config.train.class_weights = value, "train.class_weights");
        assert_eq!(
            [ClassWeights::None, ClassWeights::Inverse, ClassWeights::Enet].map(told),
            ["no class weights", "inverse frequency weights", "ENet weights"]
        );
        assert_eq!(told(ClassWeights::Given(vec![0.66, 1.0])), "class weights 0.66, 1");
        let mixed = phrase(|config| config.train.loss.dice = 0.5, "train.loss");
        assert_eq!(mixed, "cross-entropy + 0.5 Dice");
    }

    #[test]
    fn full_masks_are_not_sampled_and_sparse_labels_are_said_once() {
        let full = |config: &mut RunConfig| config.train.supervision = Supervision::Full;
        assert_eq!([phrase(full, STRATEGY), phrase(full, SUPERVISION)], ["", "full masks"]);
        let sparse = [(STRATEGY, "1 % of each class"), (SUPERVISION, "sparse labels"), ("x", "")];
        assert_eq!(joined(sparse), "1 % of each class");
        assert_eq!(joined([(STRATEGY, ""), (SUPERVISION, "full masks"), ("y", "z"), ("w", "z")]), "full masks · z");
        assert_eq!(joined([(SUPERVISION, "sparse labels")]), "sparse labels");
    }

    #[test]
    fn a_part_of_a_value_is_said_with_the_value() {
        let phrases = of(&RunConfig::demo());
        assert_eq!(of_field(&phrases, "train.loss.dice"), Some(("train.loss", "cross-entropy")));
        assert_eq!(of_field(&phrases, "nothing.like.it"), None);
    }
}
