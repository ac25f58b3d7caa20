//! Sizes of a texture and its levels, and which level suits a zoom.

use crate::ui::state::mip::half;

/// A texture as the shader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextureShape {
    /// Size of the finest level in texels.
    pub(crate) size: [u32; 2],
    /// Number of levels.
    pub(crate) levels: u32,
    /// The finest level that is filled.
    pub(crate) finest: u32,
}

impl TextureShape {
    /// Size of a level in texels.
    pub(crate) fn texels(self, level: u32) -> [u32; 2] {
        (0..level).fold(self.size, |size, _| half(size))
    }

    /// Size of a level if halving did not round down.
    pub(crate) fn exact_size(self, level: u32) -> [f32; 2] {
        self.size.map(|n| n as f32 / 2.0_f32.powi(level as i32))
    }

    /// Scale from uv over the tile to uv over a level, so that blocks lie exactly on their pixels.
    pub(crate) fn scale(self, level: u32) -> [f32; 2] {
        let (exact, texels) = (self.exact_size(level), self.texels(level));
        [exact[0] / texels[0] as f32, exact[1] / texels[1] as f32]
    }
}

/// The level whose texels are closest to the size of a pixel, sharper rather than softer.
pub(crate) fn smooth_level(texels_per_px: f32) -> u32 {
    (texels_per_px.max(1.0).log2() + 0.4).floor() as u32
}

/// The first level whose texels are at least as large as a pixel, so that no texel falls between pixels.
pub(crate) fn covering_level(texels_per_px: f32) -> u32 {
    (texels_per_px.max(1.0).log2() - 0.01).ceil().max(0.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_use_a_level_without_skipped_texels() {
        assert_eq!([4.0, 1.0, 0.5, 0.3, 0.25, 0.2].map(|zoom| covering_level(1.0 / zoom)), [0, 0, 1, 2, 2, 3]);
        assert_eq!([4.0, 1.0, 0.7, 0.5, 0.3].map(|zoom| smooth_level(1.0 / zoom)), [0, 0, 0, 1, 2]);
    }
}
