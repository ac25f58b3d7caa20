//! Where results go and what they are called.

pub mod output;
