//! Sizes of the levels of a pyramid. Images, masks and GPU textures share this rule.

/// Half the size, at least one pixel: the rule for mipmaps.
pub(crate) fn half(size: [u32; 2]) -> [u32; 2] {
    size.map(|n| (n / 2).max(1))
}

/// Number of levels until the size is one pixel.
pub(crate) fn level_count(size: [u32; 2]) -> u32 {
    size[0].max(size[1]).max(1).ilog2() + 1
}
