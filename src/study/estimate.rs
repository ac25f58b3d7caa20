//! How long a study takes of which no run is done, from runs that were made before.

use super::plan::Plan;
use super::time_left::{self, Progress, Timed};
use crate::domain::RunConfig;

/// A run that was made before, and the seconds it took.
pub type Measured = (RunConfig, f64);

/// Seconds for all runs of a plan, one after the other; `None` unless one of them is like a run that was made: same network, input,
/// length and data.
pub fn seconds(plan: &Plan, before: &[Measured]) -> Option<f64> {
    let is_like = |config: &RunConfig| before.iter().any(|(other, _)| time_left::is_like(config, other));
    if !plan.runs.iter().any(|run| is_like(&run.config)) {
        return None;
    }
    let measured = before.iter().map(|(config, secs)| Timed { config, progress: Progress::Done(*secs) });
    let open = plan.runs.iter().map(|run| Timed { config: &run.config, progress: Progress::Open });
    time_left::seconds(&measured.chain(open).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn runs_like_those_of_the_plan_say_how_long_it_takes() {
        let plan = Plan::read("x", "seeds = [1, 2, 3]\n[base]\ndata = '/tiles'\n", Path::new(""), None).unwrap();
        let mut before = RunConfig { seed: 9, data: "/tiles".into(), ..RunConfig::default() };
        assert_eq!(seconds(&plan, &[]), None);
        assert_eq!(seconds(&plan, &[(before.clone(), 20.0)]), Some(60.0));
        before.train.batch += 1;
        assert_eq!(seconds(&plan, &[(before, 20.0)]), None, "another kind of run");
    }
}
