//! Textures of single layers, and uploading to them.

use std::borrow::Cow;
use std::ops::Range;

use eframe::wgpu;

use super::texture_shape::TextureShape;
use crate::domain::Mask;
use crate::domain::geometry::PixelRect;
use crate::ui::state::image_pyramid::ImagePyramid;
use crate::ui::state::label_plane::{Dirty, LabelPlane};
use crate::ui::state::mask_pyramid::MaskPyramid;
use crate::ui::state::mip::{half, level_count};
use crate::ui::state::sampled_mask::SampledMask;

/// Format of the texture that the class layers are packed into.
pub(crate) const PACKED_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// A texture and its shape. Filled in strips, level by level from the coarsest: a large tile takes several frames.
pub(crate) struct LayerTexture {
    texture: wgpu::Texture,
    /// Shape with all levels, filled or not.
    full: TextureShape,
    /// The finest level that is complete.
    filled: u32,
    /// Rows of the next finer level that are filled.
    rows: u32,
}

/// Bytes that may still be uploaded in this frame.
pub(crate) struct Budget(usize);

impl Budget {
    /// As much as takes a few milliseconds.
    pub(crate) fn of_a_frame() -> Self {
        Self(4 << 20)
    }

    /// No limit.
    pub(crate) fn unlimited() -> Self {
        Self(usize::MAX)
    }
}

/// The device to upload to.
#[derive(Clone, Copy)]
pub(crate) struct Uploader<'a> {
    pub(crate) device: &'a wgpu::Device,
    pub(crate) queue: &'a wgpu::Queue,
}

/// Own labels on the GPU.
pub(crate) struct LabelTexture {
    id: u64,
    revision: u64,
    pub(crate) pyramid: MaskPyramid,
    skipped: usize,
    pub(crate) texture: LayerTexture,
}

