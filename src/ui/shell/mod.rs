//! The window's frame: start-up, background services, and the one place where actions are carried out.
//!
//! The only room that starts threads, opens files or talks to the engine. May use all other rooms.

pub mod app;
pub mod app_icon;
pub mod attention;
pub mod diagnostics;
pub mod execute;
pub mod jobs;
pub mod meshes;
mod opening;
pub mod pointer_scale;
pub mod services;
pub mod tiles;
