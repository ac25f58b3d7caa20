//! Counts values and colours of masks.

use std::collections::HashMap;
use std::hash::Hash;

/// Pixel counts by key.
pub(crate) fn tally<P: Copy + PartialEq, K: Hash + Eq>(pixels: &[P], key: impl Fn(P) -> K) -> HashMap<K, u64> {
    let mut counts = HashMap::new();
    for run in pixels.chunk_by(|a, b| a == b) {
        *counts.entry(key(run[0])).or_insert(0) += run.len() as u64;
    }
    counts
}

/// Pixel counts by gray level; `None` if any pixel is not gray.
pub(crate) fn gray_tally(colors: &[[u8; 3]]) -> Option<HashMap<i32, u64>> {
    let is_gray = |[r, g, b]: &[u8; 3]| r == g && g == b;
    colors.iter().all(is_gray).then(|| tally(colors, |color| i32::from(color[0])))
}
