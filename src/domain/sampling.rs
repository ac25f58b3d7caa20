//! Sparse labels drawn from a full mask, the same on every machine.
//!
//! Every pixel of a class gets a number from (seed, tile id, class, position); the pixels with the smallest numbers are
//! kept. So a lower keep ratio with the same seed keeps a subset of what a higher one keeps, and neither thread count
//! nor platform can change the outcome.

use serde::{Deserialize, Serialize};

use super::choice::{Choice, Entry};
use super::{Mask, Notice, UNLABELLED, hash};

/// How sparse labels are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// ⌈r·n⌉ random pixels of every class present in the tile, for a keep ratio r above 0 and at most 1.
    FractionPerClass(f64),
    /// Every pixel with the same probability, above 0 and at most 1.
    FractionOfPixels(f64),
    /// This many single pixels per class and tile, at least 1.
    PointsPerClass(u32),
    /// No pixel: only own labels count.
    OwnLabelsOnly,
    /// Every labelled pixel.
    Full,
}

/// A strategy with its seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// How labels are drawn.
    pub strategy: Strategy,
    /// Another seed draws other pixels.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { strategy: Strategy::FractionPerClass(0.1), seed: 42 }
    }
}

impl Choice for Strategy {
    const WHAT: &'static str = "sampling";
    const ALL: &'static [Self] = &[
        Self::FractionPerClass(0.1),
        Self::FractionOfPixels(0.1),
        Self::PointsPerClass(5),
        Self::OwnLabelsOnly,
        Self::Full,
    ];

    fn entry(&self) -> Entry {
        let entry = |name, title, help, remedy| Entry { name, title, help, remedy };
        let ratio = Some("Choose a keep ratio above 0 and at most 1");
        match self {
            Self::FractionPerClass(_) => entry(
                "fraction_per_class",
                "Fraction of each class",
                "This share of the pixels of each class keeps its label, at least one pixel per class",
                ratio,
            ),
            Self::FractionOfPixels(_) => entry(
                "fraction_of_pixels",
                "Fraction of all pixels",
                "Each pixel keeps its label with this probability",
                ratio,
            ),
            Self::PointsPerClass(_) => entry(
                "points_per_class",
                "Points per class",
                "This many single pixels per class and tile keep their label",
                Some("Choose at least 1"),
            ),
            Self::OwnLabelsOnly => entry(
                "own_labels_only",
                "Own labels only",
                "Masks are not learned from, only labels given by hand",
                Some("Label a training tile, or sample labels from masks"),
            ),
            Self::Full => entry("full", "Full masks", "Every labelled pixel of the masks keeps its label", None),
        }
    }
}

impl Strategy {
    /// Why the strategy cannot be used, if so.
    pub fn problem(self) -> Option<Notice> {
        let headline = match self {
            Self::FractionPerClass(r) | Self::FractionOfPixels(r) if !(r > 0.0 && r <= 1.0) => {
                format!("A keep ratio of {r} cannot be used")
            }
            Self::PointsPerClass(0) => "0 points per class leave nothing to learn from".to_owned(),
            _ => return None,
        };
        Some(Notice::new(headline).remedy(self.remedy()))
    }

    /// True when labels are so few that shrinking a tile must not lose any.
    pub fn is_points(self) -> bool {
        matches!(self, Self::PointsPerClass(_))
    }

    /// In words, for logs and captions.
    pub fn describe(self) -> String {
        match self {
            Self::FractionPerClass(r) => format!("{} % of each class", percent(r)),
            Self::FractionOfPixels(r) => format!("{} % of all pixels", percent(r)),
            Self::PointsPerClass(1) => "1 point per class and tile".to_owned(),
            Self::PointsPerClass(n) => format!("{n} points per class and tile"),
            Self::OwnLabelsOnly => "own labels only".to_owned(),
            Self::Full => "full masks".to_owned(),
        }
    }
}

