//! Takes the triangles out of egui's output and hands them back as batches drawn by our own pipeline.

use std::sync::Arc;

use eframe::egui::epaint::{ClippedPrimitive, ClippedShape, Primitive};
use eframe::egui::{Context, FullOutput, Plugin, Rect};
use eframe::egui_wgpu::{Callback, RenderState};
use eframe::wgpu;

use super::batch::{Batch, Draw};
use super::buffers::Buffers;
use super::egui_textures::EguiTextures;
use super::pipeline::MeshPipeline;

/// An egui plugin that replaces the triangles in each frame's output with batches.
pub struct MeshPainter {
    device: wgpu::Device,
    queue: wgpu::Queue,
    pipeline: Arc<MeshPipeline>,
    textures: EguiTextures,
    buffers: Buffers,
}

/// Whether egui's own renderer is slow on such a device: see the module documentation.
fn pays_off(device_type: wgpu::DeviceType) -> bool {
    device_type == wgpu::DeviceType::Cpu
}

impl MeshPainter {
    /// Replaces egui's renderer if the adapter is a software one. On a graphics card egui's renderer stays.
    pub fn install_if_software(ctx: &Context, state: &RenderState) {
        if pays_off(state.adapter.get_info().device_type) {
            Self::install(ctx, state);
        }
    }

    /// Draws a window's triangles this way, whatever the adapter.
    fn install(ctx: &Context, state: &RenderState) {
        ctx.add_plugin(Self::new(&state.device, &state.queue, state.target_format));
    }

    fn new(device: &wgpu::Device, queue: &wgpu::Queue, format: wgpu::TextureFormat) -> Self {
        Self {
            device: device.clone(),
            queue: queue.clone(),
            pipeline: Arc::new(MeshPipeline::new(device, format)),
            textures: EguiTextures::default(),
            buffers: Buffers::new(device),
        }
    }

    /// Uploads the meshes and returns what to draw in order: batches of meshes, and the callbacks between them.
    fn batches(&mut self, primitives: Vec<ClippedPrimitive>, screen: Rect) -> Vec<ClippedShape> {
        let meshes = primitives.iter().filter_map(|primitive| match &primitive.primitive {
            Primitive::Mesh(mesh) => Some(mesh),
            Primitive::Callback(_) => None,
        });
        let mut slices = self.buffers.upload(&self.device, &self.queue, meshes).into_iter();
        let mut shapes = Vec::new();
        let mut draws = Vec::new();
        for ClippedPrimitive { clip_rect, primitive } in primitives {
            match primitive {
                Primitive::Mesh(mesh) => {
                    let found = slices.next().zip(self.textures.bound(mesh.texture_id));
                    draws.extend(found.map(|(slice, texture)| Draw { clip_rect, texture: texture.clone(), slice }));
                }
                Primitive::Callback(callback) => {
                    shapes.extend(self.batch(&mut draws, screen));
                    shapes.push(ClippedShape::new(clip_rect, callback));
                }
            }
        }
        shapes.extend(self.batch(&mut draws, screen));
        shapes
    }

    /// Turns the meshes collected in `draws` into a shape.
    fn batch(&self, draws: &mut Vec<Draw>, screen: Rect) -> Option<ClippedShape> {
        if draws.is_empty() {
            return None;
        }
        let [corners, indices] = self.buffers.handles();
        let batch = Batch { pipeline: Arc::clone(&self.pipeline), corners, indices, draws: std::mem::take(draws) };
        Some(ClippedShape::new(screen, Callback::new_paint_callback(screen, batch)))
    }
}

impl Plugin for MeshPainter {
    fn debug_name(&self) -> &'static str {
        "meshes"
    }

    fn output_hook(&mut self, ctx: &Context, output: &mut FullOutput) {
        let mut delta = std::mem::take(&mut output.textures_delta);
        for (id, images) in delta.set.drain() {
            images.iter().for_each(|image| self.textures.set(&self.device, &self.queue, &self.pipeline, id, image));
        }
        let primitives = ctx.tessellate(std::mem::take(&mut output.shapes), output.pixels_per_point);
        output.shapes = self.batches(primitives, ctx.viewport_rect());
        delta.free.drain().for_each(|id| self.textures.free(id));
    }
}

#[cfg(test)]
#[allow(clippy::print_stderr, reason = "a test that cannot run here says so")]
mod tests {
    use eframe::egui::{self, Color32, ColorImage, RichText, TextureHandle, TextureOptions, Ui, Vec2};
    use eframe::egui_wgpu::RendererOptions;
    use egui_kittest::Harness;
    use egui_kittest::wgpu::{WgpuTestRenderer, create_render_state, default_wgpu_setup};
    use image::RgbaImage;

    use super::*;

    /// A bit of everything: text, frames with rounded corners and shadows, lines, an image, a clipped list.
    fn sampler_ui(ui: &mut Ui, picture: &mut Option<TextureHandle>) {
        let gradient =
            || ColorImage::from_rgba_unmultiplied([2, 2], &[255, 0, 0, 255, 0, 255, 0, 128, 0, 0, 255, 64, 9, 9, 9, 0]);
        let picture =
            picture.get_or_insert_with(|| ui.ctx().load_texture("picture", gradient(), TextureOptions::LINEAR));
        ui.heading("Loss, scores and learning rate");
        ui.image((picture.id(), Vec2::splat(40.5)));
        egui::Frame::popup(ui.style()).show(ui, |ui| {
            ui.colored_label(Color32::from_rgb(240, 180, 60), RichText::new("half seen").strong());
            ui.add_enabled(false, egui::Button::new("Start"));
        });
        egui::ScrollArea::vertical()
            .max_height(50.0)
            .show(ui, |ui| (0..9).for_each(|i| drop(ui.button(i.to_string()))));
        ui.separator();
    }

    fn drawn(with_our_shader: bool) -> RgbaImage {
        let options = RendererOptions { dithering: false, ..RendererOptions::default() };
        let state = create_render_state(default_wgpu_setup(), options);
        let builder = Harness::builder().with_size([240.0, 260.0]).with_pixels_per_point(1.5);
        let painted = state.clone();
        let builder = builder.with_context_setup(move |ctx| {
            crate::ui::panels::theme::install(ctx);
            if with_our_shader {
                MeshPainter::install(ctx, &painted);
            }
        });
        let renderer = WgpuTestRenderer::from_render_state(state);
        builder.renderer(renderer).build_ui_state(sampler_ui, None).render().unwrap()
    }

    #[test]
    fn only_software_adapters_get_the_painter() {
        use wgpu::DeviceType::{Cpu, DiscreteGpu, IntegratedGpu, Other, VirtualGpu};
        assert!(pays_off(Cpu));
        assert!(![DiscreteGpu, IntegratedGpu, VirtualGpu, Other].into_iter().any(pays_off));
    }

    #[test]
    fn the_painter_draws_what_egui_would_draw() {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
        if pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())).is_err() {
            eprintln!("skipped: no adapter");
            return;
        }
        let (expected, got) = (drawn(false), drawn(true));
        let colors: std::collections::HashSet<_> = expected.pixels().map(|pixel| &pixel.0[..3]).collect();
        assert!(colors.len() > 100, "there is something to see");
        for (at, (expected, got)) in expected.pixels().zip(got.pixels()).enumerate() {
            let apart = (0..3).map(|i| expected.0[i].abs_diff(got.0[i])).max();
            assert!(apart <= Some(1), "pixel {at}: {got:?} for {expected:?}");
        }
    }
}