impl Uploader<'_> {
    /// How many times `size` must be halved to fit the device's limits.
    fn halvings(self, mut size: [u32; 2]) -> usize {
        let limit = self.device.limits().max_texture_dimension_2d.max(1);
        let mut halvings = 0;
        while size[0].max(size[1]) > limit {
            size = half(size);
            halvings += 1;
        }
        halvings
    }

    /// Creates an empty texture; `None`, with a line in the log, if the device refuses it.
    fn texture(self, size: [u32; 2], levels: u32, format: wgpu::TextureFormat) -> Option<LayerTexture> {
        self.texture_for(wgpu::TextureUsages::COPY_DST, size, levels, format)
    }

    fn texture_for(
        self,
        usage: wgpu::TextureUsages,
        size: [u32; 2],
        levels: u32,
        format: wgpu::TextureFormat,
    ) -> Option<LayerTexture> {
        if size[0] == 0 || size[1] == 0 {
            return None;
        }
        let invalid = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let full = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let texture = self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("canvas layer"),
            size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
            mip_level_count: levels,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | usage,
            view_formats: &[],
        });
        let trouble = pollster::block_on(full.pop()).or(pollster::block_on(invalid.pop()));
        if let Some(error) = trouble {
            log::error!("the graphics device refused a layer of {}×{} pixels: {error}", size[0], size[1]);
            return None;
        }
        let full = TextureShape { size, levels, finest: 0 };
        Some(LayerTexture { texture, full, filled: levels, rows: 0 })
    }

    /// Writes `rect` of one level. In `data`, rows of `width` texels, it begins at column and row `from`.
    fn write(self, texture: &LayerTexture, level: usize, data: &[u8], width: u32, rect: PixelRect, from: [u32; 2]) {
        let texel = texture.texture.format().block_copy_size(None).unwrap_or(1) as usize;
        let start = (from[1] as usize * width as usize + from[0] as usize) * texel;
        self.queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                texture: &texture.texture,
                mip_level: level as u32,
                origin: wgpu::Origin3d { x: rect.x, y: rect.y, z: 0 },
                aspect: wgpu::TextureAspect::All,
            },
            &data[start..],
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(width * texel as u32), rows_per_image: None },
            wgpu::Extent3d { width: rect.width, height: rect.height, depth_or_array_layers: 1 },
        );
    }

    /// Fills levels down to `finest` within the budget. `rows` returns rows of a level. Returns true if a level was
    /// completed.
    fn fill<'a>(
        self,
        to: &mut LayerTexture,
        finest: u32,
        budget: &mut Budget,
        rows: impl Fn(usize, Range<u32>) -> Cow<'a, [u8]>,
    ) -> bool {
        let before = to.filled;
        let texel = to.texture.format().block_copy_size(None).unwrap_or(1) as usize;
        while to.filled > finest && budget.0 > 0 {
            let level = to.filled - 1;
            let [width, height] = to.full.texels(level);
            let affordable = (budget.0 / (width as usize * texel)).max(1);
            let strip = (height - to.rows).min(u32::try_from(affordable).unwrap_or(u32::MAX));
            let data = rows(level as usize, to.rows..to.rows + strip);
            self.write_strip(to, level as usize, &data, PixelRect { x: 0, y: to.rows, width, height: strip });
            budget.0 = budget.0.saturating_sub(data.len());
            to.rows += strip;
            if to.rows == height {
                (to.filled, to.rows) = (level, 0);
            }
        }
        to.filled < before
    }

    /// Writes `rect` of one level from data that holds only its rows.
    fn write_strip(self, texture: &LayerTexture, level: usize, data: &[u8], rect: PixelRect) {
        self.write(texture, level, data, rect.width, rect, [0, 0]);
    }

    /// Creates a texture for an image and its reductions, starting with the first level that fits the device.
    pub(crate) fn image(self, pyramid: &ImagePyramid) -> Option<LayerTexture> {
        let skipped = self.halvings(pyramid.size(0));
        let levels = pyramid.level_count() - skipped;
        self.texture(pyramid.size(skipped), levels as u32, wgpu::TextureFormat::Rgba8Unorm)
    }

    /// Fills an image texture down to `finest` within the budget.
    pub(crate) fn fill_image(self, to: &mut LayerTexture, pyramid: &ImagePyramid, finest: u32, budget: &mut Budget) {
        let skipped = pyramid.level_count() - to.full.levels as usize;
        self.fill(to, finest, budget, |level, rows| pyramid.rows(level + skipped, rows));
    }

    /// Creates the texture that the layers of a tile are packed into.
    pub(crate) fn indices(self, tile: [u32; 2]) -> Option<LayerTexture> {
        let size = (0..self.halvings(tile)).fold(tile, |size, _| half(size));
        self.texture_for(wgpu::TextureUsages::RENDER_ATTACHMENT, size, level_count(size), PACKED_FORMAT)
    }

    /// Creates a texture for dense values (classes or confidence, one per pixel), to be filled with
    /// [`Self::fill_dense`]. What exceeds the device's limits is reduced and uploaded at once.
    pub(crate) fn dense(self, size: [u32; 2], data: &[u8]) -> Option<LayerTexture> {
        if data.len() != size[0] as usize * size[1] as usize {
            return None;
        }
        let halvings = self.halvings(size);
        if halvings > 0 {
            let small = (0..halvings).fold(size, |size, _| half(size));
            let reduced = Mask::from_vec(size[0], size[1], data.to_vec())?.resize_nearest(small[0], small[1]);
            let mut texture = self.dense(small, reduced.data())?;
            self.fill_dense(&mut texture, reduced.data(), &mut Budget::unlimited());
            return Some(texture);
        }
        self.texture(size, 1, wgpu::TextureFormat::R8Unorm)
    }

    /// Fills a texture of dense values within the budget. Returns true if that completed it.
    pub(crate) fn fill_dense(self, to: &mut LayerTexture, data: &[u8], budget: &mut Budget) -> bool {
        let width = to.full.size[0] as usize;
        self.fill(to, 0, budget, |_, rows| Cow::Borrowed(&data[rows.start as usize * width..rows.end as usize * width]))
    }

    /// Writes `rect` of a texture of dense values that is filled. In `data`, rows of `width` values, it begins at `from`.
    pub(crate) fn write_dense(self, to: &LayerTexture, data: &[u8], width: u32, rect: PixelRect, from: [u32; 2]) {
        self.write(to, 0, data, width, rect, from);
    }

    /// Creates a texture for sampled labels with reductions that keep every label visible.
    pub(crate) fn sampled(self, dots: &SampledMask) -> Option<LayerTexture> {
        self.sparse(dots, dots.pyramid()).map(|(texture, _)| texture)
    }

    /// Fills a texture of sampled labels within the budget. Returns true if a level was completed.
    pub(crate) fn fill_sampled(self, to: &mut LayerTexture, dots: &SampledMask, budget: &mut Budget) -> bool {
        self.fill_sparse(to, dots, dots.pyramid(), budget)
    }

    /// Creates a texture for a sparse mask and its reductions; also returns how many of the finest levels are left
    /// out.
    fn sparse(self, mask: &Mask, pyramid: &MaskPyramid) -> Option<(LayerTexture, usize)> {
        let skipped = self.halvings(mask.size());
        let levels = pyramid.levels().len() + 1 - skipped;
        let size = (0..skipped).fold(mask.size(), |size, _| half(size));
        Some((self.texture(size, levels as u32, wgpu::TextureFormat::R8Unorm)?, skipped))
    }

    fn fill_sparse(self, to: &mut LayerTexture, mask: &Mask, pyramid: &MaskPyramid, budget: &mut Budget) -> bool {
        let skipped = pyramid.levels().len() + 1 - to.full.levels as usize;
        self.fill(to, 0, budget, |level, rows| {
            let level = (level + skipped).checked_sub(1).map_or(mask, |i| &pyramid.levels()[i]);
            let width = level.width() as usize;
            Cow::Borrowed(&level.data()[rows.start as usize * width..rows.end as usize * width])
        })
    }

    /// Uploads what changed of own labels, or everything, in strips. Returns true if the picture changes.
    pub(crate) fn labels(self, old: &mut Option<LabelTexture>, plane: &LabelPlane, budget: &mut Budget) -> bool {
        let dirty = old.as_ref().map_or(Dirty::All, |old| plane.dirty_since(old.id, old.revision));
        if dirty == Dirty::All {
            *old = None; // Free the old texture before the new one needs its memory.
            let (revision, extent, mask) = (plane.revision(), plane.extent(), plane.mask());
            let pyramid = MaskPyramid::within(&mask, extent);
            *old = self.sparse(&mask, &pyramid).map(|(texture, skipped)| LabelTexture {
                id: plane.id(),
                revision,
                pyramid,
                skipped,
                texture,
            });
        }
        let Some(labels) = old else { return dirty == Dirty::All };
        if let Dirty::Rect(rect) = dirty {
            self.update(labels, plane, rect);
        }
        let LabelTexture { texture, pyramid, .. } = labels;
        let filled = texture.is_filling() && self.fill_sparse(texture, &plane.mask(), pyramid, budget);
        dirty != Dirty::Nothing || filled
    }

    fn update(self, labels: &mut LabelTexture, plane: &LabelPlane, rect: PixelRect) {
        labels.revision = plane.revision();
        let mask = plane.mask();
        let rects = labels.pyramid.update(&mask, rect);
        let levels = std::iter::once(&*mask).chain(labels.pyramid.levels());
        let changes = levels.zip(std::iter::once(rect).chain(rects)).skip(labels.skipped);
        for (i, (level, rect)) in changes.enumerate() {
            self.write(&labels.texture, i, level.data(), level.width(), rect, [rect.x, rect.y]);
        }
    }
}

