//! The compositor: pipelines, the textures of the tile in view, and a callback that draws them inside egui's pass.

use std::collections::HashMap;
use std::sync::Arc;

use eframe::egui_wgpu::{self, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::{egui, wgpu};

use super::frame::{Frame, Levels, Shapes, TextureShape};
use super::indices::Indices;
use super::pipelines::Pipelines;
use super::slot::Slot;
use super::texture::{Budget, LabelTexture, LayerTexture, Uploader};
use super::view_gpu::ViewGpu;
use crate::ui::shell::tiles::TileView;
use crate::ui::state::layers::Layer;

/// Everything of the canvas that lives on the graphics device.
pub struct CanvasGpu {
    pipelines: Pipelines,
    textures: Textures,
    views: HashMap<u64, ViewGpu>,
}

/// The layers of the tile in view, shared by all views. Nothing is uploaded twice.
pub(crate) struct Textures {
    image: Slot<TileView, LayerTexture>,
    indices: Indices,
    labels: Option<LabelTexture>,
    uploads: u64,
    label_uploads: u64,
}

impl CanvasGpu {
    /// Readies a window's device for [`crate::ui::canvas::canvas_ui`]. Without this call views show a neutral rectangle.
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
        Self { pipelines: Pipelines::new(device, format), textures: Textures::new(device), views: HashMap::new() }
    }

    /// Uploads what is new in `frame` and composes what has to be. Call before the render pass.
    pub fn prepare(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, view: u64, frame: &Frame) {
        self.prepare_within(device, queue, view, frame, &mut Budget::unlimited());
    }

    /// The same, with no more uploaded than a frame has time for: the tile is coarse at first. True if there is more to
    /// upload in the next frame.
    pub fn prepare_in_time(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, view: u64, frame: &Frame) -> bool {
        self.prepare_within(device, queue, view, frame, &mut Budget::of_a_frame());
        self.textures.is_filling()
    }

    fn prepare_within(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        view: u64,
        frame: &Frame,
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
        self.textures.uploads + self.textures.label_uploads
    }
}

fn installed_id() -> egui::Id {
    egui::Id::unique("canvas: the graphics device is ready")
}

impl Textures {
    fn new(device: &wgpu::Device) -> Self {
        Self { image: Slot::default(), indices: Indices::new(device), labels: None, uploads: 0, label_uploads: 0 }
    }

    /// Uploads what is new as far as the budget goes: the image coarsely, then what lies over it, then the image in full.
    fn follow(&mut self, uploader: Uploader<'_>, frame: &Frame, budget: &mut Budget) {
        let is_new = self.image.follow(Some(&frame.view), |view| uploader.image(&view.image));
        self.uploads += u64::from(is_new);
        self.fill_image(uploader, frame, 1, budget);
        self.uploads += self.indices.follow(uploader, frame, budget);
        match &frame.labels {
            Some(plane) => self.label_uploads += u64::from(uploader.labels(&mut self.labels, plane, budget)),
            None => self.labels = None,
        }
        self.fill_image(uploader, frame, 0, budget);
    }

    /// A finer level is no upload of its own: where it is drawn, what is drawn has changed.
    fn fill_image(&mut self, uploader: Uploader<'_>, frame: &Frame, finest: u32, budget: &mut Budget) {
        if let Some(texture) = self.image.made_mut() {
            uploader.fill_image(texture, &frame.view.image, finest, budget);
        }
    }

    /// Whether more has to be uploaded.
    fn is_filling(&self) -> bool {
        let labels = self.labels.as_ref().map(|labels| &labels.texture);
        self.indices.is_filling() || self.image.made().into_iter().chain(labels).any(LayerTexture::is_filling)
    }

    /// How many times a layer other than own labels has been uploaded.
    pub(crate) fn uploads(&self) -> u64 {
        self.uploads
    }

    /// The same for own labels, whole or in part.
    pub(crate) fn label_uploads(&self) -> u64 {
        self.label_uploads
    }

    /// Own labels, if there are any.
    pub(crate) fn labels(&self) -> Option<&LabelTexture> {
        self.labels.as_ref().filter(|labels| labels.texture.shape().is_some())
    }

    /// Packs what is in sight of a reduction of the class layers.
    pub(crate) fn pack(&mut self, uploader: Uploader<'_>, level: u32, seen_uv: [[f32; 2]; 2]) {
        self.indices.pack(uploader, level, seen_uv);
    }

    /// The textures that the layers are in.
    pub(crate) fn shapes(&self) -> Shapes {
        Layer::ALL.map(|layer| self.shape(layer))
    }

    /// The shape of the texture a layer is in, if it is there.
    fn shape(&self, layer: Layer) -> Option<TextureShape> {
        match layer {
            Layer::Image => self.image.made().and_then(LayerTexture::shape),
            Layer::Labels => self.labels.as_ref().and_then(|labels| labels.texture.shape()),
            _ => self.indices.shape(layer),
        }
    }

    /// Image, indices and labels at these reductions.
    pub(crate) fn at(&self, levels: Levels) -> [Option<wgpu::TextureView>; 3] {
        [
            self.image.made().map(|texture| texture.level(levels.image)),
            self.indices.texture().map(|texture| texture.level(levels.indices)),
            self.labels.as_ref().map(|labels| labels.texture.level(levels.labels)),
        ]
    }
}

/// Draws a frame inside egui's render pass.
pub(crate) struct CanvasCallback {
    pub(crate) view: u64,
    pub(crate) frame: Frame,
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
