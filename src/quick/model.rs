//! What a head has learned, of whichever kind.

use super::batch::{Batch, ClickPixels, Taken};
use super::course::Course;
use super::forest::Forest;
use super::forest_level;
use super::levels::Levels;
use super::logistic::Linear;
use super::method::QuickMethod;
use super::samples::TileSamples;
use super::scaling::{self, Scaling};
use super::tile_features::{TileFeatures, bank_values};
use crate::domain::geometry::PixelRect;

/// With fewer clicks a class than this, the encoder's view of the image at half and quarter size is left out: it tells
/// places apart rather than classes.
const CLICKS_FOR_ALL_SCALES: usize = 2;

/// What has been learned.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Model {
    /// Logistic regression on all features.
    Linear { linear: Linear, scaling: Vec<Scaling> },
    /// A random forest on the filter bank.
    Forest(Forest),
}

impl Model {
    /// Learns to tell `classes` apart from some clicks. A linear model starts from `before` if that has the same classes.
    pub(super) fn learn(course: &Course<'_>, clicks: &[ClickPixels], classes: &[u8], before: Option<&Self>) -> Self {
        match course.method {
            QuickMethod::Linear => {
                let scaling = scaling::of(course.tiles, clicks.len() >= CLICKS_FOR_ALL_SCALES * classes.len());
                let mut linear = match before {
                    Some(Self::Linear { linear, .. }) if linear.features() == scaling.len() => linear.clone(),
                    _ => Linear::zeros(classes.len(), scaling.len()),
                };
                let samples = (course.tiles, course.shares(clicks));
                linear.fit(&Batch::of((samples.0, &samples.1), clicks, &Taken::all(&scaling), classes).samples());
                Self::Linear { linear, scaling }
            }
            QuickMethod::Forest => {
                let batch = of_bank((course.tiles, &course.shares(clicks)), clicks, classes);
                Self::Forest(Forest::learn(&batch.samples(), classes.len()))
            }
        }
    }

    /// Probabilities of the classes at the pixels of a click: `[pixels, classes]`.
    pub(super) fn probabilities(&self, tiles: &[&TileSamples], click: &ClickPixels, classes: &[u8]) -> Vec<f32> {
        let (samples, click) = ((tiles, &vec![1.0; tiles.len()][..]), std::slice::from_ref(click));
        match self {
            Self::Linear { linear, scaling } => {
                linear.probabilities(Batch::of(samples, click, &Taken::all(scaling), classes).features())
            }
            Self::Forest(forest) => forest.probabilities(of_bank(samples, click, classes).features()),
        }
    }

    /// What it says of a part of a tile.
    pub(super) fn levels<'a>(&self, features: &'a TileFeatures, classes: usize, part: PixelRect) -> Levels<'a> {
        match self {
            Self::Linear { linear, scaling } => Levels::new(features, linear, scaling, part),
            Self::Forest(forest) => forest_level::levels(features, forest, classes, part),
        }
    }
}

/// The filter bank's values at the pixels of clicks.
fn of_bank(samples: (&[&TileSamples], &[f32]), clicks: &[ClickPixels], classes: &[u8]) -> Batch {
    let values = samples.0.first().map_or(0..0, |tile| bank_values(&tile.groups));
    let scaling = vec![Scaling::NONE; values.len()];
    Batch::of(samples, clicks, &Taken { values, scaling: &scaling }, classes)
}
