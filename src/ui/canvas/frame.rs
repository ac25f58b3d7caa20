//! What one view shows in one frame, and the numbers the shader gets for each of its layers.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};

use super::pyramid::half;
use super::{LabelPlane, Palette, TileScene};
use crate::domain::Mask;
use crate::domain::geometry::Camera;
use crate::engine::protocol::Preview;
use crate::ui::layers::{Layer, LayerSet};
use crate::ui::tiles::TileView;

/// A scene and how it is seen, owned for the length of a frame.
#[derive(Clone)]
pub struct Frame {
    pub(super) view: Arc<TileView>,
    pub(super) sampled: Option<Arc<Mask>>,
    pub(super) labels: Option<LabelPlane>,
    pub(super) prediction: Option<Arc<Preview>>,
    pub(super) palette: Palette,
    pub(super) layers: LayerSet,
    pub(super) lens: Lens,
}

/// Camera and target: where image positions land on the target's pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lens {
    /// The camera.
    pub camera: Camera,
    /// Physical pixels per point.
    pub pixels_per_point: f32,
    /// Viewport in physical pixels.
    pub viewport_px: [f32; 2],
    /// The view's middle relative to the viewport's, in physical pixels (viewports are rounded).
    pub middle_px: [f32; 2],
}

/// A view's numbers, as the shader lays them out.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(super) struct ViewUniform {
    uv_to_clip: [f32; 4],
    cell: [f32; 2],
    last_cell: [u32; 2],
    outline: [f32; 2],
    padding: [u32; 2],
    planes: [PlaneUniform; 6],
}

/// One layer's numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
struct PlaneUniform {
    size: [f32; 2],
    last_texel: [u32; 2],
    opacity: f32,
    padding: [u32; 3],
}

/// What a view draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Drawing {
    pub(super) uniform: ViewUniform,
    /// Layers that are drawn.
    pub(super) shown: [bool; 6],
    /// The reduction of each layer that is read.
    pub(super) levels: [u32; 6],
    /// Zoomed out, images are filtered.
    pub(super) is_filtered: bool,
}

/// A texture as the shader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TextureShape {
    /// Texels of its finest level.
    pub(super) size: [u32; 2],
    /// Its levels.
    pub(super) levels: u32,
}

/// The grid that own labels are drawn in: the size of a cell in uv, and the last cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Grid {
    pub(super) cell: [f32; 2],
    pub(super) last_cell: [u32; 2],
}

impl Frame {
    /// Takes hold of what `scene` borrows.
    pub fn new(scene: &TileScene<'_>, lens: Lens) -> Self {
        Self {
            view: Arc::clone(scene.view),
            sampled: scene.sampled.cloned(),
            labels: scene.labels.cloned(),
            prediction: scene.prediction.cloned(),
            palette: scene.palette.clone(),
            layers: scene.layers.clone(),
            lens,
        }
    }

    /// What to draw, given the layers' textures and the grid that own labels are drawn in.
    pub(super) fn drawing(&self, shapes: [Option<TextureShape>; 6], grid: Grid) -> Drawing {
        let tile = self.view.size;
        let outline = self.lens.outline(tile);
        let mut shown = [false; 6];
        let mut levels = [0; 6];
        let mut planes = [PlaneUniform::default(); 6];
        for layer in Layer::ALL {
            let (i, style) = (layer as usize, self.layers[layer]);
            if let Some(shape) = shapes[i].filter(|_| style.visible && style.opacity > 0.0) {
                shown[i] = true;
                levels[i] = self.level(layer, shape);
                planes[i] = plane(shape, levels[i], style.opacity.min(1.0));
            }
        }
        let uv_to_clip = self.lens.uv_to_clip(tile);
        let Grid { cell, last_cell } = grid;
        let uniform = ViewUniform { uv_to_clip, cell, last_cell, outline, padding: [0; 2], planes };
        Drawing { uniform, shown, levels, is_filtered: self.lens.image_px_per_px() > 1.0 }
    }

