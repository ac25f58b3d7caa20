//! Identity of a run within a session of the program.

/// Tells runs apart. Events of an earlier run are dropped on arrival.
pub type RunId = u64;
