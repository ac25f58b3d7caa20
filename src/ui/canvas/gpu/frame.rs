//! What one view shows in one frame, owned so that it outlives the call that drew the panels.

use std::sync::Arc;

use eframe::egui::Color32;

use super::channels::PACKED;
use super::drawing::{Drawing, Levels, Shapes, ViewUniform};
use super::lens::Lens;
use super::strips;
use super::texture_shape::{TextureShape, covering_level, smooth_level};
use crate::domain::geometry::PixelRect;
use crate::engine::protocol::Preview;
use crate::ui::canvas::scene::TileScene;
use crate::ui::state::label_plane::LabelPlane;
use crate::ui::state::layer::{Layer, LayerSet, PerLayer};
use crate::ui::state::mask_pyramid::MaskPyramid;
use crate::ui::state::palette::Palette;
use crate::ui::state::sampled_mask::SampledMask;
use crate::ui::state::tile_view::TileView;

/// A scene and how it is seen, owned for the length of a frame.
#[derive(Clone)]
pub struct CanvasFrame {
    pub(crate) view: Arc<TileView>,
    pub(crate) sampled: Option<Arc<SampledMask>>,
    pub(crate) labels: Option<LabelPlane>,
    pub(crate) prediction: Option<Arc<Preview>>,
    pub(crate) palette: Palette,
    pub(crate) layers: LayerSet,
    pub(crate) lens: Lens,
    /// Behind the tile.
    pub(crate) ground: Color32,
}

impl CanvasFrame {
    /// Takes hold of what `scene` borrows.
    pub fn new(scene: &TileScene<'_>, lens: Lens, ground: Color32) -> Self {
        Self {
            view: Arc::clone(scene.view),
            sampled: scene.sampled.cloned(),
            labels: scene.labels.cloned(),
            prediction: scene.prediction.cloned(),
            palette: scene.palette.clone(),
            layers: scene.layers.clone(),
            lens,
            ground,
        }
    }

    /// What to draw, given the layers' textures.
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
        ViewUniform {
            uv_to_clip: self.lens.uv_to_clip(tile),
            opacities: PACKED.map(opacity),
            indices_scale: scale(packed(shapes), levels.indices),
            labels_scale: scale(shapes[Layer::Labels], levels.labels),
            outline: self.lens.outline(tile),
            image_opacity: opacity(Layer::Image),
            labels_opacity: opacity(Layer::Labels),
            ground: self.ground.to_normalized_gamma_f32(),
        }
    }

    /// The view in physical pixels.
    pub(crate) fn size_px(&self) -> [u32; 2] {
        self.lens.viewport_px.map(|n| n as u32)
    }

    /// Where own labels are to be drawn in an area of the view.
    pub(crate) fn label_triangles(&self, pyramid: &MaskPyramid, area: PixelRect) -> Vec<strips::Corner> {
        strips::triangles(pyramid, self.view.size, self.lens.uv_of(self.view.size, area), self.lens.outline_px())
    }

    /// The part of the view on which a change of own labels in `rect`, in image pixels, can be seen, given the texture they
    /// are in and which of its levels is read; `None` if that is nowhere.
    pub(crate) fn area_around(&self, rect: PixelRect, labels: TextureShape, level: u32) -> Option<PixelRect> {
        // A texel changes with any of the pixels it stands for, and an outline lies beside it. The last one of a row also
        // stands for pixels left over by halving, fewer than another texel's.
        let texel = self.view.size.map(|n| n as f32).into_iter().zip(labels.exact_size(level));
        let reach = texel.map(|(tile, texels)| 2.0 * tile / texels).fold(0.0, f32::max) + self.lens.outline_px();
        self.lens.area_of(self.view.size, rect, reach)
    }

    /// The part of the tile in sight, in uv: its low corner and its high one, which may lie beyond the tile.
    pub(crate) fn seen_uv(&self) -> [[f32; 2]; 2] {
        let [width, height] = self.size_px();
        self.lens.uv_of(self.view.size, PixelRect { x: 0, y: 0, width, height })
    }

    /// The reductions that suit the zoom.
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

/// The texture that class layers are packed in.
fn packed(shapes: &Shapes) -> Option<TextureShape> {
    PACKED.into_iter().find_map(|layer| shapes[layer])
}
