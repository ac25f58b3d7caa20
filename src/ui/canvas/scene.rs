//! What a view shows in one frame, borrowed from the state.

use std::sync::Arc;

use crate::domain::{LabelBook, PatchedMap};
use crate::ui::state::label_plane::LabelPlane;
use crate::ui::state::layer::LayerSet;
use crate::ui::state::palette::Palette;
use crate::ui::state::sampled_mask::SampledMask;
use crate::ui::state::tile_view::TileView;

/// The content of a view.
#[derive(Clone, Copy)]
pub enum Scene<'a> {
    /// No project is open.
    Empty,
    /// The tile is being read.
    Decoding {
        /// Tile id.
        tile: &'a str,
    },
    /// The tile cannot be shown.
    Faulty {
        /// Tile id.
        tile: &'a str,
        /// Cause and remedy.
        message: &'a str,
    },
    /// A tile with its layers.
    Tile(TileScene<'a>),
}

/// A tile with its layers.
#[derive(Clone, Copy)]
pub struct TileScene<'a> {
    /// Image and full mask.
    pub view: &'a Arc<TileView>,
    /// Labels sampled from the full mask.
    pub sampled: Option<&'a Arc<SampledMask>>,
    /// Own labels as pixels.
    pub labels: Option<&'a LabelPlane>,
    /// The strokes behind own labels; strokes too small to see get a marker.
    pub book: Option<&'a LabelBook>,
    /// The prediction. A resized run predicts at another size than the tile's.
    pub prediction: Option<&'a PatchedMap>,
    /// Class colours.
    pub palette: &'a Palette,
    /// Which classes count in scores: the error map leaves the others alone.
    pub scored: &'a Palette,
    /// Visibility and opacity of each layer.
    pub layers: &'a LayerSet,
}
