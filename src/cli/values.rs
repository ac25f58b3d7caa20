//! Parsers of argument values.

use std::path::Path;
use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::weights_file;
use crate::domain::Choice;
use crate::domain::config::{Encoder, LOSS_NAMES, LossTerm, LossWeights, Supervision};
use crate::domain::weights::ClassWeights;

/// Takes the names of an option's values; `--help` lists them with their help.
pub(super) fn choice<T: Choice + Send + Sync>() -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(T::ALL.iter().map(possible)).map(|name| T::from_name(&name).expect("a name of the table"))
}

fn possible<T: Choice>(value: &T) -> PossibleValue {
    PossibleValue::new(value.name()).help(value.help())
}

/// The value of `--loss`. The names of earlier versions choose the supervision as well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossArg {
    /// The terms of the loss.
    pub weights: LossWeights,
    /// Which labels to learn from, if the name says so.
    pub supervision: Option<Supervision>,
}

/// Takes names of terms, each with its weight if that is not 1, and `pce` and `ce` as in earlier versions.
pub(super) fn loss(text: &str) -> Result<LossArg, String> {
    if let Some((_, supervision)) = LOSS_NAMES.iter().find(|(name, _)| *name == text) {
        return Ok(LossArg { weights: LossWeights::default(), supervision: Some(*supervision) });
    }
    let (mut weights, mut named) = (LossWeights::none(), Vec::new());
    for part in text.split(',') {
        let (term, weight) = weighted_term(part)?;
        if named.contains(&term) {
            return Err(format!("{} is named twice: give it one weight", term.name()));
        }
        named.push(term);
        *weights.of_mut(term) = weight;
    }
    Ok(LossArg { weights, supervision: None })
}

/// A term and its weight, 1 if none is given.
fn weighted_term(text: &str) -> Result<(LossTerm, f64), String> {
    let (name, weight) = text.split_once('=').unwrap_or((text, "1"));
    let term =
        LossTerm::from_name(name.trim()).ok_or_else(|| format!("there is no loss '{name}': {}", loss_names()))?;
    let weight = weight.trim().parse::<f64>();
    weight
        .map(|weight| (term, weight))
        .map_err(|_error| format!("'{text}' has no number: give {name} a weight such as 0.5"))
}

fn loss_names() -> String {
    let names: Vec<&str> = LossTerm::ALL.iter().map(Choice::name).collect();
    format!("choose among {}", names.join(", "))
}

/// Takes the names of encoders, or the path of a file that exists.
pub(super) fn encoder(text: &str) -> Result<Encoder, String> {
    match Encoder::from(text.to_owned()) {
        Encoder::File(path) if !path.is_file() => {
            Err(format!("there is no file '{text}': give none, lite0, or the path of a file of weights"))
        }
        encoder => Ok(encoder),
    }
}

/// Takes a name such as `inverse`, `effective=0.99`, numbers separated by commas, or the path of a file that holds them.
pub(super) fn class_weights(text: &str) -> Result<ClassWeights, String> {
    if let Some(named) = ClassWeights::from_name(text).filter(|named| !matches!(named, ClassWeights::Given(_))) {
        return Ok(named);
    }
    if let Some(beta) = text.strip_prefix("effective=") {
        let beta = beta.trim().parse();
        return beta.map(ClassWeights::Effective).map_err(|error| format!("'{text}' has no number: {error}"));
    }
    let weights = match numbers(text) {
        Err(_) if Path::new(text).exists() => weights_file::read(Path::new(text)),
        Err(why) => Err(format!("{why}, and there is no file '{text}'")),
        Ok(numbers) => Ok(numbers),
    };
    weights.map(ClassWeights::Given)
}

/// Numbers separated by commas.
fn numbers(text: &str) -> Result<Vec<f32>, String> {
    let number =
        |number: &str| number.trim().parse::<f32>().map_err(|error| format!("'{number}' is not a number: {error}"));
    text.split(',').map(number).collect()
}

/// Takes a whole number from 0. What is too small is refused with the rest of the configuration, with the remedy.
pub(super) fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_error| format!("'{text}' cannot be used: give a whole number that is not negative"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_weights_are_named_or_given() {
        for named in ["none", "inverse", "median", "enet"] {
            assert_eq!(class_weights(named).map(|weights| weights.name()), Ok(named));
        }
        assert_eq!(class_weights("effective"), Ok(ClassWeights::Effective(0.99)));
        assert_eq!(class_weights("effective=0.9"), Ok(ClassWeights::Effective(0.9)));
        assert_eq!(class_weights("0.5, 2"), Ok(ClassWeights::Given(vec![0.5, 2.0])));
        assert!(class_weights("effective=much").is_err());
        let refusal = class_weights("rare").unwrap_err();
        assert!(refusal.contains("'rare' is not a number") && refusal.contains("no file 'rare'"), "{refusal}");
    }

    #[test]
    fn class_weights_can_come_from_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("weights.txt");
        std::fs::write(&file, "0.66\n1.27\n").unwrap();
        let path = file.to_str().unwrap();
        assert_eq!(class_weights(path), Ok(ClassWeights::Given(vec![0.66, 1.27])));
        std::fs::write(&file, "0.66\nwater\n").unwrap();
        assert!(class_weights(path).unwrap_err().contains("weights.txt: line 2, 'water'"));
    }

    #[test]
    fn a_loss_is_a_list_of_terms_with_weights() {
        let weights = |text| loss(text).map(|loss| loss.weights);
        assert_eq!(weights("dice"), Ok(LossWeights { dice: 1.0, ..LossWeights::none() }));
        let both = LossWeights { cross_entropy: 0.25, jaccard: 0.75, ..LossWeights::none() };
        assert_eq!(weights("cross-entropy=0.25, jaccard=0.75"), Ok(both));
        assert_eq!(
            loss("ce").map(|loss| (loss.weights, loss.supervision)),
            Ok((LossWeights::default(), Some(Supervision::Full)))
        );
        let error = weights("lovasz").unwrap_err();
        assert!(error.contains("'lovasz'") && error.contains("error-dice"), "{error}");
        assert!(weights("dice=much").unwrap_err().contains("such as 0.5"));
        assert_eq!(weights("dice=1,jaccard,dice=2"), Err("dice is named twice: give it one weight".to_owned()));
    }
}
