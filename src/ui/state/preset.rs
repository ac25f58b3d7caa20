//! The ready-made layer sets a view's header offers.

use super::layers::{Layer, LayerSet};

/// What a view shows over the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Nothing but own labels.
    Image,
    /// The full mask.
    Full,
    /// The sampled mask.
    Sampled,
    /// The prediction.
    Prediction,
    /// How sure the network is.
    Confidence,
}

impl Preset {
    /// All of them, from left to right.
    pub const ALL: [Self; 5] = [Self::Image, Self::Full, Self::Sampled, Self::Prediction, Self::Confidence];

    /// What the header says.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "Image",
            Self::Full => "Full mask",
            Self::Sampled => "Sampled",
            Self::Prediction => "Prediction",
            Self::Confidence => "Confidence",
        }
    }

    /// The layers it stands for.
    pub fn layers(self) -> LayerSet {
        match self {
            Self::Image => LayerSet::image(),
            Self::Full => LayerSet::full(),
            Self::Sampled => LayerSet::sampled(),
            Self::Prediction => LayerSet::prediction(),
            Self::Confidence => {
                let mut layers = LayerSet::image();
                layers[Layer::Confidence].visible = true;
                layers
            }
        }
    }

    /// The preset whose layers these are, opacity aside.
    pub fn of(layers: &LayerSet) -> Option<Self> {
        let visible = |set: &LayerSet| Layer::ALL.map(|layer| set[layer].visible);
        Self::ALL.into_iter().find(|preset| visible(&preset.layers()) == visible(layers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_is_recognised_whatever_its_opacity() {
        for preset in Preset::ALL {
            let mut layers = preset.layers();
            layers[Layer::Mask].opacity = 0.1;
            assert_eq!(Preset::of(&layers), Some(preset));
        }
        let mut mixed = LayerSet::full();
        mixed[Layer::Sampled].visible = true;
        assert_eq!(Preset::of(&mixed), None);
    }
}
