//! The textures egui allocates: glyphs and thumbnails.

use std::collections::HashMap;

use eframe::egui::TextureId;
use eframe::egui::epaint::textures::{TextureFilter, TextureOptions, TextureWrapMode};
use eframe::egui::epaint::{ImageData, ImageDelta};
use eframe::wgpu;

use super::pipeline::MeshPipeline;

/// Textures by egui's ids.
#[derive(Default)]
pub(crate) struct EguiTextures(HashMap<TextureId, Texture>);

struct Texture {
    texture: wgpu::Texture,
    bound: wgpu::BindGroup,
}

impl EguiTextures {
    /// Creates a texture or updates a part of it.
    pub(crate) fn set(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        pipeline: &MeshPipeline,
        id: TextureId,
        delta: &ImageDelta,
    ) {
        let ImageData::Color(image) = &delta.image;
        let size = image.size.map(|n| n as u32);
        let [x, y] = delta.pos.unwrap_or_default().map(|n| n as u32);
        if delta.pos.is_none() {
            self.0.insert(id, Texture::new(device, pipeline, size, delta.options));
        }
        if let Some(Texture { texture, .. }) = self.0.get(&id) {
            let to = wgpu::TexelCopyTextureInfo { origin: wgpu::Origin3d { x, y, z: 0 }, ..texture.as_image_copy() };
            write(queue, to, size, bytemuck::cast_slice(&image.pixels));
        }
    }

    /// Drops a texture.
    pub(crate) fn free(&mut self, id: TextureId) {
        self.0.remove(&id);
    }

    /// The bind group of a texture.
    pub(crate) fn bound(&self, id: TextureId) -> Option<&wgpu::BindGroup> {
        self.0.get(&id).map(|texture| &texture.bound)
    }
}

impl Texture {
    fn new(device: &wgpu::Device, pipeline: &MeshPipeline, [width, height]: [u32; 2], options: TextureOptions) -> Self {
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("meshes"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let sampler = device.create_sampler(&sampler(options));
        let bound = pipeline.bind(device, &texture, &sampler);
        Self { texture, bound }
    }
}

fn sampler(options: TextureOptions) -> wgpu::SamplerDescriptor<'static> {
    let filter = |filter| match filter {
        TextureFilter::Nearest => wgpu::FilterMode::Nearest,
        TextureFilter::Linear => wgpu::FilterMode::Linear,
    };
    let beyond = match options.wrap_mode {
        TextureWrapMode::ClampToEdge => wgpu::AddressMode::ClampToEdge,
        TextureWrapMode::Repeat => wgpu::AddressMode::Repeat,
        TextureWrapMode::MirroredRepeat => wgpu::AddressMode::MirrorRepeat,
    };
    wgpu::SamplerDescriptor {
        label: Some("meshes"),
        mag_filter: filter(options.magnification),
        min_filter: filter(options.minification),
        address_mode_u: beyond,
        address_mode_v: beyond,
        ..wgpu::SamplerDescriptor::default()
    }
}

fn write(queue: &wgpu::Queue, to: wgpu::TexelCopyTextureInfo<'_>, [width, height]: [u32; 2], texels: &[u8]) {
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: None };
    queue.write_texture(to, texels, layout, wgpu::Extent3d { width, height, depth_or_array_layers: 1 });
}
