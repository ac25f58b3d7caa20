//! A head as it is stored: plain numbers that can be read without this program.

use serde::{Deserialize, Serialize};

use super::head::QuickHead;
use super::logistic::Linear;
use super::scaling::Scaling;

/// Multinomial logistic regression on scaled features: the logit of class `c` is
/// `intercepts[c] + Σ weights[c][f] · (feature[f] − means[f]) · factors[f]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadRecord {
    /// Mean of each feature.
    pub means: Vec<f32>,
    /// What the deviation from the mean is multiplied by; 0 for features that are left out.
    pub factors: Vec<f32>,
    /// `[classes][features]`
    pub weights: Vec<Vec<f32>>,
    /// One per class.
    pub intercepts: Vec<f32>,
}

impl HeadRecord {
    /// What a head has learned; its classes are [`QuickHead::classes`], in the same order.
    pub fn of(head: &QuickHead) -> Self {
        let features = head.scaling.len();
        Self {
            means: head.scaling.iter().map(|scaling| scaling.mean).collect(),
            factors: head.scaling.iter().map(|scaling| scaling.factor).collect(),
            weights: head.linear.weights().chunks(features.max(1)).map(<[f32]>::to_vec).collect(),
            intercepts: head.linear.intercepts().to_vec(),
        }
    }

    /// The head for these classes, ascending, on tiles with `features` features.
    ///
    /// # Errors
    /// A message if the numbers do not fit each other or the classes.
    pub fn head(&self, classes: Vec<u8>, features: usize) -> Result<QuickHead, String> {
        if self.means.len() != features {
            return Err(format!("it was learned from {} features, and this version has {features}", self.means.len()));
        }
        let is_consistent = self.factors.len() == features
            && self.weights.iter().all(|row| row.len() == features)
            && [self.weights.len(), self.intercepts.len()] == [classes.len(); 2];
        if !is_consistent || classes.len() < 2 || !classes.is_sorted_by(|a, b| a < b) {
            return Err("its numbers do not fit its classes".to_owned());
        }
        let values: Vec<f32> = self.weights.iter().flatten().chain(&self.intercepts).copied().collect();
        if !values.iter().chain(&self.means).chain(&self.factors).all(|value| value.is_finite()) {
            return Err("it has weights that are no numbers".to_owned());
        }
        let linear = Linear::new(classes.len(), features, values);
        let scaling = self.means.iter().zip(&self.factors).map(|(&mean, &factor)| Scaling { mean, factor }).collect();
        Ok(QuickHead { classes, linear, scaling })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> QuickHead {
        let scaling = vec![Scaling { mean: 0.1, factor: 3.3 }, Scaling { mean: -7.7, factor: 0.0 }];
        QuickHead { classes: vec![1, 4], linear: Linear::new(2, 2, vec![0.1, 0.2, -0.3, 1e-7, 5.5, -0.7]), scaling }
    }

    #[test]
    fn a_head_survives_json_bit_by_bit() {
        let text = serde_json::to_string(&HeadRecord::of(&head())).unwrap();
        let back: HeadRecord = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (back.weights[1].as_slice(), back.intercepts.as_slice()),
            ([-0.3, 1e-7].as_slice(), [5.5, -0.7].as_slice())
        );
        assert_eq!(back.head(vec![1, 4], 2).unwrap(), head());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let record = HeadRecord::of(&head());
        assert!(record.head(vec![1, 4], 3).unwrap_err().contains("2 features"));
        assert!(record.head(vec![1, 4, 5], 2).is_err() && record.head(vec![4, 1], 2).is_err());
        let broken = |change: fn(&mut HeadRecord)| {
            let mut record = record.clone();
            change(&mut record);
            record.head(vec![1, 4], 2).is_err()
        };
        assert!(broken(|record| record.weights[0].truncate(1)));
        assert!(broken(|record| record.intercepts[1] = f32::NAN));
        assert!(broken(|record| record.factors.clear()));
    }
}
