//! GPU resources of one view, and how its picture is composed.

use std::ops::Range;

use eframe::wgpu;

use super::colors::Colors;
use super::drawing::{Drawing, Levels, ViewUniform};
use super::frame::CanvasFrame;
use super::layer_texture::Uploader;
use super::picture::{Composition, Painted, Picture};
use super::pipelines::{Pipelines, TileLayers};
use super::strips;
use super::tile_textures::TileTextures;
use crate::domain::geometry::PixelRect;
use crate::ui::state::label_plane::Dirty;
use crate::ui::state::layer::{Layer, PerLayer};

/// Uniforms, bind groups and picture of one view.
pub(crate) struct ViewGpu {
    uniforms: wgpu::Buffer,
    colors: Colors,
    /// Upload counts and levels that the bind groups refer to.
    bound: Option<(PerLayer<u64>, Levels)>,
    /// Bind groups for composing, with the nearest and with the linear sampler.
    groups: Option<[wgpu::BindGroup; 2]>,
    /// Triangle corners over own labels. The buffer grows as needed.
    labels: wgpu::Buffer,
    /// Plane and revision of the own labels in the picture.
    seen: Option<(u64, u64)>,
    picture: Picture,
    /// Bind group for drawing the picture.
    shown: Option<wgpu::BindGroup>,
}

/// An area to compose, and the corners of its own labels.
type RedrawArea = (PixelRect, Range<u32>);

impl ViewGpu {
    pub(crate) fn new(Uploader { device, queue }: Uploader<'_>) -> Self {
        let uniforms = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("canvas view"),
            size: size_of::<ViewUniform>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self {
            uniforms,
            colors: Colors::new(device, queue),
            bound: None,
            groups: None,
            labels: corner_buffer(device, 0),
            seen: None,
            picture: Picture::default(),
            shown: None,
        }
    }

    /// Bind group for drawing the picture, once there is one.
    pub(crate) fn shown(&self) -> Option<&wgpu::BindGroup> {
        self.shown.as_ref()
    }

    /// Brings the picture up to date. Submits at once, because egui discards its encoder if the window has no
    /// surface.
    pub(crate) fn update(
        &mut self,
        uploader: Uploader<'_>,
        pipelines: &mut Pipelines,
        textures: &mut TileTextures,
        frame: &CanvasFrame,
    ) {
        let Uploader { device, queue } = uploader;
        let drawing = frame.drawing(&textures.shapes());
        let (at_origin, place) = drawing.at_origin(frame.size_px());
        let composition = Composition {
            drawing: at_origin,
            uploads: PerLayer::from_fn(|layer| match layer {
                Layer::Labels => 0, // What was painted is told by its area.
                Layer::Errors if drawing.shown[layer] => {
                    textures.uploads()[Layer::Mask] + textures.uploads()[Layer::Prediction]
                }
                _ if drawing.shown[layer] => textures.uploads()[layer],
                _ => 0,
            }),
            palette: frame.palette.clone(),
            scored: frame.scored.clone(),
            size: frame.size_px(),
        };
        let painted = self.painted(textures, frame, &drawing);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let areas = self.picture.follow(device, &mut encoder, pipelines.format(), composition, place, painted);
        if areas.is_empty() {
            return;
        }
        if drawing.shows_indices() {
            textures.pack(uploader, drawing.levels.indices, frame.seen_uv());
        }
        self.colors.set_classes(queue, &frame.palette);
        self.colors.set_scored(queue, &frame.scored);
        queue.write_buffer(&self.uniforms, 0, bytemuck::bytes_of(&drawing.uniform));
        self.bind(device, pipelines, textures, drawing.levels);
        let areas_to_draw = self.areas_to_draw(uploader, textures, frame, &drawing, areas);
        self.compose(device, &mut encoder, pipelines, &drawing, &areas_to_draw);
        queue.submit([encoder.finish()]);
    }

