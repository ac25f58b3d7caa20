//! What the loss of a run is made of.

use serde::{Deserialize, Serialize};

use super::options::LossTerm;

/// The weight of each term of the loss, 0 or more; 0 turns it off. The names in files are those of [`LossTerm`]; a term that a file
/// does not name is off, as on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default = "LossWeights::none", deny_unknown_fields, rename_all = "kebab-case")]
pub struct LossWeights {
    /// Cross-entropy.
    pub cross_entropy: f64,
    /// Focal loss.
    pub focal: f64,
    /// Dice.
    pub dice: f64,
    /// Jaccard.
    pub jaccard: f64,
    /// Error-weighted Dice.
    pub error_dice: f64,
    /// Gated CRF.
    pub gated_crf: f64,
}

impl Default for LossWeights {
    /// Cross-entropy alone.
    fn default() -> Self {
        Self { cross_entropy: 1.0, ..Self::none() }
    }
}

impl LossWeights {
    /// No term at all.
    pub fn none() -> Self {
        Self { cross_entropy: 0.0, focal: 0.0, dice: 0.0, jaccard: 0.0, error_dice: 0.0, gated_crf: 0.0 }
    }

    /// The weight of a term.
    pub fn of(&self, term: LossTerm) -> f64 {
        match term {
            LossTerm::CrossEntropy => self.cross_entropy,
            LossTerm::Focal => self.focal,
            LossTerm::Dice => self.dice,
            LossTerm::Jaccard => self.jaccard,
            LossTerm::ErrorDice => self.error_dice,
            LossTerm::GatedCrf => self.gated_crf,
        }
    }

    /// Whether any of the terms that are on learns from labels.
    pub fn has_labels(&self) -> bool {
        Self { gated_crf: 0.0, ..*self } != Self::none()
    }

    /// The same as [`LossWeights::of`], to change.
    pub fn of_mut(&mut self, term: LossTerm) -> &mut f64 {
        match term {
            LossTerm::CrossEntropy => &mut self.cross_entropy,
            LossTerm::Focal => &mut self.focal,
            LossTerm::Dice => &mut self.dice,
            LossTerm::Jaccard => &mut self.jaccard,
            LossTerm::ErrorDice => &mut self.error_dice,
            LossTerm::GatedCrf => &mut self.gated_crf,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Choice as _;

    #[test]
    fn every_term_is_a_field_of_its_name() {
        for term in LossTerm::ALL {
            let mut weights = LossWeights::none();
            *weights.of_mut(*term) = 0.5;
            assert_eq!(weights.of(*term), 0.5);
            let fields = serde_json::to_value(weights).expect("plain data");
            assert_eq!(fields[term.name()], 0.5, "{fields}");
            assert_eq!(fields.as_object().map(serde_json::Map::len), Some(LossTerm::ALL.len()));
        }
        assert_eq!(LossWeights::default().of(LossTerm::CrossEntropy), 1.0);
    }
}
