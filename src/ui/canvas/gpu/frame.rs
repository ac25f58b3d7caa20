//! What one view shows in one frame, and the numbers the shader gets for each of its layers.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use eframe::egui::Color32;

use super::strips;
use crate::domain::geometry::{Camera, PixelRect};
use crate::engine::protocol::Preview;
use crate::ui::canvas::TileScene;
use crate::ui::shell::tiles::TileView;
use crate::ui::state::label_plane::LabelPlane;
use crate::ui::state::layers::{Layer, LayerSet};
use crate::ui::state::palette::Palette;
use crate::ui::state::pyramid::{Chain, Dots, half};

/// A scene and how it is seen, owned for the length of a frame.
#[derive(Clone)]
pub struct Frame {
    pub(crate) view: Arc<TileView>,
    pub(crate) sampled: Option<Arc<Dots>>,
    pub(crate) labels: Option<LabelPlane>,
    pub(crate) prediction: Option<Arc<Preview>>,
    pub(crate) palette: Palette,
    pub(crate) layers: LayerSet,
    pub(crate) lens: Lens,
    /// Behind the tile.
    pub(crate) ground: Color32,
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
pub(crate) struct ViewUniform {
    uv_to_clip: [f32; 4],
    /// Full mask, sampled mask, prediction, confidence.
    opacities: [f32; 4],
    indices_scale: [f32; 2],
    labels_scale: [f32; 2],
    outline: [f32; 2],
    image_opacity: f32,
    labels_opacity: f32,
    ground: [f32; 4],
}

/// What a view draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Drawing {
    pub(crate) uniform: ViewUniform,
    /// Layers that are drawn.
    pub(crate) shown: [bool; 6],
    /// The reductions that are read.
    pub(crate) levels: Levels,
    /// Zoomed out, images are filtered.
    pub(crate) is_filtered: bool,
    /// The image hides what is behind the tile.
    pub(crate) is_opaque: bool,
}

impl Drawing {
    /// Whether any of the packed layers is drawn.
    pub(crate) fn shows_indices(&self) -> bool {
        [Layer::Mask, Layer::Sampled, Layer::Prediction, Layer::Confidence].iter().any(|l| self.shown[*l as usize])
    }

    /// The same with the tile's corner in the middle of a view of this size, and where it does lie, in physical pixels.
    pub(crate) fn unmoved(&self, size: [u32; 2]) -> (Self, [f32; 2]) {
        let [x, y, left, top] = self.uniform.uv_to_clip;
        let uniform = ViewUniform { uv_to_clip: [x, y, 0.0, 0.0], ..self.uniform };
        (Self { uniform, ..*self }, [left * size[0] as f32 / 2.0, -top * size[1] as f32 / 2.0])
    }
}

/// Which reduction of each texture suits the zoom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Levels {
    pub(crate) image: u32,
    pub(crate) indices: u32,
    pub(crate) labels: u32,
}

/// The textures there are: the layer's own, or the one it is packed in.
pub(crate) type Shapes = [Option<TextureShape>; 6];

/// A texture as the shader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextureShape {
    /// Texels of its finest level.
    pub(crate) size: [u32; 2],
    /// Its levels.
    pub(crate) levels: u32,
    /// The finest level that is there yet.
    pub(crate) finest: u32,
}

impl Frame {
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
        let shown = Layer::ALL.map(|layer| {
            let style = self.layers[layer];
            shapes[layer as usize].is_some() && style.visible && style.opacity > 0.0
        });
        let levels = self.levels(shapes);
        let is_filtered = self.lens.image_px_per_px() > 1.0;
        let is_opaque =
            shown[Layer::Image as usize] && self.layers[Layer::Image].opacity >= 1.0 && self.view.image.is_whole();
        Drawing { uniform: self.uniform(shapes, levels), shown, levels, is_filtered, is_opaque }
    }

    fn uniform(&self, shapes: &Shapes, levels: Levels) -> ViewUniform {
        let tile = self.view.size;
        let opacity = |layer| self.layers[layer].opacity.clamp(0.0, 1.0);
        let scale = |shape: Option<TextureShape>, level| shape.map_or([1.0; 2], |shape| shape.scale(level));
        ViewUniform {
            uv_to_clip: self.lens.uv_to_clip(tile),
            opacities: [Layer::Mask, Layer::Sampled, Layer::Prediction, Layer::Confidence].map(opacity),
            indices_scale: scale(packed(shapes), levels.indices),
            labels_scale: scale(shapes[Layer::Labels as usize], levels.labels),
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
    pub(crate) fn label_triangles(&self, chain: &Chain, area: PixelRect) -> Vec<strips::Corner> {
        strips::triangles(chain, self.view.size, self.lens.uv_of(self.view.size, area), self.lens.outline_px())
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
            image: level(shapes[Layer::Image as usize], smooth_level),
            indices: level(packed(shapes), covering_level),
            labels: level(shapes[Layer::Labels as usize], covering_level),
        }
    }
}

/// The texture that class layers are packed in.
fn packed(shapes: &Shapes) -> Option<TextureShape> {
    [Layer::Mask, Layer::Sampled, Layer::Prediction].into_iter().find_map(|layer| shapes[layer as usize])
}

impl TextureShape {
    /// Texels of a level.
    pub(crate) fn texels(self, level: u32) -> [u32; 2] {
        (0..level).fold(self.size, |size, _| half(size))
    }