/// A ratio in per cent, without rounding noise.
fn percent(ratio: f64) -> f64 {
    (ratio * 1e8).round() / 1e6
}

/// Draws the sparse mask of one tile. Pixels that are unlabelled in `full` stay unlabelled.
pub fn sample(full: &Mask, tile_id: &str, sampling: &Sampling) -> Mask {
    let key = hash::key(sampling.seed, tile_id);
    match sampling.strategy {
        Strategy::Full => full.clone(),
        Strategy::OwnLabelsOnly => Mask::unlabelled(full.width(), full.height()),
        Strategy::FractionOfPixels(ratio) => keep_below(full, key, ratio),
        Strategy::FractionPerClass(ratio) => keep_smallest(full, key, |n| (ratio * n as f64).ceil() as u64),
        Strategy::PointsPerClass(points) => keep_smallest(full, key, |n| n.min(u64::from(points))),
    }
}

/// Keeps every labelled pixel whose number is among the lowest `ratio` of all numbers.
fn keep_below(full: &Mask, key: u64, ratio: f64) -> Mask {
    let mut kept = full.clone();
    let bound = bound_for(ratio);
    for (i, index) in kept.data_mut().iter_mut().enumerate() {
        *index = unlabelled_if(*index, hash::mix(key ^ i as u64) > bound);
    }
    kept
}

/// Keeps, of each class with n pixels, the `quota(n)` pixels with the smallest numbers.
fn keep_smallest(full: &Mask, key: u64, quota: impl Fn(u64) -> u64) -> Mask {
    let counts = full.counts(usize::from(UNLABELLED));
    let quotas: Vec<u64> = counts.iter().map(|&n| quota(n).min(n)).collect();
    // Numbers are uniform, so the last one to keep nearly always lies in a narrow range, and few need sorting.
    let range = |(&n, &k): (&u64, &u64)| {
        let (n, k) = (n.max(1) as f64, k as f64);
        let slack = 6.0 * k.sqrt() + 32.0;
        (bound_for(((k - slack) / n).max(0.0)), bound_for((k + slack) / n))
    };
    let ranges: Vec<_> = counts.iter().zip(&quotas).map(range).collect();
    keep_within(full, key, &quotas, &ranges).unwrap_or_else(|| {
        let all = vec![(0, u64::MAX); quotas.len()];
        keep_within(full, key, &quotas, &all).expect("the whole range of numbers holds every quota")
    })
}

/// [`keep_smallest`], looking for the last number to keep of each class within a range. `None` if it is outside.
fn keep_within(full: &Mask, key: u64, quotas: &[u64], ranges: &[(u64, u64)]) -> Option<Mask> {
    let nothing = (0, 0, 0); // Numbers of unlabelled pixels do not matter.
    let mut table = [nothing; 256];
    for (class, (entry, &(low, high))) in table.iter_mut().zip(ranges).enumerate() {
        *entry = (hash::mix(key ^ class as u64), low, high);
    }
    let mut kept = full.clone();
    let mut open = vec![Vec::new(); quotas.len()];
    for (i, index) in kept.data_mut().iter_mut().enumerate() {
        let class = usize::from(*index);
        let (class_key, low, high) = table[class];
        let number = hash::mix(class_key ^ i as u64);
        *index = unlabelled_if(*index, number >= low);
        if number.wrapping_sub(low) <= high - low && class < open.len() {
            open[class].push((number, i));
        }
    }
    let certain = kept.counts(quotas.len());
    for (class, list) in open.iter_mut().enumerate() {
        let missing = quotas[class].checked_sub(certain[class]).filter(|&n| n <= list.len() as u64)? as usize;
        if missing < list.len() {
            list.select_nth_unstable(missing);
        }
        for &(_, position) in &list[..missing] {
            kept.data_mut()[position] = class as u8;
        }
    }
    Some(kept)
}

