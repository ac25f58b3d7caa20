//! Tables of figures, and the forms in which they are written: Markdown, CSV, LaTeX and HTML.
//!
//! [`sheet`] is the table; each form is a file of its own, [`mod@format`] is the choice among those that stand alone.

mod comma_separated;
pub mod format;
pub(super) mod html;
mod latex;
mod markdown;
pub mod sheet;

pub use format::TableFormat;
pub use sheet::{Cell, Column, Row, Table};
