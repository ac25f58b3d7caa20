//! What the window knows: plain data, and how actions and engine events change it.
//!
//! May use egui's value types (colours, keys, positions), but no widgets and no wgpu. Knows none of the other rooms.

pub mod action;
pub mod app_state;
mod apply;
pub mod check;
pub mod class_draft;
pub mod closing;
pub mod curves;
pub mod export_state;
pub mod figures_export;
mod first_preset;
pub mod format;
pub mod frame_times;
pub mod held_blocks;
pub mod image_pyramid;
pub mod in_view;
pub mod job_progress;
pub mod keys;
pub mod label_plane;
pub mod layer;
pub mod letters;
mod map_note;
pub mod map_source;
mod maps_to_export;
pub mod mask_pyramid;
pub mod message;
pub(crate) mod mip;
pub mod network_files;
mod network_note;
mod no_score;
mod no_study;
pub mod open_project;
pub mod palette;
pub mod panel_layout;
pub mod preset;
mod quick_save;
mod roles;
pub mod run_column;
pub mod run_figures;
mod run_listing;
pub mod run_state;
pub mod runs_action;
pub mod runs_table;
pub mod sampled_mask;
pub mod score_moment;
pub mod settings;
mod shown_map;
pub mod split_state;
pub mod study_action;
pub mod study_form;
pub mod study_look;
pub mod study_looks;
pub mod study_state;
pub mod swipe;
pub mod theme_choice;
pub mod thumbnails;
pub mod tile_role;
pub mod tile_view;
pub mod tool;
pub mod verdict;
pub mod view_camera;
mod view_change;

#[cfg(test)]
mod tests;
