//! The compositor: pipelines, the textures of the tile in view, and a callback that draws them inside egui's pass.

use std::collections::HashMap;
use std::sync::Arc;

use eframe::egui_wgpu::{self, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::{egui, wgpu};

use super::frame::CanvasFrame;
use super::layer_texture::{Budget, Uploader};
use super::pipelines::Pipelines;
use super::tile_textures::TileTextures;
use super::view_gpu::ViewGpu;

/// Everything of the canvas that lives on the graphics device.
pub struct CanvasGpu {
    pipelines: Pipelines,
    textures: TileTextures,
    views: HashMap<u64, ViewGpu>,
}

impl CanvasGpu {
    /// Readies a window's device for [`crate::ui::canvas::view::canvas_ui`]. Without this call views show a neutral rectangle.
    pub fn install(ctx: &egui::Context, state: &egui_wgpu::RenderState) {
        // By default an error of the device ends the program. The window goes on, with a poorer picture at worst.
        state.device.on_uncaptured_error(Arc::new(|error| log::error!("graphics device: {error}")));
        let gpu = Self::new(&state.device, state.target_format);
        state.renderer.write().callback_resources.insert(gpu);
        ctx.data_mut(|data| data.insert_temp(installed_id(), true));
    }

    /// Whether a window's device is ready.
    pub(crate) fn is_installed(ctx: &egui::Context) -> bool {
        ctx.data(|data| data.get_temp(installed_id())).unwrap_or(false)
    }

    /// Builds the pipelines for targets of `format`.
    pub fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        Self { pipelines: Pipelines::new(device, format), textures: TileTextures::new(device), views: HashMap::new() }
    }

    /// Uploads what is new in `frame` and composes what has to be. Call before the render pass.
    pub fn prepare(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, view: u64, frame: &CanvasFrame) {
        self.prepare_within(device, queue, view, frame, &mut Budget::unlimited());
    }

    /// The same, with no more uploaded than a frame has time for: the tile is coarse at first. True if there is more to
    /// upload in the next frame.
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

    /// How many times a layer has been uploaded, whole or in part.
    pub fn uploads(&self) -> u64 {
        self.textures.uploads() + self.textures.label_uploads()
    }
}

fn installed_id() -> egui::Id {
    egui::Id::unique("canvas: the graphics device is ready")
}

/// Draws a frame inside egui's render pass.
pub(crate) struct CanvasCallback {
    pub(crate) view: u64,
    pub(crate) frame: CanvasFrame,
    /// Draws another frame if this one had no time for all.
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
