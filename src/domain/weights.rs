//! Class weights for the loss.

use serde::{Deserialize, Serialize};

use super::choice::{Choice, Entry};

/// How classes are weighted in the loss.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// All 1.
    #[default]
    None,
    /// Inverse frequency among labelled pixels, normalised to mean 1.
    Inverse,
    /// One weight of 0 or more per class, in index order.
    Given(Vec<f32>),
}

impl Choice for ClassWeights {
    const WHAT: &'static str = "class weights";
    const ALL: &'static [Self] = &[Self::None, Self::Inverse, Self::Given(Vec::new())];

    fn entry(&self) -> Entry {
        let entry = |name, title, help, remedy| Entry { name, title, help, remedy };
        match self {
            Self::None => entry("none", "Off", "All classes weigh the same", None),
            Self::Inverse => entry(
                "inverse",
                "Inverse frequency",
                "Rare classes weigh more: inverse frequency among labelled pixels, normalised to mean 1",
                None,
            ),
            Self::Given(_) => entry(
                "given",
                "Typed in",
                "One weight per class, such as 0.5,1,2",
                Some("Give one weight of 0 or more per class, and one above 0 to a class that is scored"),
            ),
        }
    }
}

/// `w_c = (1/f_c) / mean_c(1/f_c)` over the classes with labelled pixels; 0 for a class without any.
/// All 1 if nothing is labelled at all.
pub fn inverse_frequency(counts: &[u64]) -> Vec<f32> {
    let total: u64 = counts.iter().sum();
    let present = counts.iter().filter(|&&n| n > 0).count();
    if total == 0 {
        return vec![1.0; counts.len()];
    }
    let inverse: Vec<f64> = counts.iter().map(|&n| if n > 0 { total as f64 / n as f64 } else { 0.0 }).collect();
    let mean = inverse.iter().sum::<f64>() / present as f64;
    inverse.iter().map(|w| (w / mean) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_classes_weigh_more_and_the_mean_is_one() {
        // f = .5 .25 .25 → 1/f = 2 4 4, mean 10/3.
        let weights = inverse_frequency(&[50, 25, 25]);
        for (got, want) in weights.iter().zip([0.6, 1.2, 1.2]) {
            assert!((got - want).abs() < 1e-6, "{weights:?}");
        }
    }

    #[test]
    fn an_absent_class_is_left_out_of_the_mean() {
        let weights = inverse_frequency(&[50, 0, 50]);
        assert_eq!(weights, [1.0, 0.0, 1.0]);
        assert_eq!(inverse_frequency(&[0, 0]), [1.0, 1.0]);
    }
}
