//! Result files: their names and their content.
//!
//! Uses [`super::files`], [`super::classes`] and [`super::error`].

pub mod maps;
pub mod outputs;
pub mod save;
