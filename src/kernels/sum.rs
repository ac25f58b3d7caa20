//! Summation that vectorises and rounds little.

/// The sum of `term` over `values`, in 64 interleaved partial sums.
#[inline(always)]
pub(crate) fn sum(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut partial = [0.0f32; 64];
    let (whole, rest) = values.as_chunks::<64>();
    for chunk in whole {
        for (sum, &value) in partial.iter_mut().zip(chunk) {
            *sum += term(value);
        }
    }
    for (sum, &value) in partial.iter_mut().zip(rest) {
        *sum += term(value);
    }
    partial.iter().sum()
}
