//! The compositor's pipelines. There is one per set of visible layers, built on first use: software adapters execute
//! every branch of a shader, so hidden layers must be compiled out.

use std::collections::HashMap;

use eframe::wgpu;

use super::layer_texture::nothing;
use super::strips;
use crate::ui::state::layer::{Layer, PerLayer};

/// The set of visible layers composed in one pass; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TileLayers {
    bits: u8,
    /// The image hides the ground behind the tile, so no blending is needed.
    is_opaque: bool,
}

impl TileLayers {
    /// Layers composed in one pass: all but own labels, which are drawn separately.
    fn composed() -> impl Iterator<Item = Layer> {
        Layer::ALL.into_iter().filter(|layer| *layer != Layer::Labels)
    }

    /// The visible layers; `None` if there are none.
    pub(crate) fn of(shown: &PerLayer<bool>, is_opaque: bool) -> Option<Self> {
        let bits = Self::composed().map(|layer| u8::from(shown[layer]) << layer as u8).sum();
        (bits != 0).then_some(Self { bits, is_opaque })
    }

    /// Pipeline constants of the shader: a switch per layer (`shows_` and its key), 0 or 1.
    fn constants(self) -> Vec<(String, f64)> {
        let switch = |layer: Layer| (format!("shows_{}", layer.key()), f64::from((self.bits >> layer as u8) & 1));
        let is_opaque = ("is_opaque".to_owned(), f64::from(u8::from(self.is_opaque)));
        Self::composed().map(switch).chain([is_opaque]).collect()
    }

    fn blend(self) -> Option<wgpu::BlendState> {
        (!self.is_opaque).then_some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING)
    }
}

/// Pipelines, samplers and bindings that do not change between frames.
pub(crate) struct Pipelines {
    tiles: HashMap<TileLayers, wgpu::RenderPipeline>,
    ground: wgpu::RenderPipeline,
    picture: wgpu::RenderPipeline,
    labels: wgpu::RenderPipeline,
    factory: PipelineFactory,
    samplers: [wgpu::Sampler; 2],
    /// Bound in place of missing textures.
    nothing: wgpu::TextureView,
}

/// Builds pipelines.
struct PipelineFactory {
    module: wgpu::ShaderModule,
    bindings: wgpu::BindGroupLayout,
    layout: wgpu::PipelineLayout,
    format: wgpu::TextureFormat,
}

impl Pipelines {
    pub(crate) fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        let factory = PipelineFactory::new(device, format);
        let corner = wgpu::VertexBufferLayout {
            array_stride: size_of::<strips::Corner>() as u64,
            step_mode: wgpu::VertexStepMode::Vertex,
            attributes: &wgpu::vertex_attr_array![0 => Float32x2],
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
            ground: factory.whole_view(device, "fs_ground"),
            picture: factory.whole_view(device, "fs_picture"),
            labels: factory.labels(device, corner),
            factory,
            samplers: [sampler(wgpu::FilterMode::Nearest), sampler(wgpu::FilterMode::Linear)],
            nothing: nothing(device),
        }
    }

    /// Builds the pipeline for these layers if it does not exist.
    pub(crate) fn ready(&mut self, device: &wgpu::Device, layers: TileLayers) {
        self.tiles.entry(layers).or_insert_with(|| self.factory.tile(device, layers));
    }

    /// The pipeline that draws the tile with these layers, if [`ready`](Self::ready) was called.
    pub(crate) fn tile(&self, layers: TileLayers) -> Option<&wgpu::RenderPipeline> {
        self.tiles.get(&layers)
    }

    /// Fills the ground behind the tile.
    pub(crate) fn ground(&self) -> &wgpu::RenderPipeline {
        &self.ground
    }

    /// Draws a composed picture, bound in place of the image.
    pub(crate) fn picture(&self) -> &wgpu::RenderPipeline {
        &self.picture
    }

    /// Format of the composed pictures.
    pub(crate) fn format(&self) -> wgpu::TextureFormat {
        self.factory.format
    }

    /// Draws own labels.
    pub(crate) fn labels(&self) -> &wgpu::RenderPipeline {
        &self.labels
    }

    /// Bind groups of a view, with the nearest and with the linear sampler.
    pub(crate) fn bind(
        &self,
        device: &wgpu::Device,
        uniforms: &wgpu::Buffer,
        colors: &wgpu::TextureView,
        textures: &[Option<wgpu::TextureView>; 3],
    ) -> [wgpu::BindGroup; 2] {
        let layout = &self.factory.bindings;
        [0, 1].map(|i| {
            let layers = textures.iter().map(|texture| texture.as_ref().unwrap_or(&self.nothing));
            let pictures = layers.map(wgpu::BindingResource::TextureView);
            let first = [
                uniforms.as_entire_binding(),
                wgpu::BindingResource::TextureView(colors),
                wgpu::BindingResource::Sampler(&self.samplers[0]),
                wgpu::BindingResource::Sampler(&self.samplers[i]),
            ];
            let resources = first.into_iter().chain(pictures);
            let entries: Vec<_> =
                (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
            device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some("canvas"), layout, entries: &entries })
        })
    }
}

