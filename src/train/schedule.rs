//! Learning rate schedules: pure functions of the step.

use std::f64::consts::PI;

use crate::domain::config::{Length, Schedule, TrainConfig};

/// How the learning rate of a run changes: a linear warm-up, then the schedule over the steps that are left. It equals
/// PyTorch's `LinearLR(start_factor = 1 / (w + 1), total_iters = w)` followed by `CosineAnnealingLR`, `PolynomialLR`,
/// `StepLR` or `ConstantLR(1)`, for a warm-up of w steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    shape: Shape,
    /// Steps of the warm-up.
    warm_up: u64,
    /// Steps of the run.
    total: u64,
}

/// A learning rate that was set, and when. Later rates follow from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// The rate of the next step.
    rate: f64,
    /// Steps taken before it was set.
    step: u64,
    /// The rate at the end of the warm-up, from which the schedule comes down.
    peak: f64,
    /// The peak that was asked for at the start.
    asked: f64,
}

/// The share of the peak that the rate has after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Cosine,
    Polynomial { power: f64 },
    Step { every: u64, factor: f64 },
    Constant,
}

impl Course {
    /// The course of a run of `total` steps, `steps_per_epoch` in an epoch.
    pub fn new(config: &TrainConfig, steps_per_epoch: u64, total: u64) -> Self {
        let every = match config.decay_every {
            Length::Epochs(epochs) => u64::from(epochs) * steps_per_epoch,
            Length::Steps(steps) => steps,
        };
        let shape = match config.schedule {
            Schedule::Cosine => Shape::Cosine,
            Schedule::Polynomial => Shape::Polynomial { power: config.decay_power },
            Schedule::Step => Shape::Step { every: every.max(1), factor: config.decay_factor },
            Schedule::Constant => Shape::Constant,
        };
        Self { shape, warm_up: config.warm_up, total }
    }

    /// Where a run begins that has the rate `lr` once it is warm.
    pub fn start(&self, lr: f64) -> Anchor {
        Anchor { rate: self.ramp(lr, 0), step: 0, peak: lr, asked: lr }
    }

    /// The learning rate of step `step`, from 0. At the anchor it is the rate that was set. From there the schedule continues
    /// along its curve, scaled; it does not restart.
    pub fn rate(&self, set: Anchor, step: u64) -> f64 {
        if step <= set.step {
            return set.rate;
        }
        if step < self.warm_up {
            let progress = (step - set.step) as f64 / (self.warm_up - set.step) as f64;
            return set.rate + (set.peak - set.rate) * progress;
        }
        set.peak * self.share(step)
    }

    /// The anchor after somebody has set the `rate` of step `step`. Setting the current rate changes nothing. During a warm-up
    /// a rate below that of an untouched one lowers its end in proportion; a higher one does not raise it, unless it is above the
    /// end itself. Rates set before do not matter.
    pub fn set(&self, before: Anchor, step: u64, rate: f64) -> Anchor {
        let asked = before.asked;
        let peak = if step >= self.warm_up {
            let share = self.share(step);
            if share > 0.0 { rate / share } else { rate }
        } else if rate < self.ramp(asked, step) {
            asked * rate / self.ramp(asked, step)
        } else {
            asked.max(rate)
        };
        Anchor { rate, step, peak, asked }
    }

    /// The rate of a step of the warm-up to this peak.
    fn ramp(&self, peak: f64, step: u64) -> f64 {
        peak * (step as f64 + 1.0) / (self.warm_up as f64 + 1.0)
    }

