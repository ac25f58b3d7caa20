//! The networks: `ModelConfig` → [`Net::new`] → [`Net::forward`].
//!
//! Plain modules that read like the figures of their papers. They use `domain` (the configuration), `kernels`
//! (operators for the CPU), `pretrained` (weights to start from) and how `data` normalises colours, and know nothing of
//! data sets, losses or training. Field names of the modules are keys in
//! checkpoints: renaming one makes older checkpoints unreadable.

pub mod block;
mod colors;
mod convolve;
mod input;
mod inverted_residual;
pub mod lite0;
pub mod lite0_unet;
mod named;
mod net;
mod norm;
pub mod room;
mod rows;
mod shortcut;
pub mod size;
mod transparent;
pub mod unet;
pub mod unet_plus_plus;
pub mod up;

pub use input::IN_CHANNELS;
pub use net::Net;
pub use shortcut::StageHead;
