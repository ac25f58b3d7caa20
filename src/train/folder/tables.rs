//! Rows of the tables in a run folder.

use serde::{Deserialize, Serialize};

/// Columns of `steps.csv`.
pub(super) const STEP_COLUMNS: [&str; 4] = ["step", "epoch", "loss", "lr"];
/// Columns of `metrics.csv` before the IoU of each class.
pub(super) const METRIC_COLUMNS: [&str; 7] =
    ["step", "epoch", "train_loss", "val_miou", "val_pixel_accuracy", "val_pixels", "secs"];
/// Column of `metrics.csv` after the IoU of each class, if the weights without averaging are scored.
pub(super) const RAW_COLUMN: &str = "val_miou_raw";

/// Rows in `steps.csv` at most.
const MAX_ROWS: u64 = 5000;

/// Steps summarised in a row of `steps.csv`. Rows go by count and not by the clock, so that equal runs write equal files.
pub fn steps_per_row(total_steps: u64) -> u64 {
    total_steps.div_ceil(MAX_ROWS).max(1)
}

/// One row of `steps.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRow {
    /// Steps taken.
    pub step: u64,
    /// Epoch the last of these steps belongs to, from 1.
    pub epoch: u32,
    /// Mean loss since the previous row.
    pub loss: f32,
    /// Learning rate of the last step.
    pub lr: f64,
}

/// One row of `metrics.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsRow {
    /// Steps taken.
    pub step: u64,
    /// Epochs finished.
    pub epoch: u32,
    /// Mean training loss since the previous row.
    pub train_loss: f32,
    /// Mean IoU, 0 to 1; NaN if nothing was scored.
    pub miou: f64,
    /// Share of the scored pixels predicted correctly, 0 to 1.
    pub pixel_accuracy: f64,
    /// Scored pixels.
    pub pixels: u64,
    /// Seconds since the previous row.
    pub secs: f32,
    /// IoU per class, in index order; NaN where a class does not occur.
    pub iou: Vec<f64>,
    /// Mean IoU of the weights without averaging, if they are scored; NaN if nothing was.
    pub raw_miou: Option<f64>,
}

impl StepRow {
    /// The fields, in the order of [`STEP_COLUMNS`].
    pub(super) fn fields(&self) -> [String; 4] {
        let Self { step, epoch, loss, lr } = self;
        [step.to_string(), epoch.to_string(), loss.to_string(), lr.to_string()]
    }
}

impl MetricsRow {
    /// The fields, in the order of [`METRIC_COLUMNS`], then the IoU of each class and what [`RAW_COLUMN`] has.
    pub(super) fn fields(&self) -> impl Iterator<Item = String> {
        let Self { step, epoch, train_loss, miou, pixel_accuracy, pixels, secs, iou, raw_miou } = self;
        let fields = [
            step.to_string(),
            epoch.to_string(),
            train_loss.to_string(),
            miou.to_string(),
            pixel_accuracy.to_string(),
            pixels.to_string(),
            secs.to_string(),
        ];
        fields.into_iter().chain(iou.iter().chain(raw_miou).map(ToString::to_string))
    }

    /// Reads a row about this many classes; `None` if it is incomplete, as the last row of a killed run may be.
    pub(super) fn parse(record: &csv::StringRecord, classes: usize) -> Option<Self> {
        let field = |i: usize| record.get(i);
        Some(Self {
            step: field(0)?.parse().ok()?,
            epoch: field(1)?.parse().ok()?,
            train_loss: field(2)?.parse().ok()?,
            miou: field(3)?.parse().ok()?,
            pixel_accuracy: field(4)?.parse().ok()?,
            pixels: field(5)?.parse().ok()?,
            secs: field(6)?.parse().ok()?,
            iou: record.iter().skip(7).take(classes).map(|text| text.parse().unwrap_or(f64::NAN)).collect(),
            raw_miou: field(7 + classes).and_then(|text| text.parse().ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_by_count_and_limited() {
        assert_eq!([0, 1, 5000, 5001, 1_000_000].map(steps_per_row), [1, 1, 1, 2, 200]);
    }
}
