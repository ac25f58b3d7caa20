//! Run-time choice of the instruction set.
//!
//! A [`simd_fn!`] is compiled once per instruction set. Each call first waits for the [gate](GATE) and then runs the widest
//! version this processor supports: AVX-512, AVX2 with FMA, NEON, or portable code.

use pulp::{Simd, WithSimd};

use super::gate::GATE;

/// Declares a function that is compiled once per instruction set.
///
/// The first parameter declares the SIMD token and its type (`simd: S`, where `S: Simd`). Callers leave it out: the call
/// selects it. A function that only wants to be auto-vectorised ignores it. References in the parameters need named
/// lifetimes. Functions called from the body must be `#[inline(always)]`, or they are compiled for the baseline
/// instruction set only.
macro_rules! simd_fn {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident $(<$($lifetime:lifetime),+>)? (
            $simd:ident: $S:ident $(, $argument:ident: $type:ty)* $(,)?
        ) $(-> $output:ty)? $body:block
    ) => {
        $(#[$attribute])*
        $visibility fn $name $(<$($lifetime),+>)? ($($argument: $type),*) $(-> $output)? {
            struct Call $(<$($lifetime),+>)? {
                $($argument: $type),*
            }

            impl $(<$($lifetime),+>)? pulp::WithSimd for Call $(<$($lifetime),+>)? {
                type Output = $crate::kernels::simd::simd_fn!(@output $($output)?);

                #[inline(always)]
                fn with_simd<$S: pulp::Simd>(self, $simd: $S) -> Self::Output {
                    let Self { $($argument),* } = self;
                    $body
                }
            }

            $crate::kernels::simd::dispatch(Call { $($argument),* })
        }
    };
    (@output) => { () };
    (@output $output:ty) => { $output };
}
pub(crate) use simd_fn;

/// Runs `call` with the widest instruction set available, once the gate is open. Kernels use [`simd_fn!`] instead.
pub(crate) fn dispatch<W: WithSimd>(call: W) -> W::Output {
    GATE.pass();
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        // `pulp::Arch` includes AVX2 only with a feature that would rebuild all of Burn; the type exists without it.
        if let Some(simd) = pulp::x86::V4::try_new().filter(|_| allowed(InstructionSet::Avx512)) {
            return Simd::vectorize(simd, call);
        }
        if let Some(simd) = pulp::x86::V3::try_new().filter(|_| allowed(InstructionSet::Avx2)) {
            return Simd::vectorize(simd, call);
        }
        Simd::vectorize(pulp::Scalar::new(), call)
    }
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    pulp::Arch::new().dispatch(call)
}

simd_fn! {
    /// Number of `f32` lanes in a vector: 16, 8, 4 or 1.
    pub(crate) fn lanes(_simd: S) -> usize {
        S::F32_LANES
    }
}

/// Instruction sets of this processor family, from narrow to wide.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) enum InstructionSet {
    #[cfg(test)]
    Scalar,
    Avx2,
    Avx512,
}

#[cfg(all(not(test), any(target_arch = "x86", target_arch = "x86_64")))]
fn allowed(_set: InstructionSet) -> bool {
    true
}

#[cfg(all(test, any(target_arch = "x86", target_arch = "x86_64")))]
pub(crate) use limit::{allowed, with_at_most};

/// Lets tests restrict the instruction set.
#[cfg(all(test, any(target_arch = "x86", target_arch = "x86_64")))]
mod limit {
    use super::InstructionSet;
    use std::cell::Cell;

    thread_local! {
        static WIDEST: Cell<InstructionSet> = const { Cell::new(InstructionSet::Avx512) };
    }

    pub(crate) fn allowed(set: InstructionSet) -> bool {
        set <= WIDEST.get()
    }

    /// Runs `work` on a thread pool that uses nothing wider than `set`.
    pub(crate) fn with_at_most<R: Send>(set: InstructionSet, work: impl FnOnce() -> R + Send) -> R {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).start_handler(move |_| WIDEST.set(set));
        pool.build().expect("the test can start threads").install(work)
    }
}
