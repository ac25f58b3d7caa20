//! The window itself: start-up, input, background services, and the one place where actions are carried out.
//!
//! The only room that starts threads, opens files or talks to the engine. May use all other rooms.

pub mod app;
mod app_icon;
pub mod attention;
mod checking;
mod class_edits;
mod compared;
mod diagnostics;
pub mod execute;
mod exporting;
mod figure_gallery;
mod figure_saving;
mod graphics;
mod incoming;
pub mod jobs;
mod kept_settings;
mod keys;
mod labelling;
pub mod meshes;
mod network_files;
mod opening;
mod pointer;
pub mod pointer_scale;
mod quick_saving;
mod report_saving;
mod run_control;
mod runs;
mod selection;
pub mod services;
mod splitting;
pub mod start;
mod studies;
mod swiping;
pub mod tiles;
