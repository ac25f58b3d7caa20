//! What lies over a tile, in drawing order, and how strongly each is shown. Plain data, kept between sessions.

use std::collections::BTreeMap;
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

    /// Its name in the remembered settings: it stays the same whatever the window calls it.
    fn key(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Mask => "mask",
            Self::Sampled => "sampled",
            Self::Prediction => "prediction",
            Self::Confidence => "confidence",
            Self::Labels => "labels",
        }
    }

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
#[serde(from = "Stored", into = "Stored")]
pub struct LayerSet([LayerStyle; Layer::ALL.len()]);

/// Layers as they are remembered: by name, so that a list with one more or one less still says what it said.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Named(BTreeMap<String, LayerStyle>),
    /// The first version wrote them in their order.
    Listed(Vec<LayerStyle>),
}

impl From<Stored> for LayerSet {
    fn from(stored: Stored) -> Self {
        let mut set = Self::image();
        for (place, layer) in Layer::ALL.into_iter().enumerate() {
            let style = match &stored {
                Stored::Named(styles) => styles.get(layer.key()),
                Stored::Listed(styles) => styles.get(place),
            };
            set[layer] = style.copied().unwrap_or(set[layer]);
        }
        set
    }
}

impl From<LayerSet> for Stored {
    fn from(set: LayerSet) -> Self {
        Self::Named(Layer::ALL.into_iter().map(|layer| (layer.key().to_owned(), set[layer])).collect())
    }
}

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
    fn a_list_with_one_layer_more_or_less_still_says_what_it_said() {
        let mut stored = serde_json::to_value(LayerSet::sampled()).unwrap();
        let layers = stored.as_object_mut().unwrap();
        let style = layers.remove("confidence").unwrap();
        layers.insert("shadows".to_owned(), style);
        assert_eq!(serde_json::from_value::<LayerSet>(stored).unwrap(), LayerSet::sampled());
    }

    #[test]
    fn layers_stored_in_their_order_are_understood() {
        let styles = Layer::ALL.map(|layer| LayerSet::full()[layer]);
        for count in [4, 6] {
            let stored = serde_json::to_value(&styles[..count]).unwrap();
            assert_eq!(serde_json::from_value::<LayerSet>(stored).unwrap(), LayerSet::full());
        }
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
