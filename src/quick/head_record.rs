//! A head as it is stored: plain numbers that can be read without this program.

use serde::{Deserialize, Serialize};

use super::forest::Forest;
use super::head::QuickHead;
use super::logistic::Linear;
use super::model::Model;
use super::scaling::Scaling;

/// What a head of either method has learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "lowercase")]
pub enum HeadRecord {
    /// Logistic regression.
    Linear(LinearRecord),
    /// A random forest on the filter bank.
    Forest(Forest),
}

/// Multinomial logistic regression on scaled features: the logit of class `c` is
/// `intercepts[c] + Σ weights[c][f] · (feature[f] − means[f]) · factors[f]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearRecord {
    /// Mean of each feature.
    means: Vec<f32>,
    /// What the deviation from the mean is multiplied by; 0 for features that are left out.
    factors: Vec<f32>,
    /// `[classes][features]`
    weights: Vec<Vec<f32>>,
    /// One per class.
    intercepts: Vec<f32>,
}

impl HeadRecord {
    /// What a head has learned; its classes are [`QuickHead::classes`], in the same order.
    pub fn of(head: &QuickHead) -> Self {
        match &head.model {
            Model::Linear { linear, scaling } => Self::Linear(LinearRecord::of(linear, scaling)),
            Model::Forest(forest) => Self::Forest(forest.clone()),
        }
    }

    /// The head for these classes, ascending, on tiles with `features` features.
    ///
    /// # Errors
    /// A message if the numbers do not fit each other or the classes.
    pub fn head(&self, classes: Vec<u8>, features: usize) -> Result<QuickHead, String> {
        let model = match self {
            Self::Linear(record) => record.model(classes.len(), features)?,
            Self::Forest(forest) => Model::Forest(forest.checked(classes.len())?),
        };
        if classes.len() < 2 || !classes.is_sorted_by(|a, b| a < b) {
            return Err("its numbers do not fit its classes".to_owned());
        }
        Ok(QuickHead { classes, model })
    }

    /// How many numbers have been learned.
    pub fn parameters(&self) -> usize {
        match self {
            Self::Linear(record) => record.intercepts.len() * (record.means.len() + 1),
            Self::Forest(forest) => forest.thresholds(),
        }
    }
}

impl LinearRecord {
    fn of(linear: &Linear, scaling: &[Scaling]) -> Self {
        Self {
            means: scaling.iter().map(|scaling| scaling.mean).collect(),
            factors: scaling.iter().map(|scaling| scaling.factor).collect(),
            weights: linear.weights().chunks(scaling.len().max(1)).map(<[f32]>::to_vec).collect(),
            intercepts: linear.intercepts().to_vec(),
        }
    }

    fn model(&self, classes: usize, features: usize) -> Result<Model, String> {
        if self.means.len() != features {
            return Err(format!("it was learned from {} features, and this version has {features}", self.means.len()));
        }
        let is_consistent = self.factors.len() == features
            && self.weights.iter().all(|row| row.len() == features)
            && [self.weights.len(), self.intercepts.len()] == [classes; 2];
        if !is_consistent {
            return Err("its numbers do not fit its classes".to_owned());
        }
        let values: Vec<f32> = self.weights.iter().flatten().chain(&self.intercepts).copied().collect();
        if !values.iter().chain(&self.means).chain(&self.factors).all(|value| value.is_finite()) {
            return Err("it has weights that are no numbers".to_owned());
        }
        let scaling = self.means.iter().zip(&self.factors).map(|(&mean, &factor)| Scaling { mean, factor }).collect();
        Ok(Model::Linear { linear: Linear::new(classes, features, values), scaling })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quick::logistic::Samples;

    fn linear() -> QuickHead {
        let scaling = vec![Scaling { mean: 0.1, factor: 3.3 }, Scaling { mean: -7.7, factor: 0.0 }];
        let linear = Linear::new(2, 2, vec![0.1, 0.2, -0.3, 1e-7, 5.5, -0.7]);
        QuickHead { classes: vec![1, 4], model: Model::Linear { linear, scaling } }
    }

    fn forest() -> QuickHead {
        let features: Vec<f32> = (0..40).map(|i| ((i * 7) % 10) as f32 / 3.0).collect();
        let labels: Vec<u8> = features.chunks(2).map(|pair| u8::from(pair[0] > 1.5)).collect();
        let samples = Samples { features: &features, labels: &labels, weights: &[1.0; 20] };
        QuickHead { classes: vec![1, 4], model: Model::Forest(Forest::learn(&samples, 2)) }
    }

    #[test]
    fn a_head_survives_json_bit_by_bit() {
        for head in [linear(), forest()] {
            let text = serde_json::to_string(&HeadRecord::of(&head)).unwrap();
            let back: HeadRecord = serde_json::from_str(&text).unwrap();
            assert_eq!(back.head(vec![1, 4], 2).unwrap(), head);
            assert!(back.parameters() > 3);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let HeadRecord::Linear(record) = HeadRecord::of(&linear()) else { panic!("it is linear") };
        let whole = HeadRecord::Linear(record.clone());
        assert!(whole.head(vec![1, 4], 3).unwrap_err().contains("2 features"));
        assert!(whole.head(vec![1, 4, 5], 2).is_err() && whole.head(vec![4, 1], 2).is_err());
        let broken = |change: fn(&mut LinearRecord)| {
            let mut record = record.clone();
            change(&mut record);
            HeadRecord::Linear(record).head(vec![1, 4], 2).is_err()
        };
        assert!(broken(|record| record.weights[0].truncate(1)));
        assert!(broken(|record| record.intercepts[1] = f32::NAN));
        assert!(broken(|record| record.factors.clear()));
    }

    /// Every number of a stored forest, changed to one that is out of place.
    #[test]
    fn a_damaged_forest_is_refused_or_harmless() {
        let text = serde_json::to_string(&HeadRecord::of(&forest())).unwrap();
        assert!(HeadRecord::of(&forest()).head(vec![1, 4, 5], 2).is_err());
        for number in ["0", "1", "2", "3"] {
            for (at, _) in text.match_indices(&format!(":{number},")).take(200) {
                let damaged = format!("{}:77777{}", &text[..at], &text[at + 2..]);
                let Ok(record) = serde_json::from_str::<HeadRecord>(&damaged) else { continue };
                if let Ok(QuickHead { model: Model::Forest(forest), .. }) = record.head(vec![1, 4], 2) {
                    forest.probabilities(&[0.5; 2 * 43]);
                }
            }
        }
    }
}