    /// The share of the peak at a step after the warm-up.
    fn share(&self, step: u64) -> f64 {
        let (since, all) = (step - self.warm_up, self.total.saturating_sub(self.warm_up).max(1));
        let progress = (since as f64 / all as f64).min(1.0);
        match self.shape {
            Shape::Cosine => 0.5 * (1.0 + (PI * progress).cos()),
            Shape::Polynomial { power } => (1.0 - progress).powf(power),
            Shape::Step { every, factor } => factor.powf((since / every) as f64),
            Shape::Constant => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULES: [Schedule; 4] = [Schedule::Cosine, Schedule::Polynomial, Schedule::Step, Schedule::Constant];

    /// A course of `total` steps, 3 in an epoch; the schedule `step` lowers the rate after each epoch.
    fn course(schedule: Schedule, warm_up: u64, total: u64) -> Course {
        let config = TrainConfig { schedule, warm_up, decay_every: Length::Epochs(1), ..TrainConfig::default() };
        Course::new(&config, 3, total)
    }

    fn assert_close(got: f64, want: f64, what: &str) {
        assert!((got - want).abs() < 1e-9, "{what}: {got} for {want}");
    }

    /// Reference: PyTorch 2.15, `SequentialLR` of `LinearLR(0.2, 1, 4)` and the schedule, at a learning rate of 0.1.
    #[test]
    fn rates_equal_pytorch() {
        let warm_up = [0.02, 0.04, 0.06, 0.08];
        let after = [
            [
                0.1,
                0.097_552_825_8,
                0.090_450_849_7,
                0.079_389_262_6,
                0.065_450_849_7,
                0.05,
                0.034_549_150_3,
                0.020_610_737_4,
                0.009_549_150_28,
                0.002_447_174_19,
            ],
            [
                0.1,
                0.090_953_257_6,
                0.081_805_214_6,
                0.072_541_784_7,
                0.063_144_586_7,
                0.053_588_673_1,
                0.043_838_329_1,
                0.033_838_346_2,
                0.023_492_378_9,
                0.012_589_254_1,
            ],
            [0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001, 0.001, 0.0001],
            [0.1; 10],
        ];
        for (schedule, after) in SCHEDULES.into_iter().zip(after) {
            let course = course(schedule, 4, 14);
            for (step, want) in warm_up.into_iter().chain(after).enumerate() {
                let got = course.rate(course.start(0.1), step as u64);
                assert_close(got, want, &format!("{schedule:?} at {step}"));
            }
        }
    }

    #[test]
    fn what_comes_down_to_zero_stays_there() {
        for schedule in [Schedule::Cosine, Schedule::Polynomial] {
            let course = course(schedule, 0, 100);
            for step in [100, 150] {
                assert_close(course.rate(course.start(0.1), step), 0.0, "it does not rise again");
            }
        }
    }

    #[test]
    fn a_rate_set_during_a_run_applies_to_the_next_step_and_decays_from_there() {
        for schedule in SCHEDULES {
            let course = course(schedule, 0, 100);
            let at = |step| course.rate(course.set(course.start(0.1), 75, 0.01), step);
            assert_close(at(75), 0.01, "not multiplied by the share of step 75");
            let ratio = course.share(90) / course.share(75);
            assert_close(at(90), 0.01 * ratio, &format!("{schedule:?} continues along its curve"));
        }
    }

    #[test]
    fn setting_the_current_rate_changes_nothing() {
        for schedule in SCHEDULES {
            let course = course(schedule, 20, 100);
            let first = course.start(0.1);
            for now in [0, 7, 19, 20, 50] {
                let again = course.set(first, now, course.rate(first, now));
                for step in [now, now + 1, 21, 60, 99].into_iter().filter(|step| *step >= now) {
                    assert_close(
                        course.rate(again, step),
                        course.rate(first, step),
                        &format!("{schedule:?} {now} {step}"),
                    );
                }
            }
        }
    }

    #[test]
    fn a_warm_up_forgets_rates_that_were_set_before() {
        for schedule in SCHEDULES {
            let course = course(schedule, 9, 100);
            let at_once = course.set(course.start(0.1), 4, 0.05);
            for first in [1e-6, 0.07, 3.0] {
                let twice = [2, 4].map(|step| course.set(course.set(course.start(0.1), step, first), 4, 0.05));
                assert_eq!(twice, [at_once; 2], "{schedule:?} after {first}");
            }
        }
    }

    #[test]
    fn a_rate_set_during_the_warm_up_never_makes_it_end_higher_than_asked_for() {
        let course = course(Schedule::Constant, 9, 100);
        let after = |rate| {
            let set = course.set(course.start(0.1), 4, rate);
            [4, 9, 50].map(|step| course.rate(set, step))
        };
        for (rate, end) in [(0.05, 0.1), (0.025, 0.05), (0.08, 0.1), (0.1, 0.1), (0.2, 0.2)] {
            for (got, want) in after(rate).into_iter().zip([rate, end, end]) {
                assert_close(got, want, &format!("set to {rate}"));
            }
        }
    }
}