    /// The size of a level as the finest level's, divided: where odd sizes were halved a little more than it has.
    pub(crate) fn exact_size(self, level: u32) -> [f32; 2] {
        self.size.map(|n| n as f32 / 2.0_f32.powi(level as i32))
    }

    /// From uv over the tile to uv over a level, so that blocks lie exactly where their pixels are.
    fn scale(self, level: u32) -> [f32; 2] {
        let (exact, texels) = (self.exact_size(level), self.texels(level));
        [exact[0] / texels[0] as f32, exact[1] / texels[1] as f32]
    }
}

impl Lens {
    /// The part of the tile in an area of the view, in uv: its low corner and its high one.
    fn uv_of(&self, tile: [u32; 2], area: PixelRect) -> [[f32; 2]; 2] {
        let [x, y, left, top] = self.uv_to_clip(tile);
        let [width, height] = self.viewport_px;
        let uv = |px: u32, py: u32| {
            let (clip_x, clip_y) = (px as f32 * 2.0 / width - 1.0, 1.0 - py as f32 * 2.0 / height);
            [(clip_x - left) / x, (clip_y - top) / y]
        };
        [uv(area.x, area.y), uv(area.x + area.width, area.y + area.height)]
    }

    /// The pixels of the view that show a part of the tile and what is within `reach` of it, in image pixels.
    fn area_of(&self, tile: [u32; 2], rect: PixelRect, reach: f32) -> Option<PixelRect> {
        let [x, y, left, top] = self.uv_to_clip(tile);
        let [width, height] = self.viewport_px;
        // Pixels on either side are taken along: positions are rounded.
        let range = |low: f32, high: f32, size: f32| {
            let (first, end) = ((low.floor() - 1.0).clamp(0.0, size), (high.ceil() + 1.0).clamp(0.0, size));
            (end > first).then_some((first as u32, (end - first) as u32))
        };
        let across = |image: f32| ((image / tile[0] as f32 * x + left) + 1.0) * width / 2.0;
        let down = |image: f32| (1.0 - (image / tile[1] as f32 * y + top)) * height / 2.0;
        let ends = |from: u32, len: u32| (from as f32 - reach, (from + len) as f32 + reach);
        let ((low_x, high_x), (low_y, high_y)) = (ends(rect.x, rect.width), ends(rect.y, rect.height));
        let (x, width) = range(across(low_x), across(high_x), width)?;
        let (y, height) = range(down(low_y), down(high_y), height)?;
        Some(PixelRect { x, y, width, height })
    }

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

    /// The width of an outline in image pixels: one point, at least one physical pixel.
    fn outline_px(&self) -> f32 {
        self.pixels_per_point.round().max(1.0) * self.image_px_per_px()
    }

    /// The width of an outline in uv.
    fn outline(&self, tile: [u32; 2]) -> [f32; 2] {
        tile.map(|n| self.outline_px() / n.max(1) as f32)
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
        let uv = |zoom, x, width| lens(zoom).uv_of([100, 50], PixelRect { x, y: 0, width, height: 100 });
        assert_eq!(uv(2.0, 0, 200), [[0.0, 0.0], [1.0, 1.0]]);
        assert_eq!(uv(4.0, 0, 200), [[0.25, 0.25], [0.75, 0.75]]);
        assert_eq!(uv(2.0, 50, 100), [[0.25, 0.0], [0.75, 1.0]]);
    }

    #[test]
    fn the_area_around_a_part_of_the_tile_holds_it_and_ends_at_the_view() {
        let rect = |x, y, width, height| PixelRect { x, y, width, height };
        // Low and high edges in pixels of the view; a pixel or two more than that are taken.
        for (part, reach, [left, right], [top, bottom]) in [
            (rect(10, 20, 5, 2), 0.0, [20, 30], [40, 44]),
            (rect(10, 20, 5, 2), 3.0, [14, 36], [34, 50]),
            (rect(0, 0, 1, 1), 4.0, [0, 10], [0, 10]),
        ] {
            let area = lens(2.0).area_of([100, 50], part, reach).unwrap();
            assert!(area.x <= left && area.x + 2 >= left, "{area:?}");
            assert!((right..=right + 2).contains(&(area.x + area.width)), "{area:?}");
            assert!(area.y <= top && area.y + 2 >= top, "{area:?}");
            assert!((bottom..=bottom + 2).contains(&(area.y + area.height)), "{area:?}");
        }
        let elsewhere = Lens { camera: Camera { center_in_image: [500.0, 25.0], zoom: 2.0 }, ..lens(2.0) };
        assert_eq!(elsewhere.area_of([100, 50], rect(10, 20, 5, 2), 3.0), None);
    }

    #[test]
    fn dots_get_a_level_that_no_pixel_steps_over() {
        assert_eq!([4.0, 1.0, 0.5, 0.3, 0.25, 0.2].map(|zoom| covering_level(1.0 / zoom)), [0, 0, 1, 2, 2, 3]);
        assert_eq!([4.0, 1.0, 0.7, 0.5, 0.3].map(|zoom| smooth_level(1.0 / zoom)), [0, 0, 0, 1, 2]);
    }

    #[test]
    fn numbers_lie_where_the_shader_looks_for_them() {
        let offset = std::mem::offset_of!(ViewUniform, outline);
        assert_eq!((offset, size_of::<ViewUniform>()), (48, 80));
    }
}
