//! Draws egui's triangles with a shader of our own on software adapters, inside the render pass of egui's renderer.
//!
//! egui's shader computes both of its texture filters for every pixel and selects one. On a software adapter the unused
//! filter (integer divisions) costs about 90 ns per pixel, twice as much as the rest of a frame. So the painter takes the
//! triangles out of egui's output and hands them back as paint callbacks that draw them with a simpler shader. The
//! canvas's own callbacks keep their place in the drawing order. A graphics card gains nothing and keeps egui's renderer.

mod batch;
mod buffers;
mod egui_textures;
pub mod painter;
mod pipeline;
