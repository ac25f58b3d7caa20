//! Composes image, masks, prediction and labels on the GPU.
//!
//! The only room of the window that uses wgpu, besides the shell's painter for software adapters.

pub mod canvas_gpu;
mod channels;
mod colors;
mod drawing;
pub mod frame;
mod indices;
mod layer_texture;
pub mod lens;
mod map_textures;
mod packer;
mod picture;
mod pipelines;
mod reduced;
mod slot;
mod strips;
mod texture_shape;
mod tile_textures;
mod view_gpu;
