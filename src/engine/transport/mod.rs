//! How commands, events and previews travel between the engine's users and its worker.
//!
//! A connection has two ends. [`in_process`] connects threads by channels; a worker in another process needs the same two
//! traits over a pipe, since every message can be serialised.

mod ends;
pub mod in_process;

pub use ends::{UserEnd, WorkerEnd};
