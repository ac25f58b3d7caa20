//! Turns pointer events on the pictures into camera moves and strokes. Draws nothing.

pub mod follow;
pub mod gesture;
