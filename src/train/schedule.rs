//! Learning rate schedules: pure functions of the step.

use crate::domain::config::Schedule;

/// A learning rate that was set, and when. Later rates follow from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// The rate of the next step.
    pub rate: f64,
    /// Steps taken before it was set.
    pub step: u64,
}

/// Learning rate of step `step` (from 0) of `total`. At the anchor it is the rate that was set. From there a cosine continues
/// along its curve, scaled, to 0 at the end; it does not restart.
pub fn learning_rate(schedule: Schedule, set: Anchor, step: u64, total: u64) -> f64 {
    match schedule {
        Schedule::Constant => set.rate,
        Schedule::Cosine if step == set.step => set.rate,
        Schedule::Cosine => {
            let (here, there) = (half_cosine(step, total), half_cosine(set.step, total));
            if there > 0.0 { set.rate * here / there } else { set.rate }
        }
    }
}

/// From 1 down to 0 over `total` steps.
fn half_cosine(step: u64, total: u64) -> f64 {
    let progress = (step as f64 / total.max(1) as f64).min(1.0);
    0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(rate: f64, step: u64) -> Anchor {
        Anchor { rate, step }
    }

    #[test]
    fn a_cosine_is_half_in_the_middle_and_ends_at_zero() {
        let at = |step| learning_rate(Schedule::Cosine, set(0.1, 0), step, 100);
        assert!((at(0) - 0.1).abs() < 1e-12);
        assert!((at(50) - 0.05).abs() < 1e-12);
        assert!(at(100).abs() < 1e-12);
        assert!(at(150).abs() < 1e-12, "it does not rise again");
        assert!((learning_rate(Schedule::Constant, set(0.1, 0), 99, 100) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_rate_set_during_a_run_applies_to_the_next_step_and_decays_from_there() {
        let at = |step| learning_rate(Schedule::Cosine, set(0.01, 75), step, 100);
        assert!((at(75) - 0.01).abs() < 1e-12, "not multiplied by the cosine of step 75: {}", at(75));
        assert!(at(76) < at(75) && at(90) < at(80) && at(100).abs() < 1e-12);
        let constant = learning_rate(Schedule::Constant, set(0.01, 75), 90, 100);
        assert!((constant - 0.01).abs() < 1e-12);
    }

    #[test]
    fn setting_the_current_rate_changes_nothing() {
        let first = set(0.1, 0);
        let now = learning_rate(Schedule::Cosine, first, 30, 100);
        for step in [30, 31, 60, 99] {
            let (before, after) = (
                learning_rate(Schedule::Cosine, first, step, 100),
                learning_rate(Schedule::Cosine, set(now, 30), step, 100),
            );
            assert!((before - after).abs() < 1e-15);
        }
    }
}
