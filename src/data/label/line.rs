//! One line of the label journal: an edit as JSON with classes by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Edit, Stroke};

/// Format version. Readers report higher ones.
pub(crate) const VERSION: u32 = 2;

/// A header line. It starts a journal, and appears again where a newer version continues it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Header {
    /// Always "labels".
    pub(crate) pointillist: String,
    /// Version of the following lines.
    pub(crate) version: u32,
    /// Short ids of version 1 lines with the files that they refer to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) files: BTreeMap<String, String>,
}

impl Header {
    /// Parses a header line; `None` for any other line.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        if line.starts_with(b"{\"pointillist\"") { serde_json::from_slice(line).ok() } else { None }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Line {
    Paint {
        #[serde(flatten)]
        tile: TileName,
        class: String,
        radius: f32,
        path: Vec<[f32; 2]>,
    },
    Erase {
        #[serde(flatten)]
        tile: TileName,
        radius: f32,
        path: Vec<[f32; 2]>,
    },
    Extend {
        path: Vec<[f32; 2]>,
    },
    Undo,
    Redo,
    Relink {
        from: String,
        to: String,
    },
}

/// How a line names its tile.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TileName {
    /// By file (version 2).
    File(String),
    /// By short id (version 1).
    #[serde(rename = "tile")]
    ShortId(String),
}

impl TileName {
    /// The name itself.
    pub(crate) fn name(&self) -> &str {
        let (Self::File(name) | Self::ShortId(name)) = self;
        name
    }
}

/// A parsed line.
#[derive(Debug, PartialEq)]
pub(crate) enum ParsedLine {
    /// A stroke; its tile is still named as in the line.
    Begin(TileName, Stroke),
    /// Another edit.
    Edit(Edit),
    /// A stroke of a class that the project does not have. It keeps its position in the history but paints nothing.
    UnknownClass {
        /// Its tile.
        tile: TileName,
        /// Name of the class.
        class: String,
    },
    /// Assigns labels to another file.
    Relink {
        /// The name that the labels have.
        from: String,
        /// The new file.
        to: String,
    },
}

/// A header line without line feed.
pub(crate) fn header(files: BTreeMap<String, String>) -> String {
    let header = Header { pointillist: "labels".to_owned(), version: VERSION, files };
    serde_json::to_string(&header).unwrap_or_default()
}

/// A line without line feed that assigns labels to another file.
pub(crate) fn relink(from: &str, to: &str) -> String {
    serde_json::to_string(&Line::Relink { from: from.to_owned(), to: to.to_owned() }).unwrap_or_default()
}

/// Whether any of the lines may assign labels to another file.
pub(crate) fn relinks(lines: &[u8]) -> bool {
    lines.windows(RELINK.len()).any(|part| part == RELINK)
}

/// Start of every such line.
const RELINK: &[u8] = br#"{"op":"relink""#;

/// An edit as a line without line feed. `None` for a class without a name and for numbers that JSON cannot hold.
pub(crate) fn write<'a>(
    edit: &'a Edit,
    name: impl Fn(u8) -> Option<String>,
    file: impl Fn(&'a str) -> &'a str,
) -> Option<String> {
    let named = |tile: &'a str| TileName::File(file(tile).to_owned());
    let line = match edit {
        Edit::Begin(Stroke { tile, class: Some(class), radius, path }) => {
            Line::Paint { tile: named(tile), class: name(*class)?, radius: *radius, path: path.clone() }
        }
        Edit::Begin(Stroke { tile, class: None, radius, path }) => {
            Line::Erase { tile: named(tile), radius: *radius, path: path.clone() }
        }
        Edit::Extend(path) => Line::Extend { path: path.clone() },
        Edit::Undo => Line::Undo,
        Edit::Redo => Line::Redo,
    };
    let finite = match &line {
        Line::Paint { radius, path, .. } | Line::Erase { radius, path, .. } => radius.is_finite() && all_finite(path),
        Line::Extend { path } => all_finite(path),
        Line::Undo | Line::Redo | Line::Relink { .. } => true,
    };
    finite.then(|| serde_json::to_string(&line).ok())?
}

fn all_finite(path: &[[f32; 2]]) -> bool {
    path.iter().flatten().all(|v| v.is_finite())
}

/// Parses a line. `index` maps class names to indices.
pub(crate) fn parse(line: &[u8], index: impl Fn(&str) -> Option<u8>) -> Result<ParsedLine, serde_json::Error> {
    let stroke = |tile: &TileName, class, radius, path| Stroke { tile: tile.name().to_owned(), class, radius, path };
    Ok(match serde_json::from_slice(line)? {
        Line::Paint { tile, class, radius, path } => match index(&class) {
            Some(class) => ParsedLine::Begin(tile.clone(), stroke(&tile, Some(class), radius, path)),
            None => ParsedLine::UnknownClass { tile, class },
        },
        Line::Erase { tile, radius, path } => ParsedLine::Begin(tile.clone(), stroke(&tile, None, radius, path)),
        Line::Extend { path } => ParsedLine::Edit(Edit::Extend(path)),
        Line::Undo => ParsedLine::Edit(Edit::Undo),
        Line::Redo => ParsedLine::Edit(Edit::Redo),
        Line::Relink { from, to } => ParsedLine::Relink { from, to },
    })
}