impl PipelineFactory {
    fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("canvas"),
            source: wgpu::ShaderSource::Wgsl(
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/canvas.wgsl")).into(),
            ),
        });
        let buffer = wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Uniform,
            has_dynamic_offset: false,
            min_binding_size: None,
        };
        let texture = wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Float { filterable: true },
            view_dimension: wgpu::TextureViewDimension::D2,
            multisampled: false,
        };
        let sampler = wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering);
        let types = [buffer, texture, sampler, sampler, texture, texture, texture];
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

    fn whole_view(&self, device: &wgpu::Device, fragment: &str) -> wgpu::RenderPipeline {
        let strip = wgpu::PrimitiveTopology::TriangleStrip;
        self.make(device, ["vs_view", fragment], (strip, &[]), &[], None)
    }

    fn tile(&self, device: &wgpu::Device, layers: TileLayers) -> wgpu::RenderPipeline {
        let strip = wgpu::PrimitiveTopology::TriangleStrip;
        self.make(device, ["vs_tile", "fs_tile"], (strip, &[]), &layers.constants(), layers.blend())
    }

    fn labels(&self, device: &wgpu::Device, corner: wgpu::VertexBufferLayout<'_>) -> wgpu::RenderPipeline {
        let triangles = (wgpu::PrimitiveTopology::TriangleList, &[Some(corner)][..]);
        let blend = Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING);
        self.make(device, ["vs_labels", "fs_labels"], triangles, &[], blend)
    }

    fn make(
        &self,
        device: &wgpu::Device,
        [vertex, fragment]: [&str; 2],
        (topology, buffers): (wgpu::PrimitiveTopology, &[Option<wgpu::VertexBufferLayout<'_>>]),
        switches: &[(String, f64)],
        blend: Option<wgpu::BlendState>,
    ) -> wgpu::RenderPipeline {
        let is_srgb = ("target_is_srgb", f64::from(u8::from(self.format.is_srgb())));
        let constants: Vec<_> = switches.iter().map(|(name, value)| (name.as_str(), *value)).chain([is_srgb]).collect();
        device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(fragment),
            layout: Some(&self.layout),
            vertex: wgpu::VertexState {
                module: &self.module,
                entry_point: Some(vertex),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers,
            },
            primitive: wgpu::PrimitiveState { topology, ..wgpu::PrimitiveState::default() },
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
                    blend,
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_composed_layer_has_a_switch() {
        let shown = |layers: &[Layer]| TileLayers::of(&PerLayer::from_fn(|layer| layers.contains(&layer)), false);
        assert_eq!(shown(&[]), None);
        assert_eq!(shown(&[Layer::Labels]), None);
        let some = shown(&[Layer::Image, Layer::Prediction, Layer::Labels]).unwrap();
        assert_eq!(
            some.constants().iter().map(|(_, value)| *value).collect::<Vec<_>>(),
            [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
        );
    }
}
