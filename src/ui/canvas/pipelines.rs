//! The compositor's pipelines. One for each set of layers shown, made when first asked for: software devices work
//! through every branch of a shader, so what is hidden has to be gone from it.

use std::collections::HashMap;

use eframe::wgpu;

use super::Palette;
use super::gpu::PALETTE_BYTES;
use crate::ui::layers::Layer;

/// Which layers of the tile itself are shown; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct TileLayers(u8);

impl TileLayers {
    /// The layers that are composed in one pass, with their switches in the shader.
    const SWITCHES: [(Layer, &'static str); 5] = [
        (Layer::Image, "shows_image"),
        (Layer::Mask, "shows_mask"),
        (Layer::Sampled, "shows_sampled"),
        (Layer::Prediction, "shows_prediction"),
        (Layer::Confidence, "shows_confidence"),
    ];

    pub(super) fn of(shown: &[bool; 6]) -> Option<Self> {
        let bits = Self::SWITCHES.map(|(layer, _)| u8::from(shown[layer as usize]) << layer as u8);
        let bits = bits.iter().sum();
        (bits != 0).then_some(Self(bits))
    }

    /// The shader's switches, as numbers.
    fn constants(self) -> [(&'static str, f64); 5] {
        Self::SWITCHES.map(|(layer, name)| (name, f64::from((self.0 >> layer as u8) & 1)))
    }
}

/// What does not change from frame to frame.
pub(super) struct Pipelines {
    tiles: HashMap<TileLayers, wgpu::RenderPipeline>,
    labels: wgpu::RenderPipeline,
    maker: Maker,
    samplers: [wgpu::Sampler; 2],
    confidence_colors: wgpu::Buffer,
    /// In place of textures that are not there.
    no_image: wgpu::TextureView,
    no_classes: wgpu::TextureView,
}

/// What pipelines are made of.
struct Maker {
    module: wgpu::ShaderModule,
    bindings: wgpu::BindGroupLayout,
    layout: wgpu::PipelineLayout,
    format: wgpu::TextureFormat,
}

impl Pipelines {
    pub(super) fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        let maker = Maker::new(device, format);
        let cell = wgpu::VertexBufferLayout {
            array_stride: 4,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes: &wgpu::vertex_attr_array![0 => Uint16x2],
        };
        let sampler = |filter| {
            device.create_sampler(&wgpu::SamplerDescriptor {
                label: Some("canvas image"),
                mag_filter: filter,
                min_filter: filter,
                ..wgpu::SamplerDescriptor::default()
            })
        };
        Self {
            tiles: HashMap::new(),
            labels: maker.make(device, ["vs_labels", "fs_labels"], &[Some(cell)], &[]),
            maker,
            samplers: [sampler(wgpu::FilterMode::Nearest), sampler(wgpu::FilterMode::Linear)],
            confidence_colors: confidence_colors(device),
            no_image: nothing(device, wgpu::TextureFormat::Rgba8Unorm),
            no_classes: nothing(device, wgpu::TextureFormat::R8Uint),
        }
    }

    /// Makes the pipeline for these layers unless it is there.
    pub(super) fn ready(&mut self, device: &wgpu::Device, layers: TileLayers) {
        self.tiles
            .entry(layers)
            .or_insert_with(|| self.maker.make(device, ["vs_tile", "fs_tile"], &[], &layers.constants()));
    }

    /// Draws the tile with these layers, if [`ready`](Self::ready).
    pub(super) fn tile(&self, layers: TileLayers) -> Option<&wgpu::RenderPipeline> {
        self.tiles.get(&layers)
    }

    /// Draws own labels.
    pub(super) fn labels(&self) -> &wgpu::RenderPipeline {
        &self.labels
    }

    /// A view's bindings, with the nearest and with the linear sampler.
    pub(super) fn bind(
        &self,
        device: &wgpu::Device,
        numbers: &wgpu::Buffer,
        colors: &wgpu::Buffer,
        textures: [Option<wgpu::TextureView>; 6],
    ) -> [wgpu::BindGroup; 2] {
        let picture = |layer: Layer| {
            let nothing = if layer == Layer::Image { &self.no_image } else { &self.no_classes };
            wgpu::BindingResource::TextureView(textures[layer as usize].as_ref().unwrap_or(nothing))
        };
        [0, 1].map(|i| {
            let buffers = [numbers, colors, &self.confidence_colors].map(wgpu::Buffer::as_entire_binding);
            let sampler = [wgpu::BindingResource::Sampler(&self.samplers[i])];
            let resources = buffers.into_iter().chain(sampler).chain(Layer::ALL.map(picture));
            let entries: Vec<_> =
                (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
            let layout = &self.maker.bindings;
            device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some("canvas"), layout, entries: &entries })
        })
    }
}

