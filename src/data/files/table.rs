//! Reads CSV tables with a header. Accepts CRLF, a byte order mark, blanks after commas, semicolons and tabs.

use std::path::{Path, PathBuf};

use super::text;
use crate::data::DataError;

/// A CSV table.
#[derive(Debug)]
pub(crate) struct Table {
    path: PathBuf,
    header: Vec<String>,
    /// Rows with at least one cell that is not empty.
    pub(crate) rows: Vec<Row>,
}

/// One row of a table.
#[derive(Debug)]
pub(crate) struct Row {
    /// Line in the file, from 1.
    pub(crate) line: u64,
    cells: csv::StringRecord,
}

impl Row {
    /// The cell of a column; empty if the row is too short.
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or("")
    }
}

impl Table {
    /// Reads the whole file; these tables are short.
    pub(crate) fn read(path: &Path) -> Result<Self, DataError> {
        let text = text::read(path)?;
        let (declared, text) = declared_delimiter(&text);
        let first = text.lines().next().unwrap_or("");
        let frequent =
            [b',', b';', b'\t'].into_iter().max_by_key(|d| (first.bytes().filter(|b| b == d).count(), *d == b','));
        let delimiter = declared.or(frequent);
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .flexible(true)
            .delimiter(delimiter.unwrap_or(b','))
            .from_reader(text.as_bytes());
        let skipped = u64::from(declared.is_some());
        let broken = |error: csv::Error| DataError::content(format!("the table cannot be read ({error})"), path);
        let header = reader.headers().map_err(broken)?.iter().map(str::to_lowercase).collect();
        let mut rows = Vec::new();
        for cells in reader.into_records() {
            let cells = cells.map_err(broken)?;
            if cells.iter().any(|cell| !cell.is_empty()) {
                let line = cells.position().map_or(0, csv::Position::line) + skipped;
                rows.push(Row { line, cells });
            }
        }
        Ok(Self { path: path.to_owned(), header, rows })
    }

    /// The column with the first of these names that the header contains.
    pub(crate) fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.header.iter().position(|column| column == name))
    }

    /// Like [`Table::find`], but a missing column is an error.
    pub(crate) fn column(&self, names: &[&str]) -> Result<usize, DataError> {
        self.find(names).ok_or_else(|| {
            let there = self.header.join(", ");
            DataError::content(
                format!("column '{}' is missing (there are: {there}): add it to the first line", names[0]),
                &self.path,
            )
        })
    }
}

/// The delimiter declared by Excel's first line `sep=;`, and the text after that line.
fn declared_delimiter(text: &str) -> (Option<u8>, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let declared = first.trim_end_matches('\r').trim_matches('"').strip_prefix("sep=");
    match declared.map(str::as_bytes) {
        Some([delimiter]) => (Some(*delimiter), rest),
        _ => (None, text),
    }
}
