//! Scores beside the headline.

use serde::{Deserialize, Serialize};

use super::agreement::Agreement;
use super::calibration::Reliability;

/// What stands beside mean IoU over the dataset. Fractions of 1; NaN where a score is undefined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FurtherScores {
    /// What follows from the confusion matrix.
    pub agreement: Agreement,
    /// Mean over the tiles of their mean IoU.
    #[serde(with = "super::nan")]
    pub per_image_miou: f64,
    /// The 95 % interval of mean IoU with other tiles; absent for fewer than ten parts.
    pub interval: Option<[f64; 2]>,
    /// The parts that the interval was drawn from: scenes where tiles touch, else tiles.
    pub parts: usize,
    /// Boundary IoU per class; NaN for ignored classes and those without boundaries.
    #[serde(with = "super::nan::list")]
    pub boundary_iou: Vec<f64>,
    /// Mean boundary IoU.
    #[serde(with = "super::nan")]
    pub mean_boundary_iou: f64,
    /// How sure predictions were, and how many were right.
    pub reliability: Reliability,
}
