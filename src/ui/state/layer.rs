//! The layers drawn over a tile and how each is shown. Adding a layer takes a variant with its row of `TABLE`, its
//! texture in `canvas/gpu`, and its part in `shaders/canvas.wgsl`.

use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

use eframe::egui::Key;
use serde::{Deserialize, Serialize};

/// One of the pictures a view is composed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Layer {
    /// The tile's image.
    Image,
    /// The full mask.
    Mask,
    /// Labels sampled from the full mask.
    Sampled,
    /// Predicted class per pixel.
    Prediction,
    /// Probability of the predicted class.
    Confidence,
    /// Where the prediction differs from the full mask.
    Errors,
    /// The user's own points and strokes.
    Labels,
}

/// A row of the table.
struct Row {
    layer: Layer,
    /// Name in the stored settings. Never changes, whatever the window calls the layer. The shader's switch for the layer
    /// is `shows_` and this.
    key: &'static str,
    name: &'static str,
    help: &'static str,
    /// Toggles the layer in the active view.
    shortcut: Key,
    /// Opacity before the user changes it, 0 to 1.
    opacity: f32,
    /// Whether every view shows the layer by default.
    is_base: bool,
}

/// All layers from bottom to top, in the order of the variants. Own labels come last: nothing hides a fresh click.
const TABLE: [Row; 7] = [
    Row {
        layer: Layer::Image,
        key: "image",
        name: "Image",
        help: "The satellite or aerial image",
        shortcut: Key::I,
        opacity: 1.0,
        is_base: true,
    },
    Row {
        layer: Layer::Mask,
        key: "mask",
        name: "Full mask",
        help: "The class of every pixel, as read from the mask file",
        shortcut: Key::M,
        opacity: 0.55,
        is_base: false,
    },
    Row {
        layer: Layer::Sampled,
        key: "sampled",
        name: "Sampled mask",
        help: "The pixels of the full mask that training may use. Zoomed out it is thinned, so that the share you see is the \
               share that is kept",
        shortcut: Key::S,
        opacity: 1.0,
        is_base: false,
    },
    Row {
        layer: Layer::Prediction,
        key: "prediction",
        name: "Prediction",
        help: "The class the network predicts",
        shortcut: Key::P,
        opacity: 0.55,
        is_base: false,
    },
    Row {
        layer: Layer::Confidence,
        key: "confidence",
        name: "Confidence",
        help: "The probability of the predicted class: dark is unsure, light is sure",
        shortcut: Key::U,
        opacity: 0.7,
        is_base: false,
    },
    Row {
        layer: Layer::Errors,
        key: "errors",
        name: "Error map",
        help: "Right pixels are dimmed, wrong ones marked; where there is no full mask or no prediction, and in ignored classes, nothing \
               is done",
        shortcut: Key::R,
        opacity: 0.85,
        is_base: false,
    },
    Row {
        layer: Layer::Labels,
        key: "labels",
        name: "Own labels",
        help: "Your points and strokes",
        shortcut: Key::O,
        opacity: 1.0,
        is_base: true,
    },
];

impl Layer {
    /// How many layers there are.
    pub const COUNT: usize = TABLE.len();

    /// All layers, bottom to top.
    pub const ALL: [Self; Self::COUNT] = {
        let mut all = [Self::Image; Self::COUNT];
        let mut i = 0;
        while i < Self::COUNT {
            all[i] = TABLE[i].layer;
            i += 1;
        }
        all
    };

    /// Name in the stored settings and, after `shows_`, in the shader.
    pub fn key(self) -> &'static str {
        self.row().key
    }

    /// Label in the window.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Tooltip: what the layer shows.
    pub fn help(self) -> &'static str {
        self.row().help
    }

    /// The key that toggles the layer.
    pub fn shortcut(self) -> Key {
        self.row().shortcut
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

/// A value per layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerLayer<T>([T; Layer::COUNT]);

impl<T> PerLayer<T> {
    /// Computes the value of each layer.
    pub fn from_fn(value: impl FnMut(Layer) -> T) -> Self {
        Self(Layer::ALL.map(value))
    }
}

impl<T> Index<Layer> for PerLayer<T> {
    type Output = T;

    fn index(&self, layer: Layer) -> &T {
        &self.0[layer as usize]
    }
}

impl<T> IndexMut<Layer> for PerLayer<T> {
    fn index_mut(&mut self, layer: Layer) -> &mut T {
        &mut self.0[layer as usize]
    }
}

/// How a layer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerStyle {
    /// Whether the layer is drawn.
    pub visible: bool,
    /// 0 is transparent, 1 hides what lies below.
    pub opacity: f32,
}

