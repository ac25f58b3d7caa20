//! Class colours, confidence colours and which classes are scored, as the shader reads them: a texture of three rows.

use eframe::wgpu;

use crate::ui::state::palette::Palette;

/// The colour texture of a view.
pub(crate) struct Colors {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    classes: Option<Palette>,
    scored: Option<Palette>,
}

impl Colors {
    /// Creates the texture with the confidence ramp; the other rows follow with `set_classes` and `set_scored`.
    pub(crate) fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("canvas colours"),
            size: wgpu::Extent3d { width: 256, height: 3, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let colors = Self { texture, view, classes: None, scored: None };
        colors.write(queue, 1, &Palette::confidence());
        colors
    }

    /// The texture view to bind.
    pub(crate) fn texture(&self) -> &wgpu::TextureView {
        &self.view
    }

    /// Uploads the class colours if they changed.
    pub(crate) fn set_classes(&mut self, queue: &wgpu::Queue, palette: &Palette) {
        if self.classes.as_ref() != Some(palette) {
            self.write(queue, 0, palette);
            self.classes = Some(palette.clone());
        }
    }

    /// Uploads which classes are scored if that changed.
    pub(crate) fn set_scored(&mut self, queue: &wgpu::Queue, scored: &Palette) {
        if self.scored.as_ref() != Some(scored) {
            self.write(queue, 2, scored);
            self.scored = Some(scored.clone());
        }
    }

    fn write(&self, queue: &wgpu::Queue, row: u32, palette: &Palette) {
        queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                texture: &self.texture,
                mip_level: 0,
                origin: wgpu::Origin3d { x: 0, y: row, z: 0 },
                aspect: wgpu::TextureAspect::All,
            },
            palette.premultiplied().as_flattened(),
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: None, rows_per_image: None },
            wgpu::Extent3d { width: 256, height: 1, depth_or_array_layers: 1 },
        );
    }
}
