//! A head as it is stored: plain numbers that can be read without this program.

use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::bank::BANK;
use super::forest::Forest;
use super::head::QuickHead;
use super::logistic::Linear;
use super::method::QuickMethod;
use super::model::Model;
use super::scaling::Scaling;

const MISFIT: &str = "its numbers do not fit its classes";

/// What a head has learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "lowercase")]
pub enum HeadRecord {
    /// Logistic regression.
    Linear(LinearRecord),
    /// A random forest on the features of the filter bank.
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

/// What learned the head that the field `head` of a JSON text describes; `None` if that cannot be told. Nothing after its name is read:
/// a forest is large.
pub fn method_in(text: impl Read) -> Option<QuickMethod> {
    let mut found = None;
    let search = Search { keys: &["head", "method"], found: &mut found };
    // What was found ends the search by an error.
    search.deserialize(&mut serde_json::Deserializer::from_reader(text)).ok();
    match found?.as_str() {
        "linear" => Some(QuickMethod::Linear),
        "forest" => Some(QuickMethod::Forest),
        _ => None,
    }
}

/// Looks for the text under these keys, from the outermost on.
struct Search<'a> {
    keys: &'a [&'a str],
    found: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        if !self.keys.is_empty() {
            return value.deserialize_map(self);
        }
        *self.found = Some(String::deserialize(value)?);
        Err(D::Error::custom("the rest is not needed"))
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match self.keys {
                [wanted, inner @ ..] if *wanted == key => {
                    return map.next_value_seed(Search { keys: inner, found: self.found });
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
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
        if classes.len() < 2 || !classes.is_sorted_by(|a, b| a < b) {
            return Err(MISFIT.to_owned());
        }
        let model = match self {
            Self::Linear(record) => record.model(classes.len(), features)?,
            Self::Forest(forest) if forest.fits(classes.len(), BANK) => Model::Forest(forest.clone()),
            Self::Forest(_) => return Err(MISFIT.to_owned()),
        };
        Ok(QuickHead { classes, model })
    }

    /// Numbers that were learned; of a forest, its nodes.
    pub fn parameters(&self) -> usize {
        match self {
            Self::Linear(record) => record.intercepts.len() * (record.means.len() + 1),
            Self::Forest(forest) => forest.nodes(),
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
            return Err(MISFIT.to_owned());
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

    fn head() -> QuickHead {
        let scaling = vec![Scaling { mean: 0.1, factor: 3.3 }, Scaling { mean: -7.7, factor: 0.0 }];
        let linear = Linear::new(2, 2, vec![0.1, 0.2, -0.3, 1e-7, 5.5, -0.7]);
        QuickHead { classes: vec![1, 4], model: Model::Linear { linear, scaling } }
    }

    #[test]
    fn a_head_survives_json_bit_by_bit() {
        let text = serde_json::to_string(&HeadRecord::of(&head())).unwrap();
        let back: HeadRecord = serde_json::from_str(&text).unwrap();
        assert!(text.contains("\"method\":\"linear\""), "{text}");
        assert_eq!(method_in(format!("{{\"version\":1,\"head\":{text}}}").as_bytes()), Some(QuickMethod::Linear));
        assert_eq!(back.head(vec![1, 4], 2).unwrap(), head());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let record = HeadRecord::of(&head());
        assert!(record.head(vec![1, 4], 3).unwrap_err().contains("2 features"));
        assert!(record.head(vec![1, 4, 5], 2).is_err() && record.head(vec![4, 1], 2).is_err());
        let broken = |change: fn(&mut LinearRecord)| {
            let mut record = record.clone();
            let HeadRecord::Linear(linear) = &mut record else { panic!("a linear head") };
            change(linear);
            record.head(vec![1, 4], 2).is_err()
        };
        assert!(broken(|record| record.weights[0].truncate(1)));
        assert!(broken(|record| record.intercepts[1] = f32::NAN));
        assert!(broken(|record| record.factors.clear()));
    }

    #[test]
    fn a_forest_survives_json_and_a_damaged_one_is_refused() {
        let features: Vec<f32> = (0..40 * BANK).map(|i| (i % 40) as f32).collect();
        let labels: Vec<u8> = (0..40).map(|i| u8::from(i % 3 == 0)).collect();
        let samples = Samples { features: &features, labels: &labels, weights: &[1.0; 40] };
        let head = QuickHead { classes: vec![2, 3], model: Model::Forest(Forest::learn(&samples, 2)) };
        let text = serde_json::to_string(&HeadRecord::of(&head)).unwrap();
        let back: HeadRecord = serde_json::from_str(&text).unwrap();
        assert_eq!(back.head(vec![2, 3], 9).unwrap(), head);
        assert!(back.head(vec![2, 3, 4], 9).is_err());
        assert_eq!(method_in(format!("{{\"head\":{text}}}").as_bytes()), Some(QuickMethod::Forest));
        assert_eq!(method_in(&b"{\"head\":{\"method\":\"oracle\"}}"[..]), None);
        assert_eq!(method_in(&b"{\"head\":[]}"[..]), None);
        let cut = b"{\"version\":1,\"learned\":{\"method\":\"no\"},\"head\":{\"method\":\"linear\",\"means\":[0.5,";
        assert_eq!(method_in(&cut[..]), Some(QuickMethod::Linear), "what comes after is not read");
        let endless = text.replacen("\"next\":1}", "\"next\":0}", 1);
        assert!(endless != text, "the root's children begin at 1");
        assert!(serde_json::from_str::<HeadRecord>(&endless).unwrap().head(vec![2, 3], 9).is_err());
    }
}
