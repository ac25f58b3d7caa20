//! Has the C library give large blocks back to the system when they are freed.
//!
//! glibc keeps freed blocks of up to 32 MB once it has seen some, on a heap per thread. Decoded pictures come and go on several
//! threads, in sizes that never quite fill the gaps: with ten tiles of 2448² pixels it held 130 MB that nobody used.

/// Blocks from this size on are the system's again as soon as they are freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BYTES: std::ffi::c_int = 4 << 20;

/// To be called before there are other threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn return_large_blocks() {
    const M_MMAP_THRESHOLD: std::ffi::c_int = -3;
    unsafe extern "C" {
        fn mallopt(parameter: std::ffi::c_int, value: std::ffi::c_int) -> std::ffi::c_int;
    }
    // SAFETY: the declaration is glibc's; the call takes two numbers and changes how later blocks are allocated.
    unsafe { mallopt(M_MMAP_THRESHOLD, LARGE_BYTES) };
}

/// Other C libraries do so anyway.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn return_large_blocks() {}
