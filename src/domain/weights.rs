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
    /// `med(f)/f_c` for the frequencies f of the classes among labelled pixels (Eigen, Fergus, ICCV 2015).
    Median,
    /// `1/ln(1.02 + f_c)` (Paszke et al. 2016).
    Enet,
    /// `(1 − β)/(1 − β^{n_c})` for n labelled pixels of a class, normalised to mean 1 (Cui et al., CVPR 2019).
    Effective(f64),
    /// One weight of 0 or more per class, in index order.
    Given(Vec<f32>),
}

impl Choice for ClassWeights {
    const WHAT: &'static str = "class weights";
    const ALL: &'static [Self] =
        &[Self::None, Self::Inverse, Self::Median, Self::Enet, Self::Effective(0.99), Self::Given(Vec::new())];

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
            Self::Median => entry(
                "median",
                "Median frequency",
                "Rare classes weigh more: median frequency over that of the class",
                None,
            ),
            Self::Enet => entry("enet", "ENet", "Rare classes weigh more, within bounds: 1/ln(1.02 + frequency)", None),
            Self::Effective(_) => entry(
                "effective",
                "Effective number",
                "Rare classes weigh more, by effective number: labels of a class beyond some 1/(1 - beta) add little",
                Some("Choose a beta of 0 up to but not including 1, such as 0.99"),
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

impl ClassWeights {
    /// Whether the weights follow from how many pixels of each class are labelled.
    pub fn follow_labels(&self) -> bool {
        !matches!(self, Self::None | Self::Given(_))
    }

    /// The weights for this many labelled pixels of each class: 0 for a class without any, all 1 if nothing is labelled at all. Only
    /// their ratios matter. `None` if they do not follow labels.
    pub fn of_labels(&self, counts: &[u64]) -> Option<Vec<f32>> {
        let total: u64 = counts.iter().sum();
        let each = |weigh: &dyn Fn(f64) -> f64| -> Vec<f64> {
            counts.iter().map(|&n| if n > 0 { weigh(n as f64) } else { 0.0 }).collect()
        };
        let weights = match self {
            Self::None | Self::Given(_) => return None,
            _ if total == 0 => vec![1.0; counts.len()],
            Self::Inverse => with_mean_1(each(&|n| total as f64 / n)),
            Self::Median => {
                let median = median(counts);
                each(&|n| median / n)
            }
            Self::Enet => each(&|n| 1.0 / (1.02 + n / total as f64).ln()),
            Self::Effective(beta) => with_mean_1(each(&|n| (1.0 - beta) / (1.0 - beta.powf(n)))),
        };
        Some(weights.into_iter().map(|weight| weight as f32).collect())
    }
}

/// Scales weights so that their mean is 1, apart from those that are 0.
fn with_mean_1(weights: Vec<f64>) -> Vec<f64> {
    let present = weights.iter().filter(|weight| **weight > 0.0).count();
    let mean = weights.iter().sum::<f64>() / present as f64;
    weights.into_iter().map(|weight| weight / mean).collect()
}

/// The median of the counts above 0, of which there must be some.
fn median(counts: &[u64]) -> f64 {
    let mut counts: Vec<u64> = counts.iter().copied().filter(|n| *n > 0).collect();
    counts.sort_unstable();
    let middle = counts.len() / 2;
    (counts[(counts.len() - 1) / 2] as f64 + counts[middle] as f64) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_weights(kind: &ClassWeights, counts: &[u64], want: &[f32]) {
        let got = kind.of_labels(counts).expect("they follow labels");
        assert_eq!(got.len(), want.len());
        assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-6), "{kind:?}: {got:?}");
    }

    #[test]
    fn weights_are_those_worked_out_by_hand() {
        // f = .5 .25 .25 → 1/f = 2 4 4, mean 10/3.
        assert_weights(&ClassWeights::Inverse, &[50, 25, 25], &[0.6, 1.2, 1.2]);
        assert_weights(&ClassWeights::Median, &[50, 25, 25], &[0.5, 1.0, 1.0]);
        assert_weights(&ClassWeights::Median, &[40, 10, 0], &[0.625, 2.5, 0.0]);
        // 1/ln 1.52 and 1/ln 1.27.
        assert_weights(&ClassWeights::Enet, &[50, 25, 25], &[2.388_286, 4.183_804_6, 4.183_804_6]);
        // (1 − .9)/(1 − .9¹) = 1 and (1 − .9)/(1 − .9¹⁰) = .153 534, with mean 1.
        assert_weights(&ClassWeights::Effective(0.9), &[1, 10, 0], &[1.733_802_4, 0.266_197_6, 0.0]);
        assert_weights(&ClassWeights::Effective(0.0), &[1, 10], &[1.0, 1.0]);
    }

    #[test]
    fn an_absent_class_weighs_nothing_and_where_all_are_absent_they_weigh_alike() {
        for kind in ClassWeights::ALL.iter().filter(|kind| kind.follow_labels()) {
            let weights = kind.of_labels(&[50, 0, 50]).expect("they follow labels");
            assert!(weights[0] > 0.0 && weights[0] == weights[2] && weights[1] == 0.0, "{kind:?}: {weights:?}");
            assert_eq!(kind.of_labels(&[0, 0]), Some(vec![1.0, 1.0]));
        }
        assert_eq!(ClassWeights::None.of_labels(&[1, 2]), None);
        assert_eq!(ClassWeights::Inverse.of_labels(&[50, 0, 50]), Some(vec![1.0, 0.0, 1.0]), "left out of the mean");
    }
}
