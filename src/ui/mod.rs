//! The window, in four rooms. Each imports only the rooms below it (see `tests/layering.rs`):
//!
//! - [`shell`] opens the window, runs background jobs and carries out actions;
//! - [`panels`] draw from the state and return what the user asks for;
//! - [`canvas`] is the picture: pointer input and GPU composition;
//! - [`state`] is plain data, changed by actions and engine events.
//!
//! Flow goes one way: input → actions → `execute` → state → draw. Nothing here blocks or computes while drawing.

pub mod canvas;
pub mod panels;
pub mod shell;
pub mod state;

pub use shell::app::{App, StartOptions};
pub use shell::start::run;
