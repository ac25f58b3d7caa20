//! The compositor: pipelines, the textures of the tile in view, and a callback that draws them inside egui's pass.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use eframe::egui;
use eframe::egui_wgpu::{self, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::wgpu;

use super::Palette;
use super::frame::{Frame, LayerUniform};
use super::texture::{LabelTexture, LayerTexture, Uploader};
use crate::domain::Mask;
use crate::engine::protocol::Preview;
use crate::ui::layers::Layer;
use crate::ui::tiles::TileView;

/// Distance of the layers' numbers in their buffer: the largest alignment any device asks for.
const UNIFORM_STRIDE: u64 = 256;

/// Everything of the canvas that lives on the graphics device.
pub struct CanvasGpu {
    pipelines: Pipelines,
    textures: Textures,
    views: HashMap<u64, ViewGpu>,
}

/// What never changes.
struct Pipelines {
    image: wgpu::RenderPipeline,
    classes: wgpu::RenderPipeline,
    labels: wgpu::RenderPipeline,
    image_layout: wgpu::BindGroupLayout,
    classes_layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
    confidence: wgpu::Buffer,
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

/// One view's numbers.
struct ViewGpu {
    uniforms: wgpu::Buffer,
    palette_buffer: wgpu::Buffer,
    palette: Option<Palette>,
    /// Of which state of the textures the bind groups are.
    bound: Option<u64>,
    groups: [Option<wgpu::BindGroup>; 6],
    is_drawn: [bool; 6],
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
        let view = self.views.entry(view).or_insert_with(|| ViewGpu::new(device));
        view.set_palette(queue, &frame.palette);
        let mut numbers = [0_u8; UNIFORM_STRIDE as usize * Layer::ALL.len()];
        for layer in Layer::ALL {
            let uniform = self.textures.of(layer).and_then(|texture| frame.uniform(layer, texture.shape));
            view.is_drawn[layer as usize] = uniform.is_some();
            if let Some(uniform) = uniform {
                let at = layer as usize * UNIFORM_STRIDE as usize;
                numbers[at..at + size_of::<LayerUniform>()].copy_from_slice(bytemuck::bytes_of(&uniform));
            }
        }
        queue.write_buffer(&view.uniforms, 0, &numbers);
        if view.bound != Some(self.textures.uploads) {
            view.bound = Some(self.textures.uploads);
            view.groups = Layer::ALL
                .map(|layer| self.textures.of(layer).map(|texture| self.pipelines.bind(device, layer, texture, view)));
        }
    }

    /// Draws a prepared view into the viewport set on `pass`.
    pub fn paint(&self, pass: &mut wgpu::RenderPass<'_>, view: u64) {
        let Some(view) = self.views.get(&view) else { return };
        for layer in Layer::ALL {
            if let (true, Some(group)) = (view.is_drawn[layer as usize], &view.groups[layer as usize]) {
                pass.set_pipeline(self.pipelines.of(layer));
                pass.set_bind_group(0, group, &[]);
                pass.draw(0..4, 0..1);
            }
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
            Layer::Labels => self.labels.as_ref().map(|labels| &labels.texture),
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
            uniforms: buffer("canvas layers", UNIFORM_STRIDE * Layer::ALL.len() as u64),
            palette_buffer: buffer("canvas palette", PALETTE_BYTES),
            palette: None,
            bound: None,
            groups: Default::default(),
            is_drawn: [false; 6],
        }
    }

    fn set_palette(&mut self, queue: &wgpu::Queue, palette: &Palette) {
        if self.palette.as_ref() != Some(palette) {
            queue.write_buffer(&self.palette_buffer, 0, bytemuck::cast_slice(&palette.to_uniform()));
            self.palette = Some(palette.clone());
        }
    }
}

/// 256 colours of four floats.
const PALETTE_BYTES: u64 = 256 * 16;

impl Pipelines {
    fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("canvas"),
            source: wgpu::ShaderSource::Wgsl(include_str!("../../../shaders/canvas.wgsl").into()),
        });
        let float = wgpu::TextureSampleType::Float { filterable: true };
        let filtering = wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering);
        let image_layout = layout(device, &[(0, uniform()), (3, texture(float)), (4, filtering)]);
        let entries = [(0, uniform()), (1, uniform()), (2, texture(wgpu::TextureSampleType::Uint))];
        let classes_layout = layout(device, &entries);
        let confidence = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("canvas confidence ramp"),
            size: PALETTE_BYTES,
            usage: wgpu::BufferUsages::UNIFORM,
            mapped_at_creation: true,
        });
        if let Ok(mut ramp) = confidence.get_mapped_range_mut(..) {
            ramp.copy_from_slice(bytemuck::cast_slice(&Palette::confidence().to_uniform()));
        }
        confidence.unmap();
        Self {
            image: pipeline(device, &module, format, "fs_image", &image_layout),
            classes: pipeline(device, &module, format, "fs_classes", &classes_layout),
            labels: pipeline(device, &module, format, "fs_labels", &classes_layout),
            image_layout,
            classes_layout,
            sampler: device.create_sampler(&wgpu::SamplerDescriptor {
                label: Some("canvas image"),
                mag_filter: wgpu::FilterMode::Linear,
                min_filter: wgpu::FilterMode::Linear,
                ..wgpu::SamplerDescriptor::default()
            }),
            confidence,
        }
    }

    fn of(&self, layer: Layer) -> &wgpu::RenderPipeline {
        match layer {
            Layer::Image => &self.image,
            Layer::Labels => &self.labels,
            Layer::Mask | Layer::Sampled | Layer::Prediction | Layer::Confidence => &self.classes,
        }
    }

    fn bind(&self, device: &wgpu::Device, layer: Layer, texture: &LayerTexture, view: &ViewGpu) -> wgpu::BindGroup {
        let entry = |binding, resource| wgpu::BindGroupEntry { binding, resource };
        let numbers = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &view.uniforms,
            offset: layer as u64 * UNIFORM_STRIDE,
            size: wgpu::BufferSize::new(size_of::<LayerUniform>() as u64),
        });
        let picture = wgpu::BindingResource::TextureView(&texture.view);
        let palette = if layer == Layer::Confidence { &self.confidence } else { &view.palette_buffer };
        let (layout, entries) = match layer {
            Layer::Image => {
                let sampler = wgpu::BindingResource::Sampler(&self.sampler);
                (&self.image_layout, [entry(0, numbers), entry(3, picture), entry(4, sampler)])
            }
            _ => (&self.classes_layout, [entry(0, numbers), entry(1, palette.as_entire_binding()), entry(2, picture)]),
        };
        device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some("canvas layer"), layout, entries: &entries })
    }
}