/// [`UNLABELLED`] if `drop`, else the index. Without a branch: the condition is random, and mispredicting it for 6 million
/// pixels takes longer than everything else.
#[inline]
pub(crate) fn unlabelled_if(index: u8, drop: bool) -> u8 {
    const { assert!(UNLABELLED == u8::MAX, "setting every bit must unlabel") };
    index | 0_u8.wrapping_sub(u8::from(drop))
}

/// The largest number among the lowest `ratio` of all 64-bit numbers.
fn bound_for(ratio: f64) -> u64 {
    if ratio >= 1.0 { u64::MAX } else { (ratio * u64::MAX as f64) as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100×100: class 0 on the left 90 columns, class 1 on the next 9, the last column unlabelled.
    fn scene() -> Mask {
        let data = (0..10_000).map(|i| match i % 100 {
            0..90 => 0,
            90..99 => 1,
            _ => UNLABELLED,
        });
        Mask::from_vec(100, 100, data.collect()).expect("100×100")
    }

    fn draw(strategy: Strategy, seed: u64, tile: &str) -> Mask {
        sample(&scene(), tile, &Sampling { strategy, seed })
    }

    #[test]
    fn a_fraction_per_class_is_exact_and_rounds_up() {
        assert_eq!(draw(Strategy::FractionPerClass(0.01), 1, "a").counts(2), [90, 9]);
        assert_eq!(draw(Strategy::FractionPerClass(0.0001), 1, "a").counts(2), [1, 1]);
        assert_eq!(draw(Strategy::FractionPerClass(1.0), 1, "a"), scene());
    }

    #[test]
    fn points_never_exceed_what_is_there() {
        assert_eq!(draw(Strategy::PointsPerClass(5), 1, "a").counts(2), [5, 5]);
        assert_eq!(draw(Strategy::PointsPerClass(100_000), 1, "a"), scene());
    }

    #[test]
    fn a_fraction_of_pixels_is_a_probability() {
        let kept = draw(Strategy::FractionOfPixels(0.1), 1, "a").labelled() as f64;
        assert!((kept - 990.0).abs() < 4.0 * (9900.0_f64 * 0.09).sqrt(), "{kept}");
    }

    #[test]
    fn sampled_pixels_keep_their_class_and_unlabelled_stays_unlabelled() {
        for strategy in [Strategy::FractionPerClass(0.3), Strategy::FractionOfPixels(0.3), Strategy::PointsPerClass(50)]
        {
            let kept = draw(strategy, 5, "a");
            assert!(kept.data().iter().zip(scene().data()).all(|(&k, &f)| k == UNLABELLED || k == f));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_pixels_on_any_machine() {
        let positions = |seed, tile: &str| {
            let mask = draw(Strategy::PointsPerClass(2), seed, tile);
            mask.data().iter().enumerate().filter(|(_, c)| **c != UNLABELLED).map(|(i, _)| i).collect::<Vec<_>>()
        };
        assert_eq!(positions(42, "172307"), positions(42, "172307"));
        assert_ne!(positions(42, "172307"), positions(43, "172307"));
        assert_ne!(positions(42, "172307"), positions(42, "172308"));
    }

    #[test]
    fn a_lower_ratio_keeps_a_subset() {
        let few = draw(Strategy::FractionPerClass(0.01), 7, "a");
        let many = draw(Strategy::FractionPerClass(0.05), 7, "a");
        assert!(few.data().iter().zip(many.data()).all(|(&f, &m)| f == UNLABELLED || f == m));
    }

    #[test]
    fn strategies_that_keep_nothing_are_refused() {
        assert!(Strategy::FractionPerClass(0.0).problem().is_some());
        assert!(Strategy::FractionOfPixels(f64::NAN).problem().is_some());
        assert!(Strategy::PointsPerClass(0).problem().is_some());
        assert!(Strategy::FractionPerClass(0.05).problem().is_none());
        assert_eq!(Strategy::FractionPerClass(0.07).describe(), "7 % of each class");
    }
}
