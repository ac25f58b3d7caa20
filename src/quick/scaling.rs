//! How features are scaled before the head learns from them.
//!
//! Features come in groups, one a map. Groups count alike however many values they have: without that the 432 values of
//! the two coarsest stages outvote all others (docs/few-clicks.md has the figures).

use super::feature_map::Moments;
use super::feature_map::Source;
use super::samples::TileSamples;
use super::tile_features::FeatureGroup;

/// Deviations below this are a constant feature's: it says nothing and is left out.
const CONSTANT: f32 = 1e-6;

/// `scaled = (value − mean) · factor`
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scaling {
    pub(super) mean: f32,
    pub(super) factor: f32,
}

impl Scaling {
    /// Values as they are.
    pub(super) const NONE: Self = Self { mean: 0.0, factor: 1.0 };
}

/// Standardises each feature over all tiles' pixels, and lets each group count alike.
///
/// A group's weight is √(values a group / values of this group), taken over the groups that are used: the sum of all
/// squares stays what it was without weights, and so does the meaning of the penalty.
pub(super) fn of(tiles: &[&TileSamples], all_scales: bool) -> Vec<Scaling> {
    let Some(first) = tiles.first() else { return Vec::new() };
    let used = |group: &&FeatureGroup| all_scales || matches!(group.source, Source::Bank | Source::Encoder(0));
    let total: usize = first.groups.iter().filter(used).map(|group| group.values.len()).sum();
    let count = first.groups.iter().filter(used).count();
    let weight = |group: &FeatureGroup| {
        if used(&group) { (total as f32 / (count * group.values.len()) as f32).sqrt() } else { 0.0 }
    };
    let weights = first.groups.iter().flat_map(|group| std::iter::repeat_n(weight(group), group.values.len()));
    let pixels: f64 = tiles.iter().map(|tile| tile.tile_pixels).sum();
    let scale = |(index, weight): (usize, f32)| {
        let mean_of = |value: fn(&Moments) -> f64| {
            tiles.iter().map(|tile| tile.tile_pixels * value(&tile.moments[index])).sum::<f64>() / pixels
        };
        let (mean, square) = (mean_of(|moments| moments.mean), mean_of(|moments| moments.square));
        let deviation = (square - mean * mean).max(0.0).sqrt() as f32;
        Scaling { mean: mean as f32, factor: if deviation > CONSTANT { weight / deviation } else { 0.0 } }
    };
    weights.enumerate().map(scale).collect()
}
