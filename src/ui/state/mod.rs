//! What the window knows: plain data, and how actions and engine events change it.
//!
//! May use egui's value types (colours, keys, positions), but no widgets and no wgpu. Knows none of the other rooms.

pub mod action;
pub mod app_state;
pub mod check;
pub mod class_draft;
pub mod closing;
pub mod curves;
pub mod format;
pub mod frame_times;
pub mod in_view;
pub mod keys;
pub mod label_plane;
pub mod layers;
pub mod message;
pub mod open_project;
pub mod palette;
pub mod parts;
pub mod preset;
pub mod pyramid;
pub mod room;
pub mod run_state;
pub mod settings;
pub mod thumbnails;

pub use app_state::AppState;
