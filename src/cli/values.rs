//! Parsers of argument values.

use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::domain::Choice;
use crate::domain::config::{Encoder, LOSS_NAMES, Loss, Supervision};
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
    /// The loss function.
    pub loss: Loss,
    /// Which labels to learn from, if the name says so.
    pub supervision: Option<Supervision>,
}

/// Takes the names of losses, and `pce` and `ce` as in earlier versions.
pub(super) fn loss() -> impl TypedValueParser<Value = LossArg> {
    let earlier = LOSS_NAMES.iter().map(|(name, _, _, help)| PossibleValue::new(*name).help(*help));
    PossibleValuesParser::new(Loss::ALL.iter().map(possible).chain(earlier)).map(|name| {
        let earlier = LOSS_NAMES.iter().find(|(earlier, ..)| *earlier == name);
        earlier.map_or_else(
            || LossArg { loss: Loss::from_name(&name).expect("a name of the table"), supervision: None },
            |(_, supervision, loss, _)| LossArg { loss: *loss, supervision: Some(*supervision) },
        )
    })
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

/// Takes `none`, `inverse`, or numbers separated by commas.
pub(super) fn class_weights(text: &str) -> Result<ClassWeights, String> {
    if let Some(named) = ClassWeights::from_name(text).filter(|named| !matches!(named, ClassWeights::Given(_))) {
        return Ok(named);
    }
    let number = |number: &str| number.trim().parse().map_err(|error| format!("'{number}' is not a number: {error}"));
    text.split(',').map(number).collect::<Result<_, _>>().map(ClassWeights::Given)
}

/// Takes a whole number from 0. What is too small is refused with the rest of the configuration, with the remedy.
pub(super) fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_error| format!("'{text}' cannot be used: give a whole number that is not negative"))
}
