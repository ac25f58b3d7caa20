//! Has the C library give memory that was freed back to the system.
//!
//! glibc keeps freed blocks on a heap per thread. Decoded pictures come and go on several threads, in sizes that never quite
//! fill the gaps: with ten tiles of 2448² pixels it held 130 MB that nobody used.

/// Gives back every whole page that is free. Takes milliseconds: not for the window's thread, nor for each step.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn give_back() {
    unsafe extern "C" {
        fn malloc_trim(pad: usize) -> std::ffi::c_int;
    }
    // SAFETY: the declaration is glibc's; the call touches nothing but memory that is free, and may be made by any thread.
    unsafe { malloc_trim(0) };
}

/// Other C libraries do so anyway.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_back() {}
