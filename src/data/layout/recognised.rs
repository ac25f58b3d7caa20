//! The classes of a recognised dataset, until somebody says whether they are right.

use super::class_source::plain_legend;
use super::project::Project;
use crate::data::DataError;
use crate::data::classes::classes_file;
use crate::data::classes::hex::hex;

impl Project {
    /// How each class is coded in the masks, in words: its value or its colour.
    pub fn codings(&self) -> Vec<String> {
        let coding = |index: usize| match self.legend.values[index] {
            Some(value) => format!("value {value}"),
            None => hex(self.legend.mask_colors[index]),
        };
        (0..self.legend.classes.len()).map(coding).collect()
    }

    /// That the classes are those of a recognised dataset which nobody has confirmed yet. It is among the notes.
    pub fn doubt(&self) -> Option<String> {
        self.recognised.map(|known| known.note(&self.legend.classes))
    }

    /// Writes the recognised classes to `pointillist.toml`: they are right.
    ///
    /// # Errors
    /// If the project's folder cannot be written.
    pub fn confirm_recognised(&mut self) -> Result<(), DataError> {
        classes_file::write_legend(&self.root, &self.legend)?;
        self.recognised = None;
        Ok(())
    }

    /// Writes the classes that the masks alone give to `pointillist.toml`: it is another dataset. The project must be opened again
    /// to see them.
    ///
    /// # Errors
    /// If the masks alone give fewer than two classes, or the project's folder cannot be written.
    pub fn refuse_recognised(&self) -> Result<(), DataError> {
        match plain_legend(&self.root, &self.tiles, &self.legend)? {
            Some(legend) => classes_file::write_legend(&self.root, &legend),
            None => {
                let what = "the masks hold fewer than two classes: name yours in Project > Edit classes";
                Err(DataError::content(what, &self.root))
            }
        }
    }
}
