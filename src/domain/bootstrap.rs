//! How far mean IoU would vary with other tiles: the bootstrap (Efron 1979).

use super::hash::Stream;
use super::metrics::{Tally, mean_of_numbers};

/// Draws of as many parts as there are, with replacement.
const DRAWS: usize = 1000;
/// Parts below which percentiles of draws say nothing of the spread.
const FEWEST: usize = 10;
/// The same draws each time: the interval is a property of the scores.
const SEED: u64 = 0;

/// The 95 % interval of mean IoU, from the 2.5th to the 97.5th percentile. `parts` are the tallies of the classes for each part: a
/// tile, or all tiles of a scene, because tiles that touch are no independent samples. `None` for fewer than ten parts: so few draws cover too little.
pub fn interval_of_miou(parts: &[Vec<Tally>]) -> Option<[f64; 2]> {
    if parts.len() < FEWEST {
        return None;
    }
    let mut random = Stream::new(SEED);
    let mut draw = || (0..parts.len()).map(|_| &parts[random.below(parts.len())]).collect::<Vec<_>>();
    let mut means: Vec<f64> = (0..DRAWS).map(|_| miou(&draw())).filter(|mean| !mean.is_nan()).collect();
    means.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| means.get((share * means.len() as f64) as usize).copied();
    Some([at(0.025)?, at(0.975)?])
}

fn miou(parts: &[&Vec<Tally>]) -> f64 {
    let mut sums = vec![Tally::default(); parts[0].len()];
    for part in parts {
        sums.iter_mut().zip(*part).for_each(|(sum, tally)| sum.add(tally));
    }
    mean_of_numbers(&sums.iter().map(Tally::iou).collect::<Vec<f64>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(hits: u64) -> Vec<Tally> {
        vec![Tally { hits, truth: 100, predicted: 100 }]
    }

    #[test]
    fn the_interval_covers_the_mean_and_narrows_with_more_tiles() {
        let few: Vec<_> = (0..12).map(|i| tile(40 + 10 * (i % 6))).collect();
        let many: Vec<_> = (0..96).map(|i| tile(40 + 10 * (i % 6))).collect();
        let ([low, high], [from, to]) = (interval_of_miou(&few).unwrap(), interval_of_miou(&many).unwrap());
        let mean = miou(&few.iter().collect::<Vec<_>>());
        assert!(low < mean && mean < high && low < from && to < high, "{low} {from} {mean} {to} {high}");
        // The standard error of 65 ± 17 hits from 96 tiles is 1.75: IoU .48 ± about .02, and twice that to either side.
        assert!((0.03..0.12).contains(&(to - from)), "{from} to {to}");
        assert_eq!(interval_of_miou(&few), Some([low, high]), "the same again");
    }

    #[test]
    fn equal_tiles_have_no_spread_and_few_say_nothing() {
        let equal: Vec<_> = (0..10).map(|_| tile(50)).collect();
        let [low, high] = interval_of_miou(&equal).unwrap();
        assert!((low - 1.0 / 3.0).abs() < 1e-12 && (high - low).abs() < 1e-12);
        assert_eq!(interval_of_miou(&equal[..9]), None);
    }
}