impl LayerTexture {
    /// A view of one level, or of the last level if there are fewer.
    pub(crate) fn level(&self, level: u32) -> wgpu::TextureView {
        self.texture.create_view(&wgpu::TextureViewDescriptor {
            base_mip_level: level.min(self.full.levels - 1),
            mip_level_count: Some(1),
            ..wgpu::TextureViewDescriptor::default()
        })
    }

    /// Shape as far as it is filled; `None` before the coarsest level is.
    pub(crate) fn shape(&self) -> Option<TextureShape> {
        (self.filled < self.full.levels).then_some(TextureShape { finest: self.filled, ..self.full })
    }

    /// Shape with all levels, for a texture that is not filled by uploads.
    pub(crate) fn full_shape(&self) -> TextureShape {
        self.full
    }

    /// Whether its finest level has this size, in texels.
    pub(crate) fn is_of(&self, size: [u32; 2]) -> bool {
        self.full.size == size
    }

    /// Whether more is left to upload.
    pub(crate) fn is_filling(&self) -> bool {
        self.filled > 0
    }
}

/// A texture of one pixel, bound in place of a missing layer.
pub(crate) fn nothing(device: &wgpu::Device) -> wgpu::TextureView {
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("canvas: no layer"),
        size: wgpu::Extent3d::default(),
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::R8Unorm,
        usage: wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pyramids_and_textures_have_the_same_levels() {
        for size in [[1, 1], [5, 3], [64, 64], [2448, 2448], [3000, 7]] {
            let pyramid = MaskPyramid::new(&Mask::unlabelled(size[0], size[1]));
            assert_eq!(pyramid.levels().len() as u32 + 1, level_count(size));
            assert_eq!(pyramid.levels().last().map_or(size, Mask::size), [1, 1]);
        }
    }
}
