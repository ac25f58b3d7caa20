//! Recognises what a folder is: which files are tiles, which masks belong to them, how they are split.
//!
//! [`project::Project`] is the result. Uses [`super::mask`] and the rooms before it.

mod class_source;
pub(crate) mod deepglobe;
pub mod detect;
pub(crate) mod folders;
pub(crate) mod landcover_ai;
pub(crate) mod listing;
mod map_places;
pub(crate) mod naming;
pub mod project;
mod recognised;
pub(crate) mod scan;
pub(crate) mod split_lists;
pub mod tile;
