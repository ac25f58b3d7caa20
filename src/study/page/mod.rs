//! A comparison as one HTML file that needs nothing else: style, figures and pictures are inside it.
//!
//! [`document`] puts sections together; [`gallery`] reads a tile and what runs make of it; `limits.rs` says what the data cannot
//! show. Every text from outside is escaped, and the page forbids itself to load anything.

mod base64;
mod blocks;
pub mod document;
pub mod gallery;
mod limits;
mod sections;
mod split;
mod window;

pub use document::html;
pub use gallery::Gallery;
