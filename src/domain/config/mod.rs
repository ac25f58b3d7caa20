//! The configuration of a run: one description for the window, the command line and the run folder.
//!
//! `run_config` is the whole; `options`, `device_choice`, `encoder` and `extent` hold the types of its fields. `problems` says what
//! keeps a configuration from being run, `earlier` reads files of earlier versions.

mod device_choice;
mod earlier;
mod encoder;
mod extent;
mod options;
mod preset;
mod problems;
mod run_config;

pub use device_choice::DeviceChoice;
pub use earlier::{LOSS_NAMES, upgrade};
pub use encoder::Encoder;
pub use extent::{InputSize, Length};
pub use options::{Arch, Batches, Colors, Loss, Optimizer, Schedule, Supervision};
pub use preset::Preset;
pub use run_config::{ModelConfig, RunConfig, TrainConfig};
