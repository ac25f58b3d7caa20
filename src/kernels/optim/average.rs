//! The exponential moving average of a parameter.

use rayon::prelude::*;

use super::chunk::CHUNK;
use crate::kernels::simd::simd_fn;

/// Writes `keep · old + (1 − keep) · new` to `to`.
///
/// # Panics
/// When the lengths differ.
pub fn average(old: &[f32], new: &[f32], keep: f32, to: &mut [f32]) {
    assert_eq!([new.len(), to.len()], [old.len(); 2], "average, values and result differ in length");
    let pieces = old.par_chunks(CHUNK).zip(new.par_chunks(CHUNK)).zip(to.par_chunks_mut(CHUNK));
    pieces.for_each(|((old, new), to)| average_chunk(old, new, keep, to));
}

simd_fn! {
    fn average_chunk<'a>(_simd: S, old: &'a [f32], new: &'a [f32], keep: f32, to: &'a mut [f32]) {
        for ((to, &old), &new) in to.iter_mut().zip(old).zip(new) {
            *to = keep * old + (1.0 - keep) * new;
        }
    }
}
