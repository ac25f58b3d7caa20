//! Choice between the direct algorithm and Winograd's.

/// How a window is applied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// Tap by tap.
    Direct,
    /// Four output rows at once from six transformed rows (see [`super::winograd`]).
    Winograd,
}

/// Number of input channels from which on the saved multiplications outweigh the transforms.
const WINOGRAD_FROM: usize = 8;

impl Algorithm {
    /// The faster algorithm for a window of `taps` over `in_channels` channels.
    pub(super) fn select(taps: usize, in_channels: usize) -> Self {
        if taps == 9 && in_channels >= WINOGRAD_FROM { Self::Winograd } else { Self::Direct }
    }
}
