//! Commands in, events out: the one long-lived thread that owns Burn, and the handle its users hold.

pub mod bench;
pub mod device;
pub mod diagnostics;
pub mod finished;
pub mod handle;
mod meter;
mod outbox;
mod preview;
pub mod priority;
pub mod protocol;
pub mod report;
mod run;
pub mod slot;
mod start;
mod worker;

pub use handle::{EngineHandle, Waker};
pub use protocol::{Command, Event, EventKind, Phase, RunId};
