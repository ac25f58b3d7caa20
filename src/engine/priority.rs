//! The window's share of the machine: every thread that computes for training runs at a low priority, so that the window's
//! threads get a core the moment they want one. Not at the lowest: a build beside it should slow training, not stop it.
//! What a person does is answered while training waits: see [`GATE`](crate::kernels::gate::GATE).

use std::sync::Once;

use thread_priority::{ThreadPriority, ThreadPriorityValue};

/// Of 100, where 50 is normal: a nice value of 10 on Linux, a ninth of a normal thread's share.
const LOW: u8 = 24;

/// Lowers the calling thread. A system that refuses keeps the priority it had: nothing depends on it but smoothness.
pub fn lower_this_thread() {
    let low = ThreadPriorityValue::try_from(LOW).map_or(ThreadPriority::Min, ThreadPriority::Crossplatform);
    if let Err(error) = thread_priority::set_current_thread_priority(low) {
        log::debug!("the priority of a thread cannot be lowered: {error:?}");
    }
}

/// Builds the pool that matrix products and data preparation share, with lowered threads. Later calls do nothing.
pub fn start_compute_pool() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let pool = rayon::ThreadPoolBuilder::new()
            .thread_name(|index| format!("compute-{index}"))
            .start_handler(|_| lower_this_thread())
            .build_global();
        if let Err(error) = pool {
            log::debug!("the compute pool was there before us: {error}");
        }
    });
}
