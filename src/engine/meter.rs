//! Running means and times of a run.

use std::time::Instant;

use serde::{Deserialize, Serialize};

/// A mean that starts over when it is read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Mean {
    #[serde(with = "crate::domain::bits")]
    sum: f64,
    count: u32,
}

impl Mean {
    pub(super) fn add(&mut self, value: f32) {
        self.sum += f64::from(value);
        self.count += 1;
    }

    /// Whether it has values.
    pub(super) fn is_begun(&self) -> bool {
        self.count > 0
    }

    /// How many values it has.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The mean since the last call; NaN without values.
    pub(super) fn take(&mut self) -> f32 {
        let mean = self.sum / f64::from(self.count);
        *self = Self::default();
        mean as f32
    }
}

/// Losses and times of the steps. What goes into a report is not kept when a run is saved.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Meter {
    #[serde(skip)]
    pub(super) since_report: Mean,
    pub(super) since_row: Mean,
    pub(super) since_evaluation: Mean,
    #[serde(skip)]
    report_secs: f64,
    #[serde(skip)]
    report_waiting: f64,
    #[serde(skip)]
    report_steps: u32,
    #[serde(skip)]
    reported_at: Option<Instant>,
    total_secs: f64,
    total_waiting: f64,
}

impl Meter {
    /// Records a step: its loss, the seconds it waited for the loader, and the seconds it computed.
    pub(super) fn step(&mut self, loss: f32, waiting: f64, computing: f64) {
        self.since_report.add(loss);
        self.since_row.add(loss);
        self.since_evaluation.add(loss);
        self.report_secs += computing + waiting;
        self.report_waiting += waiting;
        self.report_steps += 1;
        self.total_secs += computing + waiting;
        self.total_waiting += waiting;
    }

    /// Whether the next report is due: there are at most 20 per second.
    pub(super) fn is_report_due(&self) -> bool {
        self.reported_at.is_none_or(|at| at.elapsed().as_millis() >= 50)
    }

    /// Seconds per step and the share of waiting since the last report.
    pub(super) fn take_report(&mut self) -> (f32, f32) {
        let secs = self.report_secs / f64::from(self.report_steps.max(1));
        let waiting = self.report_waiting / self.report_secs.max(f64::MIN_POSITIVE);
        (self.report_secs, self.report_waiting, self.report_steps) = (0.0, 0.0, 0);
        self.reported_at = Some(Instant::now());
        (secs as f32, waiting as f32)
    }

    /// Share of the time of all steps spent waiting.
    pub(super) fn waiting_share(&self) -> f64 {
        if self.total_secs > 0.0 { self.total_waiting / self.total_secs } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_shares_start_over_after_each_report() {
        let mut meter = Meter::default();
        meter.step(1.0, 0.1, 0.3);
        meter.step(3.0, 0.0, 0.4);
        assert!((meter.since_report.take() - 2.0).abs() < 1e-6);
        let (secs, waiting) = meter.take_report();
        assert!((secs - 0.4).abs() < 1e-6 && (waiting - 0.125).abs() < 1e-6);
        assert!(meter.since_report.take().is_nan());
        assert!(
            meter.since_row.is_begun() && (meter.since_row.take() - 2.0).abs() < 1e-6 && !meter.since_row.is_begun()
        );
        assert!((meter.since_evaluation.take() - 2.0).abs() < 1e-6);
        assert!((meter.waiting_share() - 0.125).abs() < 1e-9);
    }
}