fn uniform() -> wgpu::BindingType {
    wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: None,
    }
}

fn texture(sample_type: wgpu::TextureSampleType) -> wgpu::BindingType {
    wgpu::BindingType::Texture { sample_type, view_dimension: wgpu::TextureViewDimension::D2, multisampled: false }
}

fn layout(device: &wgpu::Device, bindings: &[(u32, wgpu::BindingType)]) -> wgpu::BindGroupLayout {
    let entries: Vec<_> = bindings
        .iter()
        .map(|&(binding, ty)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
            ty,
            count: None,
        })
        .collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("canvas layer"), entries: &entries })
}

fn pipeline(
    device: &wgpu::Device,
    module: &wgpu::ShaderModule,
    format: wgpu::TextureFormat,
    fragment: &str,
    layout: &wgpu::BindGroupLayout,
) -> wgpu::RenderPipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("canvas"),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    let constants = [("target_is_srgb", if format.is_srgb() { 1.0 } else { 0.0 })];
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(fragment),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module,
            entry_point: Some("vs_layer"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState {
            topology: wgpu::PrimitiveTopology::TriangleStrip,
            ..wgpu::PrimitiveState::default()
        },
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some(fragment),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &constants,
                ..wgpu::PipelineCompilationOptions::default()
            },
            targets: &[Some(wgpu::ColorTargetState {
                format,
                blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        multiview_mask: None,
        cache: None,
    })
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
