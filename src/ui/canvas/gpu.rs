//! The compositor: pipelines, the textures of the tile in view, and a callback that draws them inside egui's pass.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use eframe::egui;
use eframe::egui_wgpu::{self, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::wgpu;

use super::Palette;
use super::frame::{Frame, Grid, ViewUniform};
use super::pipelines::{Pipelines, TileLayers};
use super::texture::{LabelTexture, LayerTexture, Uploader};
use crate::domain::Mask;
use crate::engine::protocol::Preview;
use crate::ui::layers::Layer;
use crate::ui::tiles::TileView;

/// Everything of the canvas that lives on the graphics device.
pub struct CanvasGpu {
    pipelines: Pipelines,
    textures: Textures,
    views: HashMap<u64, ViewGpu>,
}

/// The layers of the tile in view, shared by all views. Each remembers what it was made from, so that nothing is
/// uploaded twice; a texture that the device refused is not tried again.
#[derive(Default)]
struct Textures {
    image: Slot<TileView>,
    mask: Slot<Mask>,
    sampled: Slot<Mask>,
    prediction: Slot<Preview>,
    confidence: Slot<Preview>,
    labels: Option<LabelTexture>,
    uploads: u64,
}

/// A texture and what it was made from.
struct Slot<T> {
    source: Weak<T>,
    texture: Option<LayerTexture>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { source: Weak::new(), texture: None }
    }
}

impl<T> Slot<T> {
    /// Follows `source`, making the texture anew if it is another one. True if it was.
    fn follow(&mut self, source: Option<&Arc<T>>, make: impl FnOnce(&T) -> Option<LayerTexture>) -> bool {
        let is_same = source.map_or(self.texture.is_none(), |source| Weak::as_ptr(&self.source) == Arc::as_ptr(source));
        if !is_same {
            self.texture = None; // The old one goes before the new one needs its room.
            self.texture = source.and_then(|source| make(source));
            self.source = source.map_or_else(Weak::new, Arc::downgrade);
        }
        !is_same
    }
}

/// One view's numbers and bindings.
struct ViewGpu {
    numbers: wgpu::Buffer,
    colors: wgpu::Buffer,
    palette: Option<Palette>,
    /// Which state of the textures is bound, and at which reductions.
    bound: Option<(u64, [u32; 6])>,
    /// To be drawn with the nearest and with the linear sampler.
    groups: Option<[wgpu::BindGroup; 2]>,
    tile: Option<TileLayers>,
    has_labels: bool,
    is_filtered: bool,
}

impl CanvasGpu {
    /// Readies a window's device for [`super::canvas_ui`]. Without this call views show a neutral rectangle.
    pub fn install(ctx: &egui::Context, state: &egui_wgpu::RenderState) {
        // By default an error of the device ends the program. The window goes on, with a poorer picture at worst.
        state.device.on_uncaptured_error(Arc::new(|error| log::error!("graphics device: {error}")));
        let gpu = Self::new(&state.device, state.target_format);
        state.renderer.write().callback_resources.insert(gpu);
        ctx.data_mut(|data| data.insert_temp(installed_id(), true));
    }

    /// Whether a window's device is ready.
    pub(super) fn is_installed(ctx: &egui::Context) -> bool {
        ctx.data(|data| data.get_temp(installed_id())).unwrap_or(false)
    }