    /// The reduction of a layer that suits the zoom.
    fn level(&self, layer: Layer, shape: TextureShape) -> u32 {
        let texels_per_px = self.lens.image_px_per_px() * shape.size[0] as f32 / self.view.size[0].max(1) as f32;
        let level = match layer {
            Layer::Image => smooth_level(texels_per_px),
            _ => covering_level(texels_per_px),
        };
        level.min(shape.levels.saturating_sub(1))
    }
}

/// A layer's numbers at one of its levels. Texels are found as those of the finest level, divided: so blocks lie exactly
/// where their pixels are.
fn plane(shape: TextureShape, level: u32, opacity: f32) -> PlaneUniform {
    let size = shape.size.map(|n| n as f32 / 2.0_f32.powi(level as i32));
    let last_texel = (0..level).fold(shape.size, |size, _| half(size)).map(|n| n.saturating_sub(1));
    PlaneUniform { size, last_texel, opacity, padding: [0; 3] }
}

impl Lens {
    /// Scale and offset from uv (0 to 1 over the tile) to clip space.
    fn uv_to_clip(&self, tile: [u32; 2]) -> [f32; 4] {
        let scale = self.camera.zoom * self.pixels_per_point;
        let axis = |i: usize| {
            let per_px = 2.0 / self.viewport_px[i].max(1.0);
            let offset = (self.middle_px[i] - self.camera.center_in_image[i] * scale) * per_px;
            (tile[i] as f32 * scale * per_px, offset)
        };
        let ((x, left), (y, top)) = (axis(0), axis(1));
        [x, -y, left, -top]
    }

    /// Image pixels under one physical pixel.
    fn image_px_per_px(&self) -> f32 {
        1.0 / (self.camera.zoom * self.pixels_per_point)
    }

    /// The width of an outline in uv: one point, at least one physical pixel.
    fn outline(&self, tile: [u32; 2]) -> [f32; 2] {
        let width = self.pixels_per_point.round().max(1.0) * self.image_px_per_px();
        tile.map(|n| width / n.max(1) as f32)
    }
}

/// The level whose texels are nearest to the size of a pixel, rather sharp than soft.
fn smooth_level(texels_per_px: f32) -> u32 {
    (texels_per_px.max(1.0).log2() + 0.4).floor() as u32
}

/// The first level whose texels are no smaller than a pixel: none falls between pixels.
fn covering_level(texels_per_px: f32) -> u32 {
    (texels_per_px.max(1.0).log2() - 0.01).ceil().max(0.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lens(zoom: f32) -> Lens {
        Lens {
            camera: Camera { center_in_image: [50.0, 25.0], zoom },
            pixels_per_point: 1.0,
            viewport_px: [200.0, 100.0],
            middle_px: [0.0, 0.0],
        }
    }

    #[test]
    fn the_camera_s_centre_lands_in_the_middle_and_y_points_up() {
        let [x, y, left, top] = lens(2.0).uv_to_clip([100, 50]);
        assert_eq!([0.5 * x + left, 0.5 * y + top], [0.0, 0.0]);
        assert_eq!([left, top], [-1.0, 1.0], "at zoom 2 the tile fills the view exactly");
    }

    #[test]
    fn dots_get_a_level_that_no_pixel_steps_over() {
        assert_eq!([4.0, 1.0, 0.5, 0.3, 0.25, 0.2].map(|zoom| covering_level(1.0 / zoom)), [0, 0, 1, 2, 2, 3]);
        assert_eq!([4.0, 1.0, 0.7, 0.5, 0.3].map(|zoom| smooth_level(1.0 / zoom)), [0, 0, 0, 1, 2]);
    }

    #[test]
    fn numbers_lie_where_the_shader_looks_for_them() {
        let offset = std::mem::offset_of!(ViewUniform, planes);
        assert_eq!((size_of::<PlaneUniform>(), offset, size_of::<ViewUniform>()), (32, 48, 240));
    }
}
