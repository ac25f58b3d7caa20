//! One line of the label journal: an edit as JSON, classes by name.

use serde::{Deserialize, Serialize};

use crate::domain::{Edit, Stroke};

/// The format's version. Readers refuse higher ones.
pub(super) const VERSION: u32 = 1;

/// The first line of a journal.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Header {
    /// Always "labels".
    pub(super) pointillist: String,
    /// [`VERSION`] when written.
    pub(super) version: u32,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Line {
    Paint { tile: String, class: String, radius: f32, path: Vec<[f32; 2]> },
    Erase { tile: String, radius: f32, path: Vec<[f32; 2]> },
    Extend { path: Vec<[f32; 2]> },
    Undo,
    Redo,
}

/// What a line asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Parsed {
    /// An edit to apply.
    Edit(Edit),
    /// A stroke of a class that the project does not have: it takes its place in the history but paints nothing.
    UnknownClass {
        /// The tile it lies on.
        tile: String,
        /// The name nobody knows.
        class: String,
    },
}

/// The header line, without line end.
pub(super) fn header() -> String {
    format!(r#"{{"pointillist":"labels","version":{VERSION}}}"#)
}

/// An edit as a line, without line end. `None` for a class without a name or numbers that JSON cannot hold.
pub(super) fn write(edit: &Edit, name: impl Fn(u8) -> Option<String>) -> Option<String> {
    let line = match edit {
        Edit::Begin(Stroke { tile, class: Some(class), radius, path }) => {
            Line::Paint { tile: tile.clone(), class: name(*class)?, radius: *radius, path: path.clone() }
        }
        Edit::Begin(Stroke { tile, class: None, radius, path }) => {
            Line::Erase { tile: tile.clone(), radius: *radius, path: path.clone() }
        }
        Edit::Extend(path) => Line::Extend { path: path.clone() },
        Edit::Undo => Line::Undo,
        Edit::Redo => Line::Redo,
    };
    let finite = match &line {
        Line::Paint { radius, path, .. } | Line::Erase { radius, path, .. } => radius.is_finite() && all_finite(path),
        Line::Extend { path } => all_finite(path),
        Line::Undo | Line::Redo => true,
    };
    finite.then(|| serde_json::to_string(&line).ok())?
}

fn all_finite(path: &[[f32; 2]]) -> bool {
    path.iter().flatten().all(|v| v.is_finite())
}

/// Reads a line back.
pub(super) fn parse(line: &[u8], index: impl Fn(&str) -> Option<u8>) -> Result<Parsed, serde_json::Error> {
    let edit = match serde_json::from_slice(line)? {
        Line::Paint { tile, class, radius, path } => match index(&class) {
            Some(class) => Edit::Begin(Stroke { tile, class: Some(class), radius, path }),
            None => return Ok(Parsed::UnknownClass { tile, class }),
        },
        Line::Erase { tile, radius, path } => Edit::Begin(Stroke { tile, class: None, radius, path }),
        Line::Extend { path } => Edit::Extend(path),
        Line::Undo => Edit::Undo,
        Line::Redo => Edit::Redo,
    };
    Ok(Parsed::Edit(edit))
}
