//! Networks and figures in files of other programs: bytes in, bytes out.
//!
//! [`Network`] is what is exchanged; a file each writes or reads it. [`tensorboard`] has the figures. Nothing here knows Burn, run folders or the disk: the engine
//! takes a [`Network`] from a run and makes a run of one.

mod about;
mod format;
pub mod import;
mod network;
pub mod onnx;
pub mod safetensors_file;
pub mod tensorboard;

pub use format::WeightsFormat;
pub use network::Network;
