//! The window. Draws from state, emits what the user wants, and neither blocks nor computes.

pub mod canvas;
pub mod layers;
pub mod tiles;
