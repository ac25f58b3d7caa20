//! What lies over a tile, in drawing order, and how strongly each is shown. Plain data, kept between sessions.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// One of the pictures a view is composed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Layer {
    /// The tile itself.
    Image,
    /// The full mask.
    Mask,
    /// The labels sampled from the full mask.
    Sampled,
    /// What the network predicts.
    Prediction,
    /// How sure the network is.
    Confidence,
    /// The user's own points and strokes.
    Labels,
}

impl Layer {
    /// Bottom to top. Own labels come last: nothing hides what a person has just clicked.
    pub const ALL: [Self; 6] =
        [Self::Image, Self::Mask, Self::Sampled, Self::Prediction, Self::Confidence, Self::Labels];

    /// Its name in the window.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "Image",
            Self::Mask => "Full mask",
            Self::Sampled => "Sampled mask",
            Self::Labels => "Own labels",
            Self::Prediction => "Prediction",
            Self::Confidence => "Confidence",
        }
    }
}

/// How a layer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerStyle {
    /// The eye is open.
    pub visible: bool,
    /// From 0, nothing to see, to 1, nothing to see below.
    pub opacity: f32,
}

/// The layers of one view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerSet([LayerStyle; 6]);

impl Index<Layer> for LayerSet {
    type Output = LayerStyle;

    fn index(&self, layer: Layer) -> &LayerStyle {
        &self.0[layer as usize]
    }
}

impl IndexMut<Layer> for LayerSet {
    fn index_mut(&mut self, layer: Layer) -> &mut LayerStyle {
        &mut self.0[layer as usize]
    }
}

impl Default for LayerSet {
    fn default() -> Self {
        Self::image()
    }
}

impl LayerSet {
    /// Image and own labels, and these too.
    fn showing(layers: &[Layer]) -> Self {
        Self(Layer::ALL.map(|layer| LayerStyle {
            visible: matches!(layer, Layer::Image | Layer::Labels) || layers.contains(&layer),
            opacity: match layer {
                Layer::Image | Layer::Sampled | Layer::Labels => 1.0,
                Layer::Mask | Layer::Prediction => 0.55,
                Layer::Confidence => 0.7,
            },
        }))
    }

    /// The image with own labels.
    pub fn image() -> Self {
        Self::showing(&[])
    }

    /// The full mask over the image.
    pub fn full() -> Self {
        Self::showing(&[Layer::Mask])
    }

    /// The sampled mask over the image.
    pub fn sampled() -> Self {
        Self::showing(&[Layer::Sampled])
    }

    /// The prediction over the image.
    pub fn prediction() -> Self {
        Self::showing(&[Layer::Prediction])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_finds_its_own_style() {
        let mut set = LayerSet::image();
        for (i, layer) in Layer::ALL.into_iter().enumerate() {
            set[layer].opacity = i as f32;
        }
        assert_eq!(Layer::ALL.map(|layer| set[layer].opacity), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    }

    #[test]
    fn presets_survive_being_stored() {
        for set in [LayerSet::full(), LayerSet::sampled(), LayerSet::image(), LayerSet::prediction()] {
            let text = serde_json::to_string(&set).unwrap();
            assert_eq!(serde_json::from_str::<LayerSet>(&text).unwrap(), set);
        }
        assert!(LayerSet::sampled()[Layer::Sampled].visible && !LayerSet::sampled()[Layer::Mask].visible);
    }
}
