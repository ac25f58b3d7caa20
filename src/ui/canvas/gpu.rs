//! The compositor: pipelines, the textures of the tile in view, and a callback that draws them inside egui's pass.

use std::collections::HashMap;
use std::sync::Arc;

use eframe::egui;
use eframe::egui_wgpu::{self, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::wgpu;

use super::colors::Colors;
use super::frame::{Frame, Levels, TextureShape, ViewUniform};
use super::indices::Indices;
use super::pipelines::{Pipelines, TileLayers};
use super::slot::Slot;
use super::strips;
use super::texture::{LabelTexture, LayerTexture, Uploader};
use crate::ui::layers::Layer;
use crate::ui::tiles::TileView;

/// Everything of the canvas that lives on the graphics device.
pub struct CanvasGpu {
    pipelines: Pipelines,
    textures: Textures,
    views: HashMap<u64, ViewGpu>,
}

/// The layers of the tile in view, shared by all views. Nothing is uploaded twice.
struct Textures {
    image: Slot<TileView, LayerTexture>,
    indices: Indices,
    labels: Option<LabelTexture>,
    uploads: u64,
}

/// One view's numbers and bindings.
struct ViewGpu {
    numbers: wgpu::Buffer,
    colors: Colors,
    /// Which state of the textures is bound, and at which reductions.
    bound: Option<(u64, Levels)>,
    /// To be drawn with the nearest and with the linear sampler.
    groups: Option<[wgpu::BindGroup; 2]>,
    tile: Option<TileLayers>,
    labels: Triangles,
    has_ground: bool,
    is_filtered: bool,
}

/// Corners of triangles, in a buffer that grows when it has to.
struct Triangles {
    corners: wgpu::Buffer,
    count: u32,
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
        Self { pipelines: Pipelines::new(device, format), textures: Textures::new(device), views: HashMap::new() }
    }

    /// Uploads what is new in `frame` and readies the view's numbers. Call before the render pass.
    pub fn prepare(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, view: u64, frame: &Frame) {
        let uploader = Uploader { device, queue };
        self.textures.follow(uploader, frame);
        let drawing = frame.drawing(&Layer::ALL.map(|layer| self.textures.shape(layer)));
        if drawing.shows_indices() {
            self.textures.indices.pack(uploader, drawing.levels.indices, frame.seen_uv());
        }
        let view = self.views.entry(view).or_insert_with(|| ViewGpu::new(device, queue));
        view.colors.set_classes(queue, &frame.palette);
        view.tile = TileLayers::of(&drawing.shown, drawing.is_opaque);
        let labels = self.textures.labels.as_ref().filter(|_| drawing.shown[Layer::Labels as usize]);
        view.labels.set(device, queue, &labels.map_or_else(Vec::new, |labels| frame.label_triangles(&labels.chain)));
        view.is_filtered = drawing.is_filtered;
        view.has_ground = frame.ground.is_some();
        if let Some(layers) = view.tile {
            self.pipelines.ready(device, layers);
        }
        queue.write_buffer(&view.numbers, 0, bytemuck::bytes_of(&drawing.uniform));
        let wanted = (self.textures.uploads, drawing.levels);
        if view.bound != Some(wanted) {
            view.bound = Some(wanted);
            let textures = self.textures.at(drawing.levels);
            view.groups = Some(self.pipelines.bind(device, &view.numbers, view.colors.texture(), &textures));
        }
    }

    /// Draws a prepared view into the viewport set on `pass`.
    pub fn paint(&self, pass: &mut wgpu::RenderPass<'_>, view: u64) {
        let Some(view) = self.views.get(&view) else { return };
        let Some([nearest, linear]) = &view.groups else { return };
        pass.set_bind_group(0, if view.is_filtered { linear } else { nearest }, &[]);
        if view.has_ground {
            pass.set_pipeline(self.pipelines.ground());
            pass.draw(0..4, 0..1);
        }
        if let Some(pipeline) = view.tile.and_then(|layers| self.pipelines.tile(layers)) {
            pass.set_pipeline(pipeline);
            pass.draw(0..4, 0..1);
        }
        if view.labels.count > 0 {
            pass.set_pipeline(self.pipelines.labels());
            pass.set_vertex_buffer(0, view.labels.corners.slice(..));
            pass.draw(0..view.labels.count, 0..1);
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
    fn new(device: &wgpu::Device) -> Self {
        Self { image: Slot::default(), indices: Indices::new(device), labels: None, uploads: 0 }
    }

    fn follow(&mut self, uploader: Uploader<'_>, frame: &Frame) {
        self.uploads += u64::from(self.image.follow(Some(&frame.view), |view| uploader.image(&view.image)));
        self.uploads += self.indices.follow(uploader, frame);
        match &frame.labels {
            Some(plane) if self.labels.as_ref().is_some_and(|labels| labels.is_current(plane)) => {}
            Some(plane) => {
                self.labels = uploader.labels(self.labels.take(), plane);
                self.uploads += 1;
            }
            None => self.labels = None,
        }
    }

    /// The shape of the texture a layer is in, if it is there.
    fn shape(&self, layer: Layer) -> Option<TextureShape> {
        match layer {
            Layer::Image => self.image.made().map(|texture| texture.shape),
            Layer::Labels => self.labels.as_ref().map(|labels| labels.texture.shape),
            _ => self.indices.shape(layer),
        }
    }

    /// Image, indices and labels at these reductions.
    fn at(&self, levels: Levels) -> [Option<wgpu::TextureView>; 3] {
        [
            self.image.made().map(|texture| texture.level(levels.image)),
            self.indices.texture().map(|texture| texture.level(levels.indices)),
            self.labels.as_ref().map(|labels| labels.texture.level(levels.labels)),
        ]
    }
}

impl ViewGpu {
    fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let numbers = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("canvas view"),
            size: size_of::<ViewUniform>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self {
            numbers,
            colors: Colors::new(device, queue),
            bound: None,
            groups: None,
            tile: None,
            labels: Triangles::new(device, 0),
            has_ground: false,
            is_filtered: false,
        }
    }
}

impl Triangles {
    fn new(device: &wgpu::Device, corners: usize) -> Self {
        let corners = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("canvas: where own labels are"),
            size: (corners.next_power_of_two().max(384) * size_of::<strips::Corner>()) as u64,
            usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self { corners, count: 0 }
    }

    fn set(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, corners: &[strips::Corner]) {
        if size_of_val(corners) as u64 > self.corners.size() {
            *self = Self::new(device, corners.len());
        }
        self.count = corners.len() as u32;
        if self.count > 0 {
            queue.write_buffer(&self.corners, 0, bytemuck::cast_slice(corners));
        }
    }
}

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
