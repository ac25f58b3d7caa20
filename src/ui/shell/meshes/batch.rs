//! Consecutive meshes drawn by one paint callback.

use std::ops::Range;
use std::sync::Arc;

use eframe::egui::{PaintCallbackInfo, Rect};
use eframe::egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::wgpu;

use super::buffers::MeshSlice;
use super::pipeline::MeshPipeline;

/// A mesh: clip rectangle, texture and triangles.
pub(crate) struct Draw {
    pub(crate) clip_rect: Rect,
    pub(crate) texture: wgpu::BindGroup,
    pub(crate) slice: MeshSlice,
}

/// The meshes between two callbacks of other widgets.
pub(crate) struct Batch {
    pub(crate) pipeline: Arc<MeshPipeline>,
    pub(crate) corners: wgpu::Buffer,
    pub(crate) indices: wgpu::Buffer,
    pub(crate) draws: Vec<Draw>,
}

impl CallbackTrait for Batch {
    fn prepare(
        &self,
        _device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        _resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let size = screen.size_in_pixels.map(|n| n as f32 / screen.pixels_per_point);
        queue.write_buffer(&self.pipeline.screen_size, 0, bytemuck::bytes_of(&size));
        Vec::new()
    }

    fn paint(&self, info: PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, _resources: &CallbackResources) {
        let [width, height] = info.screen_size_px;
        pass.set_viewport(0.0, 0.0, width as f32, height as f32, 0.0, 1.0);
        pass.set_pipeline(&self.pipeline.pipeline);
        pass.set_bind_group(0, &self.pipeline.screen, &[]);
        pass.set_vertex_buffer(0, self.corners.slice(..));
        pass.set_index_buffer(self.indices.slice(..), wgpu::IndexFormat::Uint32);
        for Draw { clip_rect, texture, slice } in &self.draws {
            let [x, y] = [clip_rect.x_range(), clip_rect.y_range()];
            let x = pixels(x.min..x.max, info.pixels_per_point, width);
            let y = pixels(y.min..y.max, info.pixels_per_point, height);
            if x.is_empty() || y.is_empty() {
                continue;
            }
            pass.set_scissor_rect(x.start, y.start, x.end - x.start, y.end - y.start);
            pass.set_bind_group(1, texture, &[]);
            pass.draw_indexed(slice.indices.clone(), slice.first_corner, 0..1);
        }
    }
}

/// A range of points in pixels, rounded as egui rounds.
fn pixels(points: Range<f32>, scale: f32, size: u32) -> Range<u32> {
    let pixel = |point: f32| ((point * scale).round() as u32).min(size);
    pixel(points.start)..pixel(points.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipped_pixels_stay_on_the_screen() {
        assert_eq!(pixels(-3.0..10.4, 1.5, 100), 0..16);
        assert_eq!(pixels(50.0..f32::INFINITY, 1.0, 100), 50..100);
        assert!(pixels(120.0..130.0, 1.0, 100).is_empty());
        assert!(pixels(20.0..10.0, 1.0, 100).is_empty());
    }
}
