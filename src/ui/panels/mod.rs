//! The panels: functions that draw from the state and emit actions. They never block, compute or change anything.

pub mod check;
pub mod class_editor;
pub mod classes;
pub mod closing;
pub mod curves;
pub mod dialogs;
pub mod help;
pub mod layers;
pub mod log;
pub mod lower;
pub mod menu;
pub mod run_bar;
pub mod runs;
pub mod sampling;
pub mod scores;
pub mod side;
pub mod status;
pub mod strip;
pub mod theme;
pub mod tile_list;
pub mod toasts;
pub mod tools;
pub mod training;
pub mod training_fields;
pub mod views;
pub mod widgets;
