//! Picks the widest vector instructions this processor has, once a piece of work, at run time.

use pulp::{Simd, WithSimd};

use super::gate::GATE;

/// Runs a piece of work, once the [gate](GATE) is open, compiled for the best instruction set at hand: AVX-512, AVX2 with FMA,
/// NEON, or plain.
pub(crate) fn dispatch<W: WithSimd>(work: W) -> W::Output {
    GATE.pass();
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        // `Arch` knows AVX2 only with a feature of `pulp` that would rebuild all of Burn; its type is there without.
        if let Some(simd) = pulp::x86::V4::try_new().filter(|_| allowed(Width::Avx512)) {
            return Simd::vectorize(simd, work);
        }
        if let Some(simd) = pulp::x86::V3::try_new().filter(|_| allowed(Width::Avx2)) {
            return Simd::vectorize(simd, work);
        }
        Simd::vectorize(pulp::Scalar::new(), work)
    }
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    pulp::Arch::new().dispatch(work)
}

/// Values in a vector.
pub(crate) fn lanes() -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;

        fn with_simd<S: Simd>(self, _simd: S) -> usize {
            S::F32_LANES
        }
    }
    dispatch(Lanes)
}

/// Instruction sets of this processor family, the narrowest first.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) enum Width {
    #[cfg(test)]
    Plain,
    Avx2,
    Avx512,
}

#[cfg(all(not(test), any(target_arch = "x86", target_arch = "x86_64")))]
fn allowed(_width: Width) -> bool {
    true
}

#[cfg(all(test, any(target_arch = "x86", target_arch = "x86_64")))]
pub(crate) use narrowed::{allowed, with_at_most};

/// Lets tests use less than the processor has.
#[cfg(all(test, any(target_arch = "x86", target_arch = "x86_64")))]
mod narrowed {
    use super::Width;
    use std::cell::Cell;

    thread_local! {
        static WIDEST: Cell<Width> = const { Cell::new(Width::Avx512) };
    }

    pub(crate) fn allowed(width: Width) -> bool {
        width <= WIDEST.get()
    }

    /// Runs `work` on threads of its own that use nothing wider than `width`.
    pub(crate) fn with_at_most<R: Send>(width: Width, work: impl FnOnce() -> R + Send) -> R {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).start_handler(move |_| WIDEST.set(width));
        pool.build().expect("threads can be had").install(work)
    }
}
