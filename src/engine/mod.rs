//! Commands in, events out: the one long-lived thread that owns Burn, and the handle its users hold.

pub mod bench;
mod choice;
pub mod device;
pub mod diagnostics;
pub mod finished;
pub mod handle;
mod keeper;
mod labels;
mod meter;
mod outbox;
mod preparing;
mod preview;
pub mod priority;
pub mod protocol;
pub mod report;
mod run;
mod session;
pub mod slot;
mod start;
mod worker;

pub use handle::{EngineHandle, Waker};
pub use protocol::{Command, Event, EventKind, Phase, RunId};
