//! Recognises what a folder is: which files are tiles, which masks belong to them, how they are split.
//!
//! [`project::Project`] is the result. Uses [`super::mask`] and the rooms before it.

mod class_source;
pub(crate) mod deepglobe;
pub mod detect;
pub(crate) mod folders;
mod grid;
pub(crate) mod landcover_ai;
pub(crate) mod listing;
mod map_places;
mod name_places;
pub(crate) mod naming;
mod places;
pub mod project;
mod recognised;
pub(crate) mod scan;
pub(crate) mod split_lists;
pub mod tile;
mod unplaced;