impl Maker {
    fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("canvas"),
            source: wgpu::ShaderSource::Wgsl(include_str!("../../../shaders/canvas.wgsl").into()),
        });
        let buffer = wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Uniform,
            has_dynamic_offset: false,
            min_binding_size: None,
        };
        let texture = |sample_type| wgpu::BindingType::Texture {
            sample_type,
            view_dimension: wgpu::TextureViewDimension::D2,
            multisampled: false,
        };
        let picture = |layer| match layer {
            Layer::Image => texture(wgpu::TextureSampleType::Float { filterable: true }),
            _ => texture(wgpu::TextureSampleType::Uint),
        };
        let sampler = wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering);
        let types = [buffer, buffer, buffer, sampler].into_iter().chain(Layer::ALL.map(picture));
        let visibility = wgpu::ShaderStages::VERTEX_FRAGMENT;
        let entries: Vec<_> = (0..)
            .zip(types)
            .map(|(binding, ty)| wgpu::BindGroupLayoutEntry { binding, visibility, ty, count: None })
            .collect();
        let label = Some("canvas");
        let bindings = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label,
            bind_group_layouts: &[Some(&bindings)],
            immediate_size: 0,
        });
        Self { module, bindings, layout, format }
    }

    fn make(
        &self,
        device: &wgpu::Device,
        [vertex, fragment]: [&str; 2],
        buffers: &[Option<wgpu::VertexBufferLayout<'_>>],
        switches: &[(&str, f64)],
    ) -> wgpu::RenderPipeline {
        let is_srgb = ("target_is_srgb", f64::from(u8::from(self.format.is_srgb())));
        let constants: Vec<_> = switches.iter().copied().chain([is_srgb]).collect();
        device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(fragment),
            layout: Some(&self.layout),
            vertex: wgpu::VertexState {
                module: &self.module,
                entry_point: Some(vertex),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers,
            },
            primitive: wgpu::PrimitiveState {
                topology: wgpu::PrimitiveTopology::TriangleStrip,
                ..wgpu::PrimitiveState::default()
            },
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &self.module,
                entry_point: Some(fragment),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &constants,
                    ..wgpu::PipelineCompilationOptions::default()
                },
                targets: &[Some(wgpu::ColorTargetState {
                    format: self.format,
                    blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        })
    }
}

fn confidence_colors(device: &wgpu::Device) -> wgpu::Buffer {
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("canvas confidence colours"),
        size: PALETTE_BYTES,
        usage: wgpu::BufferUsages::UNIFORM,
        mapped_at_creation: true,
    });
    if let Ok(mut range) = buffer.get_mapped_range_mut(..) {
        range.copy_from_slice(Palette::confidence().bytes());
    }
    buffer.unmap();
    buffer
}

/// A texture of one pixel.
fn nothing(device: &wgpu::Device, format: wgpu::TextureFormat) -> wgpu::TextureView {
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("canvas: no layer"),
        size: wgpu::Extent3d::default(),
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_has_its_own_switch_and_own_labels_none() {
        let shown = |layers: &[Layer]| {
            let mut shown = [false; 6];
            layers.iter().for_each(|layer| shown[*layer as usize] = true);
            TileLayers::of(&shown)
        };
        assert_eq!(shown(&[]), None);
        assert_eq!(shown(&[Layer::Labels]), None);
        let on: Vec<f64> = shown(&[Layer::Image, Layer::Prediction, Layer::Labels])
            .map_or_else(Vec::new, |layers| layers.constants().map(|(_, value)| value).to_vec());
        assert_eq!(on, [1.0, 0.0, 0.0, 1.0, 0.0]);
    }
}
