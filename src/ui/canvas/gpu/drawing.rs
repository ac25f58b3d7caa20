//! What a view draws, and the uniform block the shader reads.

use bytemuck::{Pod, Zeroable};

use super::channels::PACKED;
use super::texture_shape::TextureShape;
use crate::ui::state::layer::{Layer, PerLayer};

/// The uniform block of a view. The layout matches `View` in `shaders/canvas.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(crate) struct ViewUniform {
    pub(super) uv_to_clip: [f32; 4],
    /// Opacities of the packed layers, in the order of [`PACKED`].
    pub(super) opacities: [f32; 4],
    pub(super) indices_scale: [f32; 2],
    pub(super) labels_scale: [f32; 2],
    pub(super) outline: [f32; 2],
    pub(super) image_opacity: f32,
    pub(super) labels_opacity: f32,
    pub(super) ground: [f32; 4],
    /// Colour of wrong pixels, and the opacity of the error map.
    pub(super) errors: [f32; 4],
}

/// What a view draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Drawing {
    pub(crate) uniform: ViewUniform,
    /// Whether each layer is drawn.
    pub(crate) shown: PerLayer<bool>,
    /// The level read from each texture.
    pub(crate) levels: Levels,
    /// Whether images are filtered: when zoomed out.
    pub(crate) is_filtered: bool,
    /// Whether the image hides the ground behind the tile.
    pub(crate) is_opaque: bool,
}

impl Drawing {
    /// Whether anything is drawn that is read from the packed layers.
    pub(crate) fn shows_indices(&self) -> bool {
        PACKED.into_iter().chain([Layer::Errors]).any(|layer| self.shown[layer])
    }

    /// The same drawing with the tile's corner at the centre of a view of this size, and where the corner really is,
    /// in physical pixels from the centre. Equal drawings differ only in position.
    pub(crate) fn at_origin(&self, size: [u32; 2]) -> (Self, [f32; 2]) {
        let [x, y, left, top] = self.uniform.uv_to_clip;
        let uniform = ViewUniform { uv_to_clip: [x, y, 0.0, 0.0], ..self.uniform };
        (Self { uniform, ..*self }, [left * size[0] as f32 / 2.0, -top * size[1] as f32 / 2.0])
    }
}

/// The level of each texture that suits the zoom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Levels {
    pub(crate) image: u32,
    pub(crate) indices: u32,
    pub(crate) labels: u32,
}

/// Shape of the texture that holds each layer; `None` if the layer is not there.
pub(crate) type Shapes = PerLayer<Option<TextureShape>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uniform_block_matches_the_shader() {
        let offset = std::mem::offset_of!(ViewUniform, outline);
        assert_eq!((offset, size_of::<ViewUniform>()), (48, 96));
    }
}
