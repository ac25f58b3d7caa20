//! How long a study takes of which no run is done, from runs that were made before.

use super::overview::{self, Overview};
use super::plan::Plan;
use super::time_left::{self, Progress, Timed};
use crate::domain::RunConfig;

/// A run that was made before, and the seconds it took.
pub type Measured = (RunConfig, f64);

/// Seconds for what is left of a plan, with as many workers as there are now; `None` unless one of its runs is like a run that was made:
/// same network, input, length and data.
pub fn seconds(plan: &Plan, overview: &Overview, before: &[Measured]) -> Option<f64> {
    let is_like = |config: &RunConfig| before.iter().any(|(other, _)| time_left::is_like(config, other));
    if !plan.runs.iter().any(|run| is_like(&run.config)) {
        return None;
    }
    let measured = before.iter().map(|(config, secs)| Timed { config, progress: Progress::Done(*secs), saved: 0.0 });
    time_left::seconds(&measured.chain(overview::timed(plan, &overview.runs)).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::study::folder::StudyFolder;

    #[test]
    fn runs_like_those_of_the_plan_say_how_long_it_takes() {
        let plan = Plan::read("x", "seeds = [1, 2, 3]\n[base]\ndata = '/tiles'\n", Path::new(""), None).unwrap();
        let mut overview = Overview::of(&plan, None, &StudyFolder::at(Path::new("/no/such/study")));
        let mut before = RunConfig { seed: 9, data: "/tiles".into(), ..RunConfig::default() };
        assert_eq!(seconds(&plan, &overview, &[]), None);
        assert_eq!(seconds(&plan, &overview, &[(before.clone(), 20.0)]), Some(60.0));
        overview.runs[0].saved = 0.75;
        assert_eq!(seconds(&plan, &overview, &[(before.clone(), 20.0)]), Some(45.0), "a quarter is left of one");
        before.train.batch += 1;
        assert_eq!(seconds(&plan, &overview, &[(before, 20.0)]), None, "another kind of run");
    }
}
