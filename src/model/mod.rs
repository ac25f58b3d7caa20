//! The networks: `ModelConfig` → [`Net::new`] → [`Net::forward`].
//!
//! Plain modules that read like the figures of their papers. They use `domain` (the configuration) and `kernels`
//! (operators for the CPU), and know nothing of data sets, losses or training. Field names of the modules are keys in
//! checkpoints: renaming one makes older checkpoints unreadable.

pub mod block;
mod input;
mod net;
pub mod size;
pub mod unet;
pub mod unet_plus_plus;

pub use input::IN_CHANNELS;
pub use net::Net;
