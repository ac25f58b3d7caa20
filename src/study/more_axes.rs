//! What a grid can vary beside labels, class weights, networks and losses.

use super::axis;
use crate::domain::RunConfig;
use crate::domain::config::{Encoder, Norm, Optimizer, Precision, Upsampling};

/// Further settings that are compared: an empty list leaves one as the base has it, a single value sets it, several are combined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MoreAxes {
    /// Learning rates at the start.
    pub rates: Vec<f64>,
    /// Optimisers.
    pub optimizers: Vec<Optimizer>,
    /// Encoders.
    pub encoders: Vec<Encoder>,
    /// What follows a convolution.
    pub norms: Vec<Norm>,
    /// What doubles height and width in the decoder.
    pub upsamplings: Vec<Upsampling>,
    /// Crops are mirrored at random, or not.
    pub flips: Vec<bool>,
    /// Crops are turned by random multiples of 90°, or not.
    pub quarter_turns: Vec<bool>,
    /// In which numbers the network computes while it learns.
    pub precisions: Vec<Precision>,
}

impl MoreAxes {
    /// How many values are ticked.
    pub fn ticked(&self) -> usize {
        let network = self.encoders.len() + self.norms.len() + self.upsamplings.len();
        let augmentation = self.flips.len() + self.quarter_turns.len();
        self.rates.len() + self.optimizers.len() + self.precisions.len() + network + augmentation
    }

    /// Lines of a plan's grid.
    pub(super) fn lines(&self) -> Result<Vec<String>, String> {
        let lines = [
            axis::line("train.lr", &self.rates)?,
            axis::line("train.optimizer", &self.optimizers)?,
            axis::line("model.encoder", &self.encoders)?,
            axis::line("model.norm", &self.norms)?,
            axis::line("model.upsampling", &self.upsamplings)?,
            axis::line("train.flips", &self.flips)?,
            axis::line("train.quarter_turns", &self.quarter_turns)?,
            axis::line("train.precision", &self.precisions)?,
        ];
        Ok(lines.into_iter().flatten().collect())
    }

    /// Sets what has a single value.
    pub(super) fn set(&self, base: &mut RunConfig) {
        let RunConfig { model, train, .. } = base;
        axis::set_only(&mut train.lr, &self.rates);
        axis::set_only(&mut train.optimizer, &self.optimizers);
        axis::set_only(&mut model.encoder, &self.encoders);
        axis::set_only(&mut model.norm, &self.norms);
        axis::set_only(&mut model.upsampling, &self.upsamplings);
        axis::set_only(&mut train.flips, &self.flips);
        axis::set_only(&mut train.quarter_turns, &self.quarter_turns);
        axis::set_only(&mut train.precision, &self.precisions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::fields;

    #[test]
    fn every_axis_is_a_field_that_takes_its_values() {
        let more = MoreAxes {
            rates: vec![1e-3, 1e-5],
            optimizers: vec![Optimizer::AdamW, Optimizer::Sgd],
            encoders: vec![Encoder::None, Encoder::Lite0],
            norms: vec![Norm::Batch, Norm::Group],
            upsamplings: vec![Upsampling::Transposed, Upsampling::Nearest],
            flips: vec![true, false],
            quarter_turns: vec![true, false],
            precisions: vec![Precision::F32, Precision::Mixed],
        };
        let lines = more.lines().unwrap();
        assert_eq!((lines.len(), more.ticked()), (8, 16));
        for line in &lines {
            let grid: toml::Table = toml::from_str(line).unwrap();
            for fields::Setting { field, value } in fields::settings(&grid) {
                for value in value.as_array().unwrap().clone() {
                    let setting = fields::Setting { field: field.clone(), value };
                    assert!(fields::set(&RunConfig::default(), &setting).is_ok(), "{setting:?}");
                }
            }
        }
        let mut base = RunConfig::default();
        more.set(&mut base);
        assert_eq!(base, RunConfig::default(), "the grid sets them");
    }

    #[test]
    fn what_has_a_single_value_is_set() {
        let more = MoreAxes { rates: vec![0.5], flips: vec![false], norms: vec![Norm::Group], ..MoreAxes::default() };
        let mut base = RunConfig::default();
        more.set(&mut base);
        assert_eq!((base.train.lr, base.train.flips, base.model.norm), (0.5, false, Norm::Group));
        assert_eq!((more.lines(), more.ticked()), (Ok(Vec::new()), 3));
    }
}
