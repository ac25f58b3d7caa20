//! What a folder is: which files are tiles, which masks belong to them, and how they are split.

pub(crate) mod deepglobe;
pub(crate) mod folders;
pub(crate) mod listing;
pub(crate) mod naming;
pub mod project;
pub(crate) mod scan;
pub(crate) mod split_lists;
pub(crate) mod table;
pub mod twins;
