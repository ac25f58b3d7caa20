//! What a view draws, and the uniform block the shader reads.

use bytemuck::{Pod, Zeroable};

use super::channels::PACKED;
use super::texture_shape::TextureShape;
use crate::ui::state::layer::PerLayer;

/// A view's numbers, as the shader lays them out.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(crate) struct ViewUniform {
    pub(super) uv_to_clip: [f32; 4],
    /// Full mask, sampled mask, prediction, confidence.
    pub(super) opacities: [f32; 4],
    pub(super) indices_scale: [f32; 2],
    pub(super) labels_scale: [f32; 2],
    pub(super) outline: [f32; 2],
    pub(super) image_opacity: f32,
    pub(super) labels_opacity: f32,
    pub(super) ground: [f32; 4],
}

/// What a view draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Drawing {
    pub(crate) uniform: ViewUniform,
    /// Layers that are drawn.
    pub(crate) shown: PerLayer<bool>,
    /// The reductions that are read.
    pub(crate) levels: Levels,
    /// Zoomed out, images are filtered.
    pub(crate) is_filtered: bool,
    /// The image hides what is behind the tile.
    pub(crate) is_opaque: bool,
}

impl Drawing {
    /// Whether any of the packed layers is drawn.
    pub(crate) fn shows_indices(&self) -> bool {
        PACKED.into_iter().any(|layer| self.shown[layer])
    }

    /// The same with the tile's corner in the middle of a view of this size, and where it does lie, in physical pixels.
    pub(crate) fn unmoved(&self, size: [u32; 2]) -> (Self, [f32; 2]) {
        let [x, y, left, top] = self.uniform.uv_to_clip;
        let uniform = ViewUniform { uv_to_clip: [x, y, 0.0, 0.0], ..self.uniform };
        (Self { uniform, ..*self }, [left * size[0] as f32 / 2.0, -top * size[1] as f32 / 2.0])
    }
}

/// Which reduction of each texture suits the zoom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Levels {
    pub(crate) image: u32,
    pub(crate) indices: u32,
    pub(crate) labels: u32,
}

/// The textures there are: the layer's own, or the one it is packed in.
pub(crate) type Shapes = PerLayer<Option<TextureShape>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lie_where_the_shader_looks_for_them() {
        let offset = std::mem::offset_of!(ViewUniform, outline);
        assert_eq!((offset, size_of::<ViewUniform>()), (48, 80));
    }
}
