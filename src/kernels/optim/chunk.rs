//! How a parameter is divided among threads.

/// Values one thread processes at a time: 256 KiB of each operand.
pub(super) const CHUNK: usize = 1 << 16;
