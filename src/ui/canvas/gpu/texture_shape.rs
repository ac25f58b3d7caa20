//! Sizes of a texture and its levels, and which level suits a zoom.

use crate::ui::state::mip::half;

/// A texture as the shader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextureShape {
    /// Texels of its finest level.
    pub(crate) size: [u32; 2],
    /// Its levels.
    pub(crate) levels: u32,
    /// The finest level that is there yet.
    pub(crate) finest: u32,
}

impl TextureShape {
    /// Texels of a level.
    pub(crate) fn texels(self, level: u32) -> [u32; 2] {
        (0..level).fold(self.size, |size, _| half(size))
    }

    /// The size of a level as the finest level's, divided: where odd sizes were halved a little more than it has.
    pub(crate) fn exact_size(self, level: u32) -> [f32; 2] {
        self.size.map(|n| n as f32 / 2.0_f32.powi(level as i32))
    }

    /// From uv over the tile to uv over a level, so that blocks lie exactly where their pixels are.
    pub(crate) fn scale(self, level: u32) -> [f32; 2] {
        let (exact, texels) = (self.exact_size(level), self.texels(level));
        [exact[0] / texels[0] as f32, exact[1] / texels[1] as f32]
    }
}

/// The level whose texels are nearest to the size of a pixel, rather sharp than soft.
pub(crate) fn smooth_level(texels_per_px: f32) -> u32 {
    (texels_per_px.max(1.0).log2() + 0.4).floor() as u32
}

/// The first level whose texels are no smaller than a pixel: none falls between pixels.
pub(crate) fn covering_level(texels_per_px: f32) -> u32 {
    (texels_per_px.max(1.0).log2() - 0.01).ceil().max(0.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_get_a_level_that_no_pixel_steps_over() {
        assert_eq!([4.0, 1.0, 0.5, 0.3, 0.25, 0.2].map(|zoom| covering_level(1.0 / zoom)), [0, 0, 1, 2, 2, 3]);
        assert_eq!([4.0, 1.0, 0.7, 0.5, 0.3].map(|zoom| smooth_level(1.0 / zoom)), [0, 0, 0, 1, 2]);
    }
}
