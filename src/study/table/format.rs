//! In which form a table is written.

use super::sheet::Table;
use super::{comma_separated, latex, markdown};
use crate::domain::choice::choice_enum;

choice_enum! {
    /// Form of a table that stands alone.
    pub enum TableFormat, "format" {
        Markdown { name: "markdown", title: "Markdown", help: "Tables in Markdown, rounded" }
        Csv { name: "csv", title: "CSV", help: "The table of scores as CSV, unrounded" }
        Latex { name: "latex", title: "LaTeX", help: "Tables for LaTeX with the package booktabs, rounded" }
    }
}

impl TableFormat {
    /// The table in this form.
    pub fn text(self, table: &Table) -> String {
        match self {
            Self::Markdown => markdown::text(table),
            Self::Csv => comma_separated::text(table),
            Self::Latex => latex::text(table),
        }
    }

    /// Notes to tables in this form: a list in Markdown, comments in LaTeX; nothing without notes, and in CSV.
    pub fn notes(self, notes: &[String]) -> String {
        match self {
            Self::Markdown => markdown::notes(notes),
            Self::Csv => String::new(),
            Self::Latex => latex::notes(notes),
        }
    }
}
