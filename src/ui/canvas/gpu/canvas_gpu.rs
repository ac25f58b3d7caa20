//! The compositor: pipelines, textures of the tile in view, and the paint callback that draws inside egui's render
//! pass.

use std::collections::HashMap;
use std::sync::Arc;

use eframe::egui_wgpu::{self, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::{egui, wgpu};

use super::frame::CanvasFrame;
use super::layer_texture::{Budget, Uploader};
use super::pipelines::Pipelines;
use super::tile_textures::TileTextures;
use super::view_gpu::ViewGpu;
use crate::ui::state::layer::Layer;

/// GPU resources of the canvas.
pub struct CanvasGpu {
    pipelines: Pipelines,
    textures: TileTextures,
    views: HashMap<u64, ViewGpu>,
}

impl CanvasGpu {
    /// Prepares a window's device for [`crate::ui::canvas::view::canvas_ui`]. Without this call, views draw a plain
    /// rectangle.
    pub fn install(ctx: &egui::Context, state: &egui_wgpu::RenderState) {
        // By default wgpu ends the program on a device error. The window continues, at worst with an incomplete
        // picture.
        state.device.on_uncaptured_error(Arc::new(|error| log::error!("graphics device: {error}")));
        let gpu = Self::new(&state.device, state.target_format);
        state.renderer.write().callback_resources.insert(gpu);
        ctx.data_mut(|data| data.insert_temp(installed_id(), true));
    }

    /// Whether [`install`](Self::install) was called for this window.
    pub(crate) fn is_installed(ctx: &egui::Context) -> bool {
        ctx.data(|data| data.get_temp(installed_id())).unwrap_or(false)
    }

    /// Builds the pipelines for targets of this format.
    pub fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        Self { pipelines: Pipelines::new(device, format), textures: TileTextures::new(device), views: HashMap::new() }
    }

    /// Uploads what is new in `frame` and composes what changed. Call before the render pass.
    pub fn prepare(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, view: u64, frame: &CanvasFrame) {
        self.prepare_within(device, queue, view, frame, &mut Budget::unlimited());
    }

    /// The same, but uploads no more than fits into a frame: a new tile is coarse at first. Returns true if more is
    /// left to upload.
    pub fn prepare_in_time(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        view: u64,
        frame: &CanvasFrame,
    ) -> bool {
        self.prepare_within(device, queue, view, frame, &mut Budget::of_a_frame());
        self.textures.is_filling()
    }

    fn prepare_within(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        view: u64,
        frame: &CanvasFrame,
        budget: &mut Budget,
    ) {
        let uploader = Uploader { device, queue };
        self.textures.follow(uploader, frame, budget);
        let view = self.views.entry(view).or_insert_with(|| ViewGpu::new(uploader));
        view.update(uploader, &mut self.pipelines, &mut self.textures, frame);
    }

    /// Draws a prepared view into the viewport set on `pass`.
    pub fn paint(&self, pass: &mut wgpu::RenderPass<'_>, view: u64) {
        if let Some(shown) = self.views.get(&view).and_then(ViewGpu::shown) {
            pass.set_pipeline(self.pipelines.picture());
            pass.set_bind_group(0, shown, &[]);
            pass.draw(0..4, 0..1);
        }
    }

    /// Number of uploads of any layer so far, whole or partial.
    pub fn uploads(&self) -> u64 {
        let uploads = self.textures.uploads();
        Layer::ALL.into_iter().map(|layer| uploads[layer]).sum()
    }
}

fn installed_id() -> egui::Id {
    egui::Id::unique("canvas: GPU installed")
}

/// Draws one view inside egui's render pass.
pub(crate) struct CanvasCallback {
    pub(crate) view: u64,
    pub(crate) frame: CanvasFrame,
    /// Requests another frame if there was no time to upload everything.
    pub(crate) ctx: egui::Context,
}

impl CallbackTrait for CanvasCallback {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(gpu) = resources.get_mut::<CanvasGpu>()
            && gpu.prepare_in_time(device, queue, self.view, &self.frame)
        {
            self.ctx.request_repaint();
        }
        Vec::new()
    }

    fn paint(
        &self,
        _info: egui::PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        if let Some(gpu) = resources.get::<CanvasGpu>() {
            gpu.paint(pass, self.view);
        }
    }
}
