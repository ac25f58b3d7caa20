//! The window. Draws from state, emits what the user wants, and neither blocks nor computes.

pub mod action;
pub mod app;
pub mod app_icon;
pub mod attention;
pub mod canvas;
pub mod check;
pub mod class_draft;
pub mod closing;
pub mod curves;
pub mod diagnostics;
pub mod execute;
pub mod format;
pub mod frame_times;
pub mod in_view;
pub mod jobs;
pub mod keys;
pub mod layers;
pub mod meshes;
pub mod message;
pub mod open_project;
pub mod panels;
pub mod parts;
pub mod pointer_scale;
pub mod preset;
pub mod room;
pub mod run_state;
pub mod runs;
pub mod services;
pub mod settings;
pub mod state;
pub mod theme;
pub mod thumbnails;
pub mod tiles;
pub mod views;
pub mod widgets;

pub use app::{App, StartOptions, run};
