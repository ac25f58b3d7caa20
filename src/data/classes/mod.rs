//! Class lists: where names, colours and mask values come from, how they are edited and stored.
//!
//! Uses [`super::files`]. How masks are read with them is decided in [`super::mask`].

pub mod class_edits;
pub(crate) mod classes_file;
pub(crate) mod hex;
pub mod known;
mod known_names;
pub(crate) mod labelmap;
pub(crate) mod legend;
pub(crate) mod palette;
mod recode;
