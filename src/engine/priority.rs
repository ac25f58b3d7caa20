//! The window's share of the machine: every thread that computes for training runs at the lowest priority, so that the
//! window's threads get a core the moment they want one.

use std::sync::Once;

use thread_priority::ThreadPriority;

/// Lowers the calling thread. A system that refuses keeps the priority it had: nothing depends on it but smoothness.
pub fn lower_this_thread() {
    if let Err(error) = thread_priority::set_current_thread_priority(ThreadPriority::Min) {
        log::debug!("the priority of a thread cannot be lowered: {error:?}");
    }
}

/// Builds the pool that matrix products and data preparation share, with lowered threads. Later calls do nothing.
pub fn start_compute_pool() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let pool = rayon::ThreadPoolBuilder::new()
            .thread_name(|index| format!("compute-{index}"))
            .start_handler(|_| lower_this_thread());
        if let Err(error) = pool.build_global() {
            log::debug!("the compute pool was there before us: {error}");
        }
    });
}
