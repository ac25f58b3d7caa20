//! Priorities of threads. Every thread that computes for training has a low priority, so that the window's threads get a
//! core at once. It is not the lowest: a build on the same machine should slow training down, not stop it. User input also
//! pauses the compute threads: see [`GATE`](crate::kernels::gate::GATE).

use std::sync::Once;

use thread_priority::{ThreadPriority, ThreadPriorityValue};

/// Priority from 0 to 100, where 50 is normal. It is a nice value of 10 on Linux, a ninth of a normal thread's share.
const LOW: u8 = 24;

/// Between training and the window: an answer to a click does not wait for training, and the window not for the answer. It is a
/// nice value of 4 on Linux.
const MIDDLE: u8 = 40;

/// Lowers the priority of the calling thread. If the system refuses, the window is less smooth, nothing else.
pub fn lower_this_thread() {
    set_priority(LOW);
}

/// A thread pool for what answers the user while training goes on.
///
/// # Errors
/// If no thread can be started.
pub fn answering_pool() -> Result<rayon::ThreadPool, rayon::ThreadPoolBuildError> {
    let named = rayon::ThreadPoolBuilder::new().thread_name(|index| format!("answer-{index}"));
    named.start_handler(|_| set_priority(MIDDLE)).build()
}

fn set_priority(value: u8) {
    let low = ThreadPriorityValue::try_from(value).map_or(ThreadPriority::Min, ThreadPriority::Crossplatform);
    if let Err(error) = thread_priority::set_current_thread_priority(low) {
        log::debug!("cannot lower the priority of a thread: {error:?}");
    }
}

/// Starts the thread pool for kernels and data preparation, at low priority. Later calls do nothing.
pub fn start_compute_pool() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let pool = rayon::ThreadPoolBuilder::new()
            .thread_name(|index| format!("compute-{index}"))
            .start_handler(|_| lower_this_thread())
            .build_global();
        if let Err(error) = pool {
            log::debug!("the compute pool exists already: {error}");
        }
    });
}
