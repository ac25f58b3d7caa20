//! The panels: functions that draw the state and emit actions. They never block or compute.
//!
//! The views' camera and the hovered position are the only state a panel changes. Imports `canvas` and `state`.

pub mod check;
pub mod class_editor;
pub mod classes;
pub mod closing;
pub mod compare;
pub mod curves;
pub mod dialogs;
mod error_legend;
mod export;
mod export_weights;
pub mod help;
mod import_network;
mod key_names;
pub mod layers;
pub mod log;
pub mod loss_fields;
pub mod lower;
pub mod menu;
mod network_news;
mod recognised;
pub mod run_bar;
mod run_buttons;
mod run_notes;
pub mod runs;
mod runs_table;
pub mod sampling;
pub mod schedule_fields;
pub mod scores;
pub mod side;
mod split;
pub mod status;
pub mod strip;
mod swipe;
pub mod theme;
pub mod tile_list;
pub mod toasts;
pub mod tools;
pub mod training;
pub mod training_fields;
mod view_notes;
pub mod views;
pub mod widgets;
pub mod window;
