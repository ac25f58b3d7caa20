//! Tags and a note that a person gives to a run: `notes.json` in its folder.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::folder::files;
use crate::data::DataError;
use crate::data::files::write;

/// What a person says of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunNotes {
    /// Words to find runs by, each once, in the order given.
    pub tags: Vec<String>,
    /// Free text.
    pub note: String,
}

impl RunNotes {
    /// Takes tags as typed, separated by commas.
    pub fn new(tags: &str, note: &str) -> Self {
        let mut distinct: Vec<String> = Vec::new();
        for tag in tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            if !distinct.iter().any(|other| other == tag) {
                distinct.push(tag.to_owned());
            }
        }
        Self { tags: distinct, note: note.trim().to_owned() }
    }

    /// The tags as they are typed.
    pub fn tags_text(&self) -> String {
        self.tags.join(", ")
    }

    /// Reads those of a run folder. A run without the file has none.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged.
    pub fn read(folder: &Path) -> Result<Self, DataError> {
        let path = folder.join(files::NOTES);
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read(&path).map_err(DataError::io("cannot read", &path))?;
        serde_json::from_slice(&text).map_err(|error| {
            DataError::content(format!("tags and note cannot be read ({error}): mend or remove the file"), &path)
        })
    }

    /// Replaces those of a run folder. What cannot be read is not replaced.
    ///
    /// # Errors
    /// If the former ones cannot be read, or the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), DataError> {
        Self::read(folder)?;
        let path = folder.join(files::NOTES);
        let text = serde_json::to_vec_pretty(self).map_err(|error| DataError::content(error.to_string(), &path))?;
        write::atomically(&path, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_survive_the_disk() {
        let run = tempfile::tempdir().unwrap();
        assert_eq!(RunNotes::read(run.path()).unwrap(), RunNotes::default());
        let notes = RunNotes::new(" baseline, seed 1 ,, baseline", "best so far\n");
        assert_eq!((notes.tags_text().as_str(), notes.note.as_str()), ("baseline, seed 1", "best so far"));
        notes.write(run.path()).unwrap();
        assert_eq!(RunNotes::read(run.path()).unwrap(), notes);
    }

    #[test]
    fn damaged_notes_are_named_and_not_replaced() {
        let run = tempfile::tempdir().unwrap();
        let file = run.path().join("notes.json");
        fs::write(&file, "{\"tags\": [").unwrap();
        let why = RunNotes::new("a", "").write(run.path()).unwrap_err().to_string();
        assert!(why.contains("notes.json") && why.contains("mend or remove"), "{why}");
        assert_eq!(fs::read_to_string(file).unwrap(), "{\"tags\": [");
    }
}