    /// Builds the pipelines for targets of `format`.
    pub fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        Self { pipelines: Pipelines::new(device, format), textures: Textures::default(), views: HashMap::new() }
    }

    /// Uploads what is new in `frame` and readies the view's numbers. Call before the render pass.
    pub fn prepare(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, view: u64, frame: &Frame) {
        self.textures.follow(Uploader { device, queue }, frame);
        let shapes = Layer::ALL.map(|layer| self.textures.of(layer).map(|texture| texture.shape));
        let grid = self.textures.labels.as_ref().map_or_else(Grid::default, |labels| labels.grid);
        let drawing = frame.drawing(shapes, grid);
        let view = self.views.entry(view).or_insert_with(|| ViewGpu::new(device));
        view.set_palette(queue, &frame.palette);
        view.tile = TileLayers::of(&drawing.shown);
        view.has_labels = drawing.shown[Layer::Labels as usize];
        view.is_filtered = drawing.is_filtered;
        if let Some(layers) = view.tile {
            self.pipelines.ready(device, layers);
        }
        queue.write_buffer(&view.numbers, 0, bytemuck::bytes_of(&drawing.uniform));
        let wanted = (self.textures.uploads, drawing.levels);
        if view.bound != Some(wanted) {
            view.bound = Some(wanted);
            let level = |layer: Layer| self.textures.of(layer).map(|of| of.level(drawing.levels[layer as usize]));
            view.groups = Some(self.pipelines.bind(device, &view.numbers, &view.colors, Layer::ALL.map(level)));
        }
    }

    /// Draws a prepared view into the viewport set on `pass`.
    pub fn paint(&self, pass: &mut wgpu::RenderPass<'_>, view: u64) {
        let Some(view) = self.views.get(&view) else { return };
        let Some([nearest, linear]) = &view.groups else { return };
        pass.set_bind_group(0, if view.is_filtered { linear } else { nearest }, &[]);
        if let Some(pipeline) = view.tile.and_then(|layers| self.pipelines.tile(layers)) {
            pass.set_pipeline(pipeline);
            pass.draw(0..4, 0..1);
        }
        if let Some(labels) = self.textures.labels.as_ref().filter(|_| view.has_labels) {
            pass.set_pipeline(self.pipelines.labels());
            pass.set_vertex_buffer(0, labels.cells.slice(..));
            pass.draw(0..4, 0..labels.cell_count);
        }
    }

    /// How many times a layer has been uploaded, whole or in part.
    pub fn uploads(&self) -> u64 {
        self.textures.uploads
    }
}

fn installed_id() -> egui::Id {
    egui::Id::unique("canvas: the graphics device is ready")
}

impl Textures {
    fn follow(&mut self, uploader: Uploader<'_>, frame: &Frame) {
        let prediction = frame.prediction.as_ref();
        let changes = [
            self.image.follow(Some(&frame.view), |view| uploader.image(&view.image)),
            self.mask.follow(frame.view.mask.as_ref(), |mask| uploader.dense(mask.size(), mask.data())),
            self.sampled.follow(frame.sampled.as_ref(), |mask| uploader.sampled(mask)),
            self.prediction.follow(prediction, |p| uploader.dense(p.classes.size(), p.classes.data())),
            self.confidence.follow(prediction, |p| uploader.dense(p.classes.size(), &p.confidence)),
        ];
        self.uploads += changes.iter().filter(|changed| **changed).count() as u64;
        match &frame.labels {
            Some(plane) if self.labels.as_ref().is_some_and(|labels| labels.is_current(plane)) => {}
            Some(plane) => {
                self.labels = uploader.labels(self.labels.take(), plane);
                self.uploads += 1;
            }
            None => self.labels = None,
        }
    }

    fn of(&self, layer: Layer) -> Option<&LayerTexture> {
        match layer {
            Layer::Image => self.image.texture.as_ref(),
            Layer::Mask => self.mask.texture.as_ref(),
            Layer::Sampled => self.sampled.texture.as_ref(),
            Layer::Prediction => self.prediction.texture.as_ref(),
            Layer::Confidence => self.confidence.texture.as_ref(),
            Layer::Labels => self.labels.as_ref().filter(|labels| labels.cell_count > 0).map(|labels| &labels.texture),
        }
    }
}

impl ViewGpu {
    fn new(device: &wgpu::Device) -> Self {
        let buffer = |label, size| {
            let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
            device.create_buffer(&wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false })
        };
        Self {
            numbers: buffer("canvas view", size_of::<ViewUniform>() as u64),
            colors: buffer("canvas class colours", PALETTE_BYTES),
            palette: None,
            bound: None,
            groups: None,
            tile: None,
            has_labels: false,
            is_filtered: false,
        }
    }

    fn set_palette(&mut self, queue: &wgpu::Queue, palette: &Palette) {
        if self.palette.as_ref() != Some(palette) {
            queue.write_buffer(&self.colors, 0, palette.bytes());
            self.palette = Some(palette.clone());
        }
    }
}

/// 256 colours of four bytes.
pub(super) const PALETTE_BYTES: u64 = 256 * 4;

/// Draws a frame inside egui's render pass.
pub(super) struct CanvasCallback {
    pub(super) view: u64,
    pub(super) frame: Frame,
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
        if let Some(gpu) = resources.get_mut::<CanvasGpu>() {
            gpu.prepare(device, queue, self.view, &self.frame);
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
