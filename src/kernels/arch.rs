//! Picks the widest vector instructions this processor has, once a call, at run time.

use pulp::{Arch, Simd, WithSimd};

/// Runs `work` compiled for the best instruction set at hand: AVX-512, AVX2 with FMA, NEON, or plain.
pub(crate) fn dispatch<W: WithSimd>(work: W) -> W::Output {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        // `Arch` knows AVX2 only with a feature of `pulp` that would rebuild all of Burn; its type is there without.
        if let Some(simd) = pulp::x86::V4::try_new() {
            return Simd::vectorize(simd, work);
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            return Simd::vectorize(simd, work);
        }
    }
    Arch::new().dispatch(work)
}