    /// What changed of own labels in the picture. Marks the change as drawn.
    fn painted(&mut self, textures: &TileTextures, frame: &CanvasFrame, drawing: &Drawing) -> Painted {
        let shown = frame.labels.as_ref().zip(textures.labels()).filter(|_| drawing.shown[Layer::Labels]);
        let now = shown.map(|(plane, _)| (plane.id(), plane.revision()));
        match (shown, std::mem::replace(&mut self.seen, now)) {
            (None, None) => Painted::Nothing,
            (Some((plane, labels)), Some((id, revision))) => match plane.dirty_since(id, revision) {
                Dirty::Nothing => Painted::Nothing,
                Dirty::Rect(rect) => frame
                    .area_around(rect, labels.texture.full_shape(), drawing.levels.labels)
                    .map_or(Painted::Nothing, Painted::Area),
                Dirty::All => Painted::All,
            },
            _ => Painted::All,
        }
    }

    fn bind(&mut self, device: &wgpu::Device, pipelines: &Pipelines, textures: &TileTextures, levels: Levels) {
        let wanted = (textures.uploads(), levels);
        if self.bound != Some(wanted) {
            self.bound = Some(wanted);
            let colors = self.colors.texture();
            self.groups = Some(pipelines.bind(device, &self.uniforms, colors, &textures.at(levels)));
        }
        let picture =
            self.picture.texture().map(|texture| texture.create_view(&wgpu::TextureViewDescriptor::default()));
        let [nearest, _] = pipelines.bind(device, &self.uniforms, self.colors.texture(), &[picture, None, None]);
        self.shown = Some(nearest);
    }

    /// Uploads the label triangles of these areas.
    fn areas_to_draw(
        &mut self,
        Uploader { device, queue }: Uploader<'_>,
        textures: &TileTextures,
        frame: &CanvasFrame,
        drawing: &Drawing,
        areas: Vec<PixelRect>,
    ) -> Vec<RedrawArea> {
        let labels = textures.labels().filter(|_| drawing.shown[Layer::Labels]);
        let mut corners = Vec::new();
        let mut with_corners = |area| {
            let first = corners.len() as u32;
            corners.extend(labels.into_iter().flat_map(|labels| frame.label_triangles(&labels.pyramid, area)));
            (area, first..corners.len() as u32)
        };
        let areas_to_draw = areas.into_iter().map(&mut with_corners).collect();
        if size_of_val(corners.as_slice()) as u64 > self.labels.size() {
            self.labels = corner_buffer(device, corners.len());
        }
        queue.write_buffer(&self.labels, 0, bytemuck::cast_slice(&corners));
        areas_to_draw
    }

    fn compose(
        &self,
        device: &wgpu::Device,
        encoder: &mut wgpu::CommandEncoder,
        pipelines: &mut Pipelines,
        drawing: &Drawing,
        areas_to_draw: &[RedrawArea],
    ) {
        let (Some([nearest, linear]), Some(picture)) = (&self.groups, self.picture.texture()) else { return };
        let layers = TileLayers::of(&drawing.shown, drawing.is_opaque);
        layers.into_iter().for_each(|layers| pipelines.ready(device, layers));
        let tile = layers.and_then(|layers| pipelines.tile(layers));
        let mut pass = begin(encoder, picture);
        pass.set_bind_group(0, if drawing.is_filtered { linear } else { nearest }, &[]);
        pass.set_vertex_buffer(0, self.labels.slice(..));
        for (area, labels) in areas_to_draw {
            pass.set_scissor_rect(area.x, area.y, area.width, area.height);
            pass.set_pipeline(pipelines.ground());
            pass.draw(0..4, 0..1);
            if let Some(tile) = tile {
                pass.set_pipeline(tile);
                pass.draw(0..4, 0..1);
            }
            pass.set_pipeline(pipelines.labels());
            pass.draw(labels.clone(), 0..1);
        }
    }
}

fn begin<'a>(encoder: &'a mut wgpu::CommandEncoder, to: &wgpu::Texture) -> wgpu::RenderPass<'a> {
    let view = to.create_view(&wgpu::TextureViewDescriptor::default());
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("canvas: a view's picture"),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view: &view,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Load, store: wgpu::StoreOp::Store },
        })],
        ..wgpu::RenderPassDescriptor::default()
    })
}

fn corner_buffer(device: &wgpu::Device, corners: usize) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("canvas: own label triangles"),
        size: (corners.next_power_of_two().max(384) * size_of::<strips::Corner>()) as u64,
        usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}
