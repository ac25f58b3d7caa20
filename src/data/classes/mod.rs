//! Where class names, colours and ignored values come from, and how they are edited.

pub mod class_edits;
pub(crate) mod classes_file;
pub(crate) mod labelmap;
pub(crate) mod legend;
