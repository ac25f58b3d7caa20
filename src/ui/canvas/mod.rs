//! The picture: a tile with its layers under a camera, and the pointer input that works on it.
//!
//! [`view::canvas_ui`] is the widget. [`input`] turns pointer events into camera moves and strokes; [`gpu`] composes the
//! layers. Without a graphics device the same interaction works over a plain rectangle. Imports `state` only.

pub mod blocks;
pub mod gpu;
pub mod input;
mod markers;
mod overlay;
pub mod scene;
pub mod view;
