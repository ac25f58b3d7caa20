//! The picture: a tile with its layers, a camera over it, and the tools that work on it.
//!
//! [`canvas_ui`] is all a panel needs. Colours are composed on the GPU ([`gpu`]); without one the same interaction
//! works over a neutral rectangle.

pub mod gpu;
pub mod input;
mod markers;
mod overlay;
pub mod view;

use std::sync::Arc;

use eframe::egui::Color32;

use super::shell::tiles::TileView;
use super::state::layers::LayerSet;
use crate::domain::LabelBook;
use crate::domain::geometry::PixelRect;
use crate::engine::protocol::Preview;

pub use super::state::label_plane::LabelPlane;
pub use super::state::palette::Palette;
pub use super::state::pyramid::Dots;
pub use gpu::canvas_gpu::CanvasGpu;
pub use input::follow::Deed;
pub use input::gesture::StrokeEvent;
pub use view::{ViewState, canvas_id, canvas_ui};

/// What a view shows.
#[derive(Clone, Copy)]
pub enum Scene<'a> {
    /// No project is open.
    Empty,
    /// The tile is being read.
    Decoding {
        /// Its id.
        tile: &'a str,
    },
    /// The tile cannot be shown.
    Faulty {
        /// Its id.
        tile: &'a str,
        /// What is wrong and what to do.
        message: &'a str,
    },
    /// A tile with its layers.
    Tile(TileScene<'a>),
}

/// A tile with its layers, borrowed from the state for one frame.
#[derive(Clone, Copy)]
pub struct TileScene<'a> {
    /// Image and full mask.
    pub view: &'a Arc<TileView>,
    /// Labels sampled from the mask.
    pub sampled: Option<&'a Arc<Dots>>,
    /// Own labels.
    pub labels: Option<&'a LabelPlane>,
    /// The strokes they come from, for those that are too small to be seen.
    pub book: Option<&'a LabelBook>,
    /// What the network says; it may have another size than the tile.
    pub prediction: Option<&'a Arc<Preview>>,
    /// Colours of the classes.
    pub palette: &'a Palette,
    /// What is shown, and how strongly.
    pub layers: &'a LayerSet,
}

/// What the left button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolKind {
    /// Moves the picture.
    Pan,
    /// Places points and paints.
    Brush,
    /// Takes own labels away.
    Erase,
}

/// The tool in hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tool {
    /// What it does.
    pub kind: ToolKind,
    /// Colour of its class, for the cursor.
    pub color: Color32,
    /// Brush radius in image pixels; 0 marks single pixels.
    pub radius_px: f32,
}

/// What a view shows during one frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CanvasResponse {
    /// The pointer is over the view.
    pub hovered: bool,
    /// Image position under the pointer; `None` beside the tile.
    pub hover_in_image: Option<[f32; 2]>,
    /// The camera moved.
    pub camera_changed: bool,
    /// The part of the tile on screen.
    pub visible: Option<PixelRect>,
}
