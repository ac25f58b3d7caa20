//! Composes image, masks, prediction and labels on the GPU.
//!
//! The only room of the window that names wgpu resources, apart from the software painter of the shell.

pub mod canvas_gpu;
mod colors;
pub mod frame;
mod indices;
mod packer;
mod picture;
mod pipelines;
mod slot;
mod strips;
mod texture;
mod view_gpu;
