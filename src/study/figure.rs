//! A figure of a table: a mean over the seeds of a configuration, with its spread.

use crate::domain::estimate::Estimate;

/// A figure of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The mean over those runs that have the figure.
    pub mean: f64,
    /// Standard deviation; `None` of a single run.
    pub spread: Option<f64>,
    /// How many runs have it.
    pub runs: usize,
}

impl Figure {
    /// The figure of some runs; `None` without values. What is not a number does not count.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let Estimate { mean, spread, .. } = Estimate::of(&values);
        let runs = values.len();
        (runs > 0).then(|| Self { mean, spread: (runs > 1).then_some(spread), runs })
    }

    /// Mean and spread to so many digits.
    pub fn text(&self, digits: usize) -> String {
        let Self { mean, spread, .. } = self;
        match spread {
            Some(spread) => format!("{mean:.digits$} ± {spread:.digits$}"),
            None => format!("{mean:.digits$}"),
        }
    }
}

/// Minutes for readers: two decimals, and two significant digits where these would be all alike, of less than six seconds.
pub fn minutes(minutes: f64) -> String {
    let scientific = format!("{minutes:.1e}");
    let exponent = scientific.rsplit_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    let decimals = exponent.map_or(2, |exponent| (1 - exponent).max(2)) as usize;
    format!("{minutes:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_that_of_the_runs_that_have_the_figure() {
        assert_eq!(Figure::of([]), None);
        assert_eq!(Figure::of([0.45, f64::NAN]).unwrap().text(4), "0.4500", "another run has no score");
        let figure = Figure::of([0.4, 0.5]).unwrap();
        assert_eq!((figure.text(4).as_str(), figure.runs), ("0.4500 ± 0.0707", 2));
    }

    #[test]
    fn runs_of_seconds_do_not_look_alike() {
        let shown = [0.0, 0.000_72, 0.004_21, 0.05, 0.0996, 0.1, 2.714].map(minutes);
        assert_eq!(shown, ["0.00", "0.00072", "0.0042", "0.050", "0.10", "0.10", "2.71"]);
    }
}
