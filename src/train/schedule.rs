//! The course of the learning rate: a pure function of the step.

use crate::domain::config::Schedule;

/// Learning rate of step `step` (from 0) of `total`, starting at `lr`. The cosine ends at 0 and does not restart.
pub fn learning_rate(schedule: Schedule, lr: f64, step: u64, total: u64) -> f64 {
    match schedule {
        Schedule::Constant => lr,
        Schedule::Cosine => {
            let progress = (step as f64 / total.max(1) as f64).min(1.0);
            lr * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosine_starts_high_is_half_in_the_middle_and_ends_at_zero() {
        let at = |step| learning_rate(Schedule::Cosine, 0.1, step, 100);
        assert!((at(0) - 0.1).abs() < 1e-12);
        assert!((at(50) - 0.05).abs() < 1e-12);
        assert!(at(100).abs() < 1e-12);
        assert!(at(150).abs() < 1e-12, "it does not rise again");
        assert!((learning_rate(Schedule::Constant, 0.1, 99, 100) - 0.1).abs() < 1e-12);
    }
}
