//! The window's share of the machine: every thread that computes for training runs at a low priority, so that the window's
//! threads get a core the moment they want one. Not at the lowest: a build beside it should slow training, not stop it.
//! While a person is at work in the window, one core does no training at all: threads that have to be pushed aside first
//! cost a frame some milliseconds, and what they leave in the caches some more.

use std::sync::{Once, OnceLock};

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
        if let Err(error) = pool("compute").build_global() {
            log::debug!("the compute pool was there before us: {error}");
        }
    });
}

fn pool(name: &'static str) -> rayon::ThreadPoolBuilder {
    rayon::ThreadPoolBuilder::new()
        .thread_name(move |index| format!("{name}-{index}"))
        .start_handler(|_| lower_this_thread())
}

/// Does work that is shared out among threads with one thread less than there are cores; with all if there is but one. Its pool
/// is a second one, which idles when the first works and the other way round; results do not depend on the number of threads.
pub fn with_a_core_left<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    static POOL: OnceLock<Option<rayon::ThreadPool>> = OnceLock::new();
    let fewer = || match std::thread::available_parallelism() {
        Ok(cores) if cores.get() > 1 => pool("courteous").num_threads(cores.get() - 1).build().ok(),
        _ => None,
    };
    match POOL.get_or_init(fewer) {
        Some(pool) => pool.install(work),
        None => work(),
    }
}
