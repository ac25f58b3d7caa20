//! The configuration of a run: one description for the window, the command line and the run folder.
//!
//! `run_config` is the whole, `model_config` and `train_config` its largest tables; `options`, `bands`, `device_choice`, `encoder`, `extent` and `loss_weights` hold the types of its fields. `problems` and
//! `training_problems` say what keeps a configuration from being run, `earlier` reads files of earlier versions.

mod bands;
mod device_choice;
mod earlier;
mod encoder;
mod extent;
mod loss_weights;
mod model_config;
mod options;
mod preset;
mod problem_list;
mod problems;
mod run_config;
mod step_size;
mod train_config;
mod training_problems;

pub use bands::BANDS;
pub use device_choice::DeviceChoice;
pub use earlier::{LOSS_NAMES, upgrade};
pub use encoder::Encoder;
pub use extent::{InputSize, Length};
pub use loss_weights::LossWeights;
pub use model_config::ModelConfig;
pub use options::{
    Arch, Batches, Colors, LossTerm, Norm, Optimizer, Precision, Schedule, SplitBy, Supervision, Upsampling,
};
pub use preset::Preset;
pub use run_config::RunConfig;
pub use step_size::{MAX_BATCH, StepOffer, StepSize};
pub use train_config::TrainConfig;
