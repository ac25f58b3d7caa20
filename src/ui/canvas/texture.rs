//! Textures of the layers, and what is uploaded to them.

use eframe::wgpu;

use super::frame::TextureShape;
use super::label_plane::{Dirty, LabelPlane};
use super::packer::Packer;
use super::pyramid::{Chain, ImagePyramid, half, level_count};
use crate::domain::Mask;
use crate::domain::geometry::PixelRect;

/// A texture and its shape.
pub(super) struct LayerTexture {
    texture: wgpu::Texture,
    pub(super) shape: TextureShape,
}

/// The device and what it allows.
#[derive(Clone, Copy)]
pub(super) struct Uploader<'a> {
    pub(super) device: &'a wgpu::Device,
    pub(super) queue: &'a wgpu::Queue,
}

/// Own labels on the GPU.
pub(super) struct LabelTexture {
    id: u64,
    revision: u64,
    pub(super) chain: Chain,
    skipped: usize,
    pub(super) texture: LayerTexture,
}

impl Uploader<'_> {
    /// How often `size` must be halved to fit the device.
    fn halvings(self, mut size: [u32; 2]) -> usize {
        let limit = self.device.limits().max_texture_dimension_2d.max(1);
        let mut halvings = 0;
        while size[0].max(size[1]) > limit {
            size = half(size);
            halvings += 1;
        }
        halvings
    }

    /// An empty texture; `None`, with a line in the log, if the device has no room for it.
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
            log::error!("the graphics device refuses a layer of {}×{} pixels: {error}", size[0], size[1]);
            return None;
        }
        Some(LayerTexture { texture, shape: TextureShape { size, levels } })
    }

    /// Writes `rect` of one level from that level's whole data.
    fn write(self, texture: &LayerTexture, level: usize, data: &[u8], width: u32, rect: PixelRect) {
        let texel = texture.texture.format().block_copy_size(None).unwrap_or(1) as usize;
        let start = (rect.y as usize * width as usize + rect.x as usize) * texel;
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

    fn write_all(self, texture: &LayerTexture, level: usize, data: &[u8], size: [u32; 2]) {
        self.write(texture, level, data, size[0], PixelRect { x: 0, y: 0, width: size[0], height: size[1] });
    }

    /// An image with its reductions, from the first that fits the device.
    pub(super) fn image(self, pyramid: &ImagePyramid) -> Option<LayerTexture> {
        let levels = &pyramid.levels()[self.halvings(pyramid.levels()[0].size)..];
        let texture = self.texture(levels[0].size, levels.len() as u32, wgpu::TextureFormat::Rgba8Unorm)?;
        for (i, level) in levels.iter().enumerate() {
            self.write_all(&texture, i, &level.rgba, level.size);
        }
        Some(texture)
    }

    /// Room for the layers of a tile to be packed into.
    pub(super) fn indices(self, tile: [u32; 2]) -> Option<LayerTexture> {
        let size = (0..self.halvings(tile)).fold(tile, |size, _| half(size));
        self.texture_for(wgpu::TextureUsages::RENDER_ATTACHMENT, size, level_count(size), Packer::FORMAT)
    }

    /// Values that lie densely, one per pixel: classes or confidence.
    pub(super) fn dense(self, size: [u32; 2], data: &[u8]) -> Option<LayerTexture> {
        if data.len() != size[0] as usize * size[1] as usize {
            return None;
        }
        let halvings = self.halvings(size);
        if halvings > 0 {
            let small = (0..halvings).fold(size, |size, _| half(size));
            let reduced = Mask::from_vec(size[0], size[1], data.to_vec())?.resize_nearest(small[0], small[1]);
            return self.dense(small, reduced.data());
        }
        let texture = self.texture(size, 1, wgpu::TextureFormat::R8Unorm)?;
        self.write_all(&texture, 0, data, size);
        Some(texture)
    }

    /// Sampled labels with reductions that keep dots visible.
    pub(super) fn sampled(self, mask: &Mask) -> Option<LayerTexture> {
        self.sparse(mask, &Chain::new(mask).thinned(mask)).map(|(texture, _)| texture)
    }

    /// A sparse mask with its reductions; also how many of the finest were left out.
    fn sparse(self, mask: &Mask, chain: &Chain) -> Option<(LayerTexture, usize)> {
        let skipped = self.halvings(mask.size());
        let levels: Vec<&Mask> = std::iter::once(mask).chain(chain.levels()).skip(skipped).collect();
        let texture = self.texture(levels.first()?.size(), levels.len() as u32, wgpu::TextureFormat::R8Unorm)?;
        for (i, level) in levels.iter().enumerate() {
            self.write_all(&texture, i, level.data(), level.size());
        }
        Some((texture, skipped))
    }

    /// Own labels: what changed is uploaded, or everything.
    pub(super) fn labels(self, old: Option<LabelTexture>, plane: &LabelPlane) -> Option<LabelTexture> {
        if let Some(mut old) = old {
            match plane.dirty_since(old.id, old.revision) {
                Dirty::Nothing => return Some(old),
                Dirty::Rect(rect) => {
                    self.update(&mut old, plane, rect);
                    return Some(old);
                }
                Dirty::All => {}
            }
        }
        let chain = Chain::new(plane.mask());
        let (texture, skipped) = self.sparse(plane.mask(), &chain)?;
        Some(LabelTexture { id: plane.id(), revision: plane.revision(), chain, skipped, texture })
    }

    fn update(self, labels: &mut LabelTexture, plane: &LabelPlane, rect: PixelRect) {
        let rects = labels.chain.update(plane.mask(), rect);
        let levels = std::iter::once(&**plane.mask()).chain(labels.chain.levels());
        let changes = levels.zip(std::iter::once(rect).chain(rects)).skip(labels.skipped);
        for (i, (level, rect)) in changes.enumerate() {
            self.write(&labels.texture, i, level.data(), level.width(), rect);
        }
        labels.revision = plane.revision();
    }
}

impl LayerTexture {
    /// One of its levels, or its last, to be bound.
    pub(super) fn level(&self, level: u32) -> wgpu::TextureView {
        self.texture.create_view(&wgpu::TextureViewDescriptor {
            base_mip_level: level.min(self.shape.levels - 1),
            mip_level_count: Some(1),
            ..wgpu::TextureViewDescriptor::default()
        })
    }
}

impl LabelTexture {
    /// Whether a plane is already here as it is now.
    pub(super) fn is_current(&self, plane: &LabelPlane) -> bool {
        plane.dirty_since(self.id, self.revision) == Dirty::Nothing
    }
}

/// A texture of one pixel, in place of one that is not there.
pub(super) fn nothing(device: &wgpu::Device) -> wgpu::TextureView {
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
    fn pyramid_and_chain_agree_on_their_levels() {
        for size in [[1, 1], [5, 3], [64, 64], [2448, 2448], [3000, 7]] {
            let chain = Chain::new(&Mask::unlabelled(size[0], size[1]));
            assert_eq!(chain.levels().len() as u32 + 1, level_count(size));
            assert_eq!(chain.levels().last().map_or(size, Mask::size), [1, 1]);
        }
    }
}
