//! Packs the class layers into the channels of one texture on the GPU, block by block.

use eframe::wgpu;

use super::layer_texture::{LayerTexture, PACKED_FORMAT, Uploader, nothing};

/// Side of a block in texels.
pub(crate) const BLOCK: u32 = 256;

/// The packing pipeline.
pub(crate) struct Packer {
    pipeline: wgpu::RenderPipeline,
    nearest: wgpu::Sampler,
}

impl Packer {
    pub(crate) fn new(device: &wgpu::Device) -> Self {
        Self { pipeline: pipeline(device), nearest: device.create_sampler(&wgpu::SamplerDescriptor::default()) }
    }

    /// Packs blocks (column and row) of one level: each layer that is there goes to its channel.
    pub(crate) fn pack(
        &self,
        Uploader { device, queue }: Uploader<'_>,
        layers: [Option<&LayerTexture>; 4],
        to: &LayerTexture,
        level: u32,
        blocks: &[[u32; 2]],
    ) {
        let group = self.bind(device, layers.map(|layer| layer.map(|layer| layer.level(level))));
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let target = to.level(level);
        let mut pass = begin(&mut encoder, &target);
        let ([width, height], texels) = (to.full_shape().exact_size(level), to.full_shape().texels(level));
        pass.set_viewport(0.0, 0.0, width, height, 0.0, 1.0);
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &group, &[]);
        for block in blocks {
            let [x, y] = block.map(|n| n * BLOCK);
            pass.set_scissor_rect(x, y, BLOCK.min(texels[0] - x), BLOCK.min(texels[1] - y));
            pass.draw(0..4, 0..1);
        }
        drop(pass);
        queue.submit([encoder.finish()]);
    }

    fn bind(&self, device: &wgpu::Device, layers: [Option<wgpu::TextureView>; 4]) -> wgpu::BindGroup {
        let empty = layers.iter().any(Option::is_none).then(|| nothing(device));
        let textures = layers.iter().filter_map(|layer| layer.as_ref().or(empty.as_ref()));
        let sampler = [wgpu::BindingResource::Sampler(&self.nearest)];
        let resources = sampler.into_iter().chain(textures.map(wgpu::BindingResource::TextureView));
        let entries: Vec<_> =
            (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
        let layout = &self.pipeline.get_bind_group_layout(0);
        device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("canvas indices"),
            layout,
            entries: &entries,
        })
    }
}

fn begin<'a>(encoder: &'a mut wgpu::CommandEncoder, target: &wgpu::TextureView) -> wgpu::RenderPass<'a> {
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("canvas indices"),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view: target,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Load, store: wgpu::StoreOp::Store },
        })],
        ..wgpu::RenderPassDescriptor::default()
    })
}

fn pipeline(device: &wgpu::Device) -> wgpu::RenderPipeline {
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("canvas indices"),
        source: wgpu::ShaderSource::Wgsl(
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/indices.wgsl")).into(),
        ),
    });
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("canvas indices"),
        layout: None,
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("vs_all"),
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
            module: &module,
            entry_point: Some("fs_pack"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(wgpu::ColorTargetState {
                format: PACKED_FORMAT,
                blend: None,
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        multiview_mask: None,
        cache: None,
    })
}
