//! The layer sets offered in the header of a view.

use super::layer::{Layer, LayerSet};

/// What a view shows over the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Own labels only.
    Image,
    /// The full mask.
    Full,
    /// The sampled mask.
    Sampled,
    /// The prediction.
    Prediction,
    /// The confidence of the prediction.
    Confidence,
}

/// All presets from left to right, in the order of the variants: label, and layers besides image and own labels.
const TABLE: [(Preset, &str, &[Layer]); 5] = [
    (Preset::Image, "Image", &[]),
    (Preset::Full, "Full mask", &[Layer::Mask]),
    (Preset::Sampled, "Sampled", &[Layer::Sampled]),
    (Preset::Prediction, "Prediction", &[Layer::Prediction]),
    (Preset::Confidence, "Confidence", &[Layer::Confidence]),
];

impl Preset {
    /// All presets, from left to right.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(preset, ..)| *preset)
    }

    /// Label in the header.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The layers the preset shows.
    pub fn layers(self) -> LayerSet {
        LayerSet::showing(TABLE[self as usize].2)
    }

    /// The preset with the same visible layers, whatever their opacity.
    pub fn of(layers: &LayerSet) -> Option<Self> {
        let visible = |set: &LayerSet| Layer::ALL.map(|layer| set[layer].visible);
        Self::all().find(|preset| visible(&preset.layers()) == visible(layers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        assert!(Preset::all().enumerate().all(|(place, preset)| preset as usize == place));
    }

    #[test]
    fn a_preset_is_recognised_at_any_opacity() {
        for preset in Preset::all() {
            let mut layers = preset.layers();
            layers[Layer::Mask].opacity = 0.1;
            assert_eq!(Preset::of(&layers), Some(preset));
        }
        let mut mixed = Preset::Full.layers();
        mixed[Layer::Sampled].visible = true;
        assert_eq!(Preset::of(&mixed), None);
    }
}
