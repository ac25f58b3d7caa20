//! Returns freed memory to the system through the C library.
//!
//! glibc keeps freed blocks on one heap per thread. Decoded images come and go on several threads, in sizes that never
//! quite fill the gaps: with ten tiles of 2448² pixels it held 130 MB of unused memory.

/// Returns every whole free page. Takes milliseconds: not for the window's thread, nor for each step.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn give_back() {
    unsafe extern "C" {
        fn malloc_trim(pad: usize) -> std::ffi::c_int;
    }
    // SAFETY: the declaration is glibc's. The call touches only free memory, and any thread may make it.
    unsafe { malloc_trim(0) };
}

/// Does nothing: other C libraries return memory on their own.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_back() {}
