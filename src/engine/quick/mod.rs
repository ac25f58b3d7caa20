//! The quick head at work: a thread that computes features of the tile in view as soon as it is opened, and maps it anew at each
//! click. It needs neither Burn nor a run.

mod answer;
pub mod export;
mod judgement;
mod latest_map;
pub mod prepared;
mod project_state;
mod request;
pub mod saved_run;
pub mod service;
mod worker;

pub use answer::{Lesson, QuickAnswer, QuickStatus};
pub use export::QuickExport;
pub use judgement::{Judgement, KeptAside, Tally};
pub use service::QuickService;
