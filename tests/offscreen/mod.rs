//! Renders the canvas without a window on any available adapter. Used by the shader tests and the compositor bench.

use std::sync::Arc;

use eframe::egui::Color32;
use image::RgbImage;
use pollster::block_on;

use pointillist::domain::geometry::Camera;
use pointillist::domain::{Classes, Mask, PatchedMap, hash};
use pointillist::ui::canvas::gpu::canvas_gpu::CanvasGpu;
use pointillist::ui::canvas::gpu::frame::CanvasFrame;
use pointillist::ui::canvas::gpu::lens::Lens;
use pointillist::ui::canvas::scene::TileScene;
use pointillist::ui::state::image_pyramid::ImagePyramid;
use pointillist::ui::state::label_plane::LabelPlane;
use pointillist::ui::state::layer::LayerSet;
use pointillist::ui::state::palette::Palette;
use pointillist::ui::state::sampled_mask::SampledMask;
use pointillist::ui::state::tile_view::TileView;

/// Gray value behind the tile.
pub(crate) const BACKGROUND: u8 = 51;

/// A device and a render target.
pub(crate) struct Offscreen {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) adapter: String,
    pub(crate) gpu: CanvasGpu,
    target: wgpu::Texture,
    size: [u32; 2],
}

impl Offscreen {
    /// `None` without an adapter.
    pub(crate) fn new(size: [u32; 2], format: wgpu::TextureFormat) -> Option<Self> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
        let adapter = block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())).ok()?;
        let (device, queue) = block_on(adapter.request_device(&wgpu::DeviceDescriptor::default())).ok()?;
        let target = device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let gpu = CanvasGpu::new(&device, format);
        Some(Self { adapter: adapter.get_info().name, device, queue, gpu, target, size })
    }

    /// Draws views, each at its x position and at the size of its lens, and waits for the device.
    pub(crate) fn draw(&mut self, views: &[(f32, &CanvasFrame, Lens)]) {
        for (i, (_, frame, _)) in views.iter().enumerate() {
            self.gpu.prepare(&self.device, &self.queue, i as u64, frame);
        }
        let view = self.target.create_view(&wgpu::TextureViewDescriptor::default());
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut gray = f64::from(BACKGROUND) / 255.0;
        if self.target.format().is_srgb() {
            gray = ((gray + 0.055) / 1.055).powf(2.4);
        }
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color { r: gray, g: gray, b: gray, a: 1.0 }),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..wgpu::RenderPassDescriptor::default()
        });
        for (i, (left, _, lens)) in views.iter().enumerate() {
            pass.set_viewport(*left, 0.0, lens.viewport_px[0], lens.viewport_px[1], 0.0, 1.0);
            self.gpu.paint(&mut pass, i as u64);
        }
        drop(pass);
        self.queue.submit([encoder.finish()]);
        self.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device answers");
    }

    /// The pixels drawn, RGBA.
    pub(crate) fn pixels(&self) -> Vec<[u8; 4]> {
        let stride = (self.size[0] * 4).next_multiple_of(256);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: u64::from(stride * self.size[1]),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_texture_to_buffer(
            self.target.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(stride), rows_per_image: None },
            },
            self.target.size(),
        );
        self.queue.submit([encoder.finish()]);
        buffer.map_async(wgpu::MapMode::Read, .., |result| result.expect("the buffer can be mapped"));
        self.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device answers");
        let data = buffer.get_mapped_range(..).expect("the buffer is mapped");
        data.chunks_exact(stride as usize)
            .flat_map(|row| row[..self.size[0] as usize * 4].chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]))
            .collect()
    }
}

/// Everything a view can show, owned.
pub(crate) struct Props {
    pub(crate) view: Arc<TileView>,
    pub(crate) sampled: Option<Arc<SampledMask>>,
    pub(crate) labels: Option<LabelPlane>,
    pub(crate) prediction: Option<PatchedMap>,
    pub(crate) palette: Palette,
    pub(crate) scored: Palette,
    pub(crate) layers: LayerSet,
}

impl Props {
    /// A tile of noise with a full mask.
    pub(crate) fn noise(size: [u32; 2]) -> Self {
        let at = |x: u32, y: u32, salt: u64| hash::mix(salt << 60 ^ u64::from(y) << 30 ^ u64::from(x));
        let image = RgbImage::from_fn(size[0], size[1], |x, y| {
            let bytes = at(x, y, 1).to_le_bytes();
            image::Rgb([bytes[0], bytes[1], bytes[2]])
        });
        let classes = (0..size[1]).flat_map(|y| (0..size[0]).map(move |x| (at(x / 5, y / 5, 2) % 7) as u8));
        let mask = Mask::from_vec(size[0], size[1], classes.collect()).expect("one index per pixel");
        let view = TileView {
            tile: "noise".to_owned(),
            short_id: String::new(),
            size,
            image: ImagePyramid::new(&image),
            mask: Some(Arc::new(mask)),
            mask_counts: Vec::new(),
        };
        Self {
            view: Arc::new(view),
            sampled: None,
            labels: None,
            prediction: None,
            palette: Palette::of(&Classes::deepglobe()),
            scored: Palette::scored(&Classes::deepglobe()),
            layers: LayerSet::default(),
        }
    }

    /// The frame that a view of these would draw.
    pub(crate) fn frame(&self, lens: Lens) -> CanvasFrame {
        let scene = TileScene {
            view: &self.view,
            sampled: self.sampled.as_ref(),
            labels: self.labels.as_ref(),
            book: None,
            prediction: self.prediction.as_ref(),
            palette: &self.palette,
            scored: &self.scored,
            layers: &self.layers,
        };
        CanvasFrame::new(&scene, lens, Color32::from_gray(BACKGROUND))
    }
}

/// A view of this size at one physical pixel per point.
pub(crate) fn lens(camera: Camera, size: [u32; 2]) -> Lens {
    Lens { camera, pixels_per_point: 1.0, viewport_px: size.map(|n| n as f32), middle_px: [0.0; 2] }
}
