//! Turns pointer events on the canvas into camera moves and strokes. Draws nothing.

pub mod canvas_input;
pub mod gesture;
pub(crate) mod hit;
