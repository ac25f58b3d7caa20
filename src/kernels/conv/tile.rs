//! Size of a register tile: the output channels whose sums are kept in registers together.

use pulp::Simd;

use crate::kernels::simd::simd_fn;

/// The largest value of [`tile_channels`].
pub(super) const MAX_TILE_CHANNELS: usize = 8;

/// Output channels of a tile. With 3 vectors of pixels each, their sums fill the registers.
pub(super) const fn tile_channels<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { MAX_TILE_CHANNELS } else { 4 }
}

simd_fn! {
    /// The same for the instruction set in use.
    pub(super) fn tile_channels_in_use(_simd: S) -> usize {
        tile_channels::<S>()
    }
}
