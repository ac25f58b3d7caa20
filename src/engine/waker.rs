//! Waking the user of the engine.

use std::sync::Arc;

/// Called whenever there is something to fetch: the window requests a repaint.
pub type Waker = Arc<dyn Fn() + Send + Sync>;
