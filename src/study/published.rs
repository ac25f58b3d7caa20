//! Rows of a published table, which a report shows beside our own.

use serde::{Deserialize, Serialize};

/// What a publication says of one configuration. Figures that it does not give are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Published {
    /// Name of the configuration in the plan.
    pub run: String,
    /// What the figures hold for, where that differs from the plan; empty if it does not.
    pub note: String,
    /// Best validation mIoU, 0 to 1.
    pub best_miou: Option<f64>,
    /// Validation mIoU after the last epoch, 0 to 1.
    pub final_miou: Option<f64>,
    /// Pixel accuracy after the last epoch, 0 to 1.
    pub final_accuracy: Option<f64>,
    /// Minutes an epoch takes.
    pub minutes_per_epoch: Option<f64>,
}