/// The layers of one view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct LayerSet(PerLayer<LayerStyle>);

impl LayerSet {
    /// Image, own labels and the given layers, at their default opacities.
    pub fn showing(layers: &[Layer]) -> Self {
        Self(PerLayer::from_fn(|layer| LayerStyle {
            visible: layer.row().is_base || layers.contains(&layer),
            opacity: layer.row().opacity,
        }))
    }
}

impl Default for LayerSet {
    fn default() -> Self {
        Self::showing(&[])
    }
}

impl Index<Layer> for LayerSet {
    type Output = LayerStyle;

    fn index(&self, layer: Layer) -> &LayerStyle {
        &self.0[layer]
    }
}

impl IndexMut<Layer> for LayerSet {
    fn index_mut(&mut self, layer: Layer) -> &mut LayerStyle {
        &mut self.0[layer]
    }
}

/// The stored form: by name, so that settings of a version with other layers keep their meaning.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Named(BTreeMap<String, LayerStyle>),
    /// Written by the first version: styles without names, in the order of [`FIRST`].
    Listed(Vec<LayerStyle>),
}

/// The layers that the first version had.
const FIRST: [Layer; 6] =
    [Layer::Image, Layer::Mask, Layer::Sampled, Layer::Prediction, Layer::Confidence, Layer::Labels];

impl From<Stored> for LayerSet {
    fn from(stored: Stored) -> Self {
        let mut set = Self::default();
        for layer in Layer::ALL {
            let style = match &stored {
                Stored::Named(styles) => styles.get(layer.key()),
                Stored::Listed(styles) => FIRST.iter().position(|of| *of == layer).and_then(|place| styles.get(place)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        for (place, layer) in Layer::ALL.into_iter().enumerate() {
            assert_eq!(layer as usize, place, "{layer:?}");
        }
    }

    #[test]
    fn each_layer_has_its_own_style() {
        let mut set = LayerSet::default();
        for (i, layer) in Layer::ALL.into_iter().enumerate() {
            set[layer].opacity = i as f32;
        }
        for (i, layer) in Layer::ALL.into_iter().enumerate() {
            assert!((set[layer].opacity - i as f32).abs() < f32::EPSILON, "{layer:?}");
        }
    }

    #[test]
    fn unknown_and_missing_layers_leave_the_others_as_stored() {
        let mut stored = serde_json::to_value(LayerSet::showing(&[Layer::Sampled])).unwrap();
        let layers = stored.as_object_mut().unwrap();
        let style = layers.remove("confidence").unwrap();
        layers.insert("shadows".to_owned(), style);
        assert_eq!(serde_json::from_value::<LayerSet>(stored).unwrap(), LayerSet::showing(&[Layer::Sampled]));
    }

    #[test]
    fn layers_stored_without_names_are_those_of_the_first_version() {
        let styles = FIRST.map(|layer| LayerSet::showing(&[Layer::Mask])[layer]);
        for count in [4, 6] {
            let stored = serde_json::to_value(&styles[..count]).unwrap();
            assert_eq!(serde_json::from_value::<LayerSet>(stored).unwrap(), LayerSet::showing(&[Layer::Mask]));
        }
    }

    #[test]
    fn layer_sets_survive_storage() {
        for set in [
            LayerSet::showing(&[Layer::Mask]),
            LayerSet::showing(&[Layer::Sampled]),
            LayerSet::default(),
            LayerSet::showing(&[Layer::Prediction]),
        ] {
            let text = serde_json::to_string(&set).unwrap();
            assert_eq!(serde_json::from_str::<LayerSet>(&text).unwrap(), set);
        }
        assert!(
            LayerSet::showing(&[Layer::Sampled])[Layer::Sampled].visible
                && !LayerSet::showing(&[Layer::Sampled])[Layer::Mask].visible
        );
    }
}
