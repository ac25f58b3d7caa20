//! The textures of the tile in view.

use eframe::wgpu;

use super::channels::PACKED;
use super::drawing::{Levels, Shapes};
use super::frame::CanvasFrame;
use super::indices::Indices;
use super::layer_texture::{Budget, LabelTexture, LayerTexture, Uploader};
use super::slot::Slot;
use super::texture_shape::TextureShape;
use crate::ui::state::layer::{Layer, PerLayer};
use crate::ui::state::tile_view::TileView;

/// Textures of the tile in view, shared by all views. Nothing is uploaded twice.
pub(crate) struct TileTextures {
    image: Slot<TileView, LayerTexture>,
    indices: Indices,
    labels: Option<LabelTexture>,
    /// Uploads so far.
    uploads: PerLayer<u64>,
}

impl TileTextures {
    pub(crate) fn new(device: &wgpu::Device) -> Self {
        Self { image: Slot::default(), indices: Indices::new(device), labels: None, uploads: PerLayer::default() }
    }

    /// Uploads what is new within the budget: first the image without its finest level, then the other layers, then
    /// the rest.
    pub(crate) fn follow(&mut self, uploader: Uploader<'_>, frame: &CanvasFrame, budget: &mut Budget) {
        let is_new = self.image.follow(Some(&frame.view), |view| uploader.image(&view.image));
        self.uploads[Layer::Image] += u64::from(is_new);
        self.fill_image(uploader, frame, 1, budget);
        let changed = self.indices.follow(uploader, frame, budget);
        PACKED.into_iter().zip(changed).for_each(|(layer, changed)| self.uploads[layer] += u64::from(changed));
        match &frame.labels {
            Some(plane) => {
                self.uploads[Layer::Labels] += u64::from(uploader.labels(&mut self.labels, plane, budget));
            }
            None => self.labels = None,
        }
        self.fill_image(uploader, frame, 0, budget);
    }

    /// Does not count as an upload: a finer level changes the drawing by itself.
    fn fill_image(&mut self, uploader: Uploader<'_>, frame: &CanvasFrame, finest: u32, budget: &mut Budget) {
        if let Some(texture) = self.image.made_mut() {
            uploader.fill_image(texture, &frame.view.image, finest, budget);
        }
    }

    /// Whether more is left to upload.
    pub(crate) fn is_filling(&self) -> bool {
        let labels = self.labels.as_ref().map(|labels| &labels.texture);
        self.indices.is_filling() || self.image.made().into_iter().chain(labels).any(LayerTexture::is_filling)
    }

    /// Number of uploads of each layer so far, whole or partial.
    pub(crate) fn uploads(&self) -> PerLayer<u64> {
        self.uploads
    }

    /// Own labels, if there are any.
    pub(crate) fn labels(&self) -> Option<&LabelTexture> {
        self.labels.as_ref().filter(|labels| labels.texture.shape().is_some())
    }

    /// Packs the visible blocks of a level of the class layers.
    pub(crate) fn pack(&mut self, uploader: Uploader<'_>, level: u32, seen_uv: [[f32; 2]; 2]) {
        self.indices.pack(uploader, level, seen_uv);
    }

    /// Shape of the texture that holds each layer.
    pub(crate) fn shapes(&self) -> Shapes {
        PerLayer::from_fn(|layer| self.shape(layer))
    }

    /// Shape of the texture that holds a layer; `None` if the layer is not there.
    fn shape(&self, layer: Layer) -> Option<TextureShape> {
        match layer {
            Layer::Image => self.image.made().and_then(LayerTexture::shape),
            Layer::Labels => self.labels.as_ref().and_then(|labels| labels.texture.shape()),
            _ => self.indices.shape(layer),
        }
    }

    /// Views of image, indices and labels at these levels.
    pub(crate) fn at(&self, levels: Levels) -> [Option<wgpu::TextureView>; 3] {
        [
            self.image.made().map(|texture| texture.level(levels.image)),
            self.indices.texture().map(|texture| texture.level(levels.indices)),
            self.labels.as_ref().map(|labels| labels.texture.level(levels.labels)),
        ]
    }
}
