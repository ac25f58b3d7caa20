//! What one view shows in one frame, owned so that it outlives the call that drew the panels.

use std::sync::Arc;

use eframe::egui::Color32;

use super::channels::PACKED;
use super::drawing::{Drawing, Levels, Shapes, ViewUniform};
use super::lens::Lens;
use super::strips;
use super::texture_shape::{TextureShape, covering_level, smooth_level};
use crate::domain::PatchedMap;
use crate::domain::geometry::PixelRect;
use crate::ui::canvas::scene::TileScene;
use crate::ui::state::label_plane::LabelPlane;
use crate::ui::state::layer::{Layer, LayerSet, PerLayer};
use crate::ui::state::mask_pyramid::MaskPyramid;
use crate::ui::state::palette::Palette;
use crate::ui::state::sampled_mask::SampledMask;
use crate::ui::state::tile_view::TileView;

/// A scene with its camera, owned for the length of a frame.
#[derive(Clone)]
pub struct CanvasFrame {
    pub(crate) view: Arc<TileView>,
    pub(crate) sampled: Option<Arc<SampledMask>>,
    pub(crate) labels: Option<LabelPlane>,
    pub(crate) prediction: Option<PatchedMap>,
    pub(crate) palette: Palette,
    /// Which classes count in scores.
    pub(crate) scored: Palette,
    pub(crate) layers: LayerSet,
    pub(crate) lens: Lens,
    /// Colour behind the tile.
    pub(crate) ground: Color32,
}

impl CanvasFrame {
    /// Clones what `scene` borrows; the clones are cheap.
    pub fn new(scene: &TileScene<'_>, lens: Lens, ground: Color32) -> Self {
        Self {
            view: Arc::clone(scene.view),
            sampled: scene.sampled.cloned(),
            labels: scene.labels.cloned(),
            prediction: scene.prediction.cloned(),
            palette: scene.palette.clone(),
            scored: scene.scored.clone(),
            layers: scene.layers.clone(),
            lens,
            ground,
        }
    }

    /// What to draw, given the textures that are there.
    pub(crate) fn drawing(&self, shapes: &Shapes) -> Drawing {
        let shown = PerLayer::from_fn(|layer| {
            let style = self.layers[layer];
            shapes[layer].is_some() && style.visible && style.opacity > 0.0
        });
        let levels = self.levels(shapes);
        let is_filtered = self.lens.image_px_per_px() > 1.0;
        let is_opaque = shown[Layer::Image] && self.layers[Layer::Image].opacity >= 1.0 && self.view.image.is_whole();
        Drawing { uniform: self.uniform(shapes, levels), shown, levels, is_filtered, is_opaque }
    }

    fn uniform(&self, shapes: &Shapes, levels: Levels) -> ViewUniform {
        let tile = self.view.size;
        let opacity = |layer| self.layers[layer].opacity.clamp(0.0, 1.0);
        let scale = |shape: Option<TextureShape>, level| shape.map_or([1.0; 2], |shape| shape.scale(level));
        let [red, green, blue] = Palette::WRONG.map(|part| f32::from(part) / 255.0);
        ViewUniform {
            uv_to_clip: self.lens.uv_to_clip(tile),
            opacities: PACKED.map(opacity),
            indices_scale: scale(packed(shapes), levels.indices),
            labels_scale: scale(shapes[Layer::Labels], levels.labels),
            outline: self.lens.outline(tile),
            image_opacity: opacity(Layer::Image),
            labels_opacity: opacity(Layer::Labels),
            ground: self.ground.to_normalized_gamma_f32(),
            errors: [red, green, blue, opacity(Layer::Errors)],
        }
    }

    /// Size of the view in physical pixels.
    pub(crate) fn size_px(&self) -> [u32; 2] {
        self.lens.viewport_px.map(|n| n as u32)
    }

    /// Triangles that cover own labels in an area of the view.
    pub(crate) fn label_triangles(&self, pyramid: &MaskPyramid, area: PixelRect) -> Vec<strips::Corner> {
        strips::triangles(pyramid, self.view.size, self.lens.uv_of(self.view.size, area), self.lens.outline_px())
    }

    /// The area of the view that a change of own labels in `rect` (image pixels) can affect, given the texture that
    /// holds them and the level read; `None` if there is none.
    pub(crate) fn area_around(&self, rect: PixelRect, labels: TextureShape, level: u32) -> Option<PixelRect> {
        // A texel depends on all pixels it stands for, and its outline lies beside it. The last texel of a row also
        // stands for the pixels left over by halving, which are fewer than those of another texel.
        let texel = self.view.size.map(|n| n as f32).into_iter().zip(labels.exact_size(level));
        let reach = texel.map(|(tile, texels)| 2.0 * tile / texels).fold(0.0, f32::max) + self.lens.outline_px();
        self.lens.area_of(self.view.size, rect, reach)
    }

    /// The visible part of the tile in uv, low and high corner; may extend beyond the tile.
    pub(crate) fn seen_uv(&self) -> [[f32; 2]; 2] {
        let [width, height] = self.size_px();
        self.lens.uv_of(self.view.size, PixelRect { x: 0, y: 0, width, height })
    }

    /// The levels that suit the zoom.
    fn levels(&self, shapes: &Shapes) -> Levels {
        let level = |shape: Option<TextureShape>, suits: fn(f32) -> u32| {
            shape.map_or(0, |shape| {
                let texels_per_image_px = shape.size[0] as f32 / self.view.size[0].max(1) as f32;
                let wanted = suits(self.lens.image_px_per_px() * texels_per_image_px);
                wanted.max(shape.finest).min(shape.levels.saturating_sub(1))
            })
        };
        Levels {
            image: level(shapes[Layer::Image], smooth_level),
            indices: level(packed(shapes), covering_level),
            labels: level(shapes[Layer::Labels], covering_level),
        }
    }
}

/// Shape of the texture that the class layers are packed into.
fn packed(shapes: &Shapes) -> Option<TextureShape> {
    PACKED.into_iter().find_map(|layer| shapes[layer])
}
