//! Commands in, events out: the one long-lived thread that owns Burn, and the handle its users hold.

pub mod device;
pub mod handle;
pub mod priority;
pub mod protocol;
pub mod slot;

pub use handle::{EngineHandle, Waker};
pub use protocol::{Command, Event, EventKind, Phase, RunId};
