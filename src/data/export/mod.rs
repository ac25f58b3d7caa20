//! Result files: their names and their PNG content.
//!
//! Uses [`super::files`] and [`super::error`].

pub mod outputs;
pub mod save;
