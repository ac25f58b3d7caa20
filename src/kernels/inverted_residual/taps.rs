//! The innermost loops of the depthwise convolution: sums of shifted rows, and products with shifted rows.

use pulp::Simd;

use crate::kernels::simd::simd_fn;

/// A shift, and the weight of what is read there.
pub(super) type Tap = (usize, f32);

simd_fn! {
    /// `out[i] = Σ weight · source[shift + i]`. The length of `out` is a multiple of 16.
    pub(super) fn correlate<'a, 'b, 'c>(simd: S, source: &'a [f32], taps: &'b [Tap], out: &'c mut [f32]) {
        let (vectors, _) = S::as_mut_simd_f32s(out);
        let done = run::<S, 8>(simd, source, taps, vectors, 0);
        let done = run::<S, 4>(simd, source, taps, vectors, done);
        run::<S, 1>(simd, source, taps, vectors, done);
    }
}

/// Blocks of `N` vectors from vector `from` on, as many as fit. Returns where they end.
#[inline(always)]
fn run<S: Simd, const N: usize>(simd: S, source: &[f32], taps: &[Tap], out: &mut [S::f32s], from: usize) -> usize {
    let mut at = from;
    while at + N <= out.len() {
        let mut sums = [simd.splat_f32s(0.0); N];
        for &(shift, weight) in taps {
            let weight = simd.splat_f32s(weight);
            let (values, _) = S::as_simd_f32s(&source[shift + at * S::F32_LANES..][..N * S::F32_LANES]);
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum = simd.mul_add_f32s(weight, *value, *sum);
            }
        }
        out[at..at + N].copy_from_slice(&sums);
        at += N;
    }
    at
}

/// Adds `Σ gradient[i] · source[shift + i]` of each tap to `sums`. The length of `gradient` is a multiple of 16.
///
/// # Panics
/// If there are neither 9 nor 25 taps.
pub(super) fn add_products(gradient: &[f32], source: &[f32], shifts: &[usize], sums: &mut [f32]) {
    match shifts.len() {
        9 => add_9(gradient, source, shifts, sums),
        25 => shifts.chunks(5).zip(sums.chunks_mut(5)).for_each(|(shifts, sums)| add_5(gradient, source, shifts, sums)),
        taps => panic!("a window has 9 or 25 taps, not {taps}"),
    }
}

macro_rules! add_taps {
    ($name:ident, $taps:literal) => {
        simd_fn! {
            fn $name<'a, 'b, 'c, 'd>(
                simd: S,
                gradient: &'a [f32],
                source: &'b [f32],
                shifts: &'c [usize],
                sums: &'d mut [f32],
            ) {
                let (gradient, _) = S::as_simd_f32s(gradient);
                let sources: [&[S::f32s]; $taps] = std::array::from_fn(|tap| {
                    &S::as_simd_f32s(&source[shifts[tap]..][..gradient.len() * S::F32_LANES]).0[..gradient.len()]
                });
                let mut products = [simd.splat_f32s(0.0); $taps];
                for (i, gradient) in gradient.iter().enumerate() {
                    for (product, source) in products.iter_mut().zip(&sources) {
                        *product = simd.mul_add_f32s(*gradient, source[i], *product);
                    }
                }
                for (sum, product) in sums.iter_mut().zip(products) {
                    *sum += simd.reduce_sum_f32s(product);
                }
            }
        }
    };
}

add_taps!(add_5, 5);
add_taps!(add_9, 9);
