//! Class indices and confidence of the tile in view, packed into one texture with a channel per layer: a pixel costs
//! one fetch, however many layers are shown. Blocks are packed when they first become visible, so that a new tile or
//! prediction does not delay a frame.

use std::collections::BTreeSet;

use eframe::wgpu;

use super::frame::CanvasFrame;
use super::layer_texture::{Budget, LayerTexture, Uploader};
use super::map_textures::MapTextures;
use super::packer::{BLOCK, Packer};
use super::slot::Slot;
use super::texture_shape::TextureShape;
use crate::domain::Mask;
use crate::domain::geometry::PixelRect;
use crate::ui::state::label_plane::Dirty;
use crate::ui::state::layer::Layer;
use crate::ui::state::sampled_mask::SampledMask;

/// The packed texture and its source textures.
pub(crate) struct Indices {
    packer: Packer,
    tile: [u32; 2],
    texture: Option<LayerTexture>,
    /// Levels and blocks whose packed content is up to date.
    packed: BTreeSet<(u32, [u32; 2])>,
    mask: Slot<Mask, LayerTexture>,
    sampled: Slot<SampledMask, LayerTexture>,
    map: MapTextures,
}

impl Indices {
    pub(crate) fn new(device: &wgpu::Device) -> Self {
        Self {
            packer: Packer::new(device),
            tile: [0; 2],
            texture: None,
            packed: BTreeSet::new(),
            mask: Slot::default(),
            sampled: Slot::default(),
            map: MapTextures::default(),
        }
    }

    /// Uploads what is new within the budget. Predictions are uploaded whole, since new ones arrive all the time.
    /// Returns which layers changed visibly, in channel order.
    pub(crate) fn follow(&mut self, uploader: Uploader<'_>, frame: &CanvasFrame, budget: &mut Budget) -> [bool; 4] {
        let view = &frame.view;
        let mut mask = self.mask.follow(view.mask.as_ref(), |mask| uploader.dense(mask.size(), mask.data()));
        let mut sampled = self.sampled.follow(frame.sampled.as_ref(), |dots| uploader.sampled(dots));
        if let (Some(to), Some(data)) = (self.mask.made_mut(), &view.mask) {
            mask |= uploader.fill_dense(to, data.data(), budget);
        }
        if let (Some(to), Some(dots)) = (self.sampled.made_mut(), &frame.sampled) {
            sampled |= uploader.fill_sampled(to, dots, budget);
        }
        let map = self.map.follow(uploader, frame.prediction.as_ref());
        if mask || sampled || map == Dirty::All {
            self.packed.clear();
        }
        if let (Dirty::Rect(rect), Some(map)) = (map, &frame.prediction) {
            self.pack_again(rect, map.size());
        }
        if self.tile != frame.view.size && self.layers().iter().any(Option::is_some) {
            self.texture = None; // Free the old texture before the new one needs its memory.
            (self.texture, self.tile) = (uploader.indices(frame.view.size), frame.view.size);
            self.packed.clear();
        }
        let map = map != Dirty::Nothing;
        [mask, sampled, map, map]
    }

    /// Forgets the blocks of all levels under `rect` of a map of `size` pixels.
    fn pack_again(&mut self, rect: PixelRect, size: [u32; 2]) {
        let Some(shape) = self.texture.as_ref().map(LayerTexture::full_shape) else { return };
        let uv = |x: u32, y: u32| [x as f32 / size[0] as f32, y as f32 / size[1] as f32];
        let seen = [uv(rect.x, rect.y), uv(rect.x + rect.width, rect.y + rect.height)];
        self.packed.retain(|(level, block)| !blocks(shape, *level, seen).any(|under| under == *block));
    }

    /// Whether more is left to upload.
    pub(crate) fn is_filling(&self) -> bool {
        [self.mask.made(), self.sampled.made()].into_iter().flatten().any(LayerTexture::is_filling)
    }

    /// Packs the visible blocks of a level that are not packed yet.
    pub(crate) fn pack(&mut self, uploader: Uploader<'_>, level: u32, seen_uv: [[f32; 2]; 2]) {
        let Some(texture) = &self.texture else { return };
        let missing: Vec<_> = blocks(texture.full_shape(), level, seen_uv)
            .filter(|block| !self.packed.contains(&(level, *block)))
            .collect();
        if !missing.is_empty() {
            self.packer.pack(uploader, self.layers(), texture, level, &missing);
            self.packed.extend(missing.into_iter().map(|block| (level, block)));
        }
    }

    /// The packed texture.
    pub(crate) fn texture(&self) -> Option<&LayerTexture> {
        self.texture.as_ref()
    }

    /// Shape of the packed texture, if it contains the layer.
    pub(crate) fn shape(&self, layer: Layer) -> Option<TextureShape> {
        let [mask, sampled, prediction, confidence] = self.layers();
        let is_there = match layer {
            Layer::Mask => mask,
            Layer::Sampled => sampled,
            Layer::Prediction => prediction,
            Layer::Confidence => confidence,
            Layer::Errors => mask.and(prediction),
            Layer::Image | Layer::Labels => None,
        };
        is_there.and(self.texture.as_ref()).map(LayerTexture::full_shape)
    }

    /// The source textures in channel order, as far as they are complete.
    fn layers(&self) -> [Option<&LayerTexture>; 4] {
        let [classes, confidence] = self.map.planes();
        [self.mask.made(), self.sampled.made(), classes, confidence]
            .map(|layer| layer.filter(|layer| !layer.is_filling()))
    }
}

/// Columns and rows of the visible blocks of a level.
fn blocks(shape: TextureShape, level: u32, seen_uv: [[f32; 2]; 2]) -> impl Iterator<Item = [u32; 2]> {
    let (exact, texels) = (shape.exact_size(level), shape.texels(level));
    let range = |axis: usize| {
        let block = |uv: f32| ((uv * exact[axis]).max(0.0) as u32).min(texels[axis] - 1) / BLOCK;
        block(seen_uv[0][axis])..=block(seen_uv[1][axis])
    };
    let (columns, rows) = (range(0), range(1));
    rows.flat_map(move |y| columns.clone().map(move |x| [x, y]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_blocks_are_those_under_the_view() {
        let shape = TextureShape { size: [600, 300], levels: 10, finest: 0 };
        let all = |level, seen| blocks(shape, level, seen).collect::<Vec<_>>();
        assert_eq!(all(0, [[-1.0; 2], [2.0; 2]]), [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]);
        assert_eq!(all(0, [[0.5, 0.0], [0.6, 0.1]]), [[1, 0]]);
        assert_eq!(all(1, [[0.0; 2], [1.0; 2]]), [[0, 0], [1, 0]]);
        assert_eq!(all(9, [[0.0; 2], [1.0; 2]]), [[0, 0]]);
    }
}
