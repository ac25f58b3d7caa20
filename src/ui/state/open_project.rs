//! The open project: its tiles and classes, its labels, and what of it is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::palette::Palette;
use crate::data::Project;
use crate::data::label::journal::Disk;
use crate::domain::{Classes, LabelBook};

/// A project with its labels.
pub struct OpenProject {
    /// Tiles and classes.
    pub project: Arc<Project>,
    /// All own labels.
    pub book: LabelBook,
    /// Colours of the classes, for the canvas.
    pub palette: Palette,
    hidden: BTreeSet<u8>,
    /// Names that labels are kept under which are no tile's, with the number of strokes.
    pub lost_labels: Vec<(String, usize)>,
    /// The journal's file.
    pub journal: PathBuf,
    /// Whether the last edit could be written.
    pub saved: bool,
    /// Whether what was written is on the disk.
    pub disk: Disk,
    /// Whether it was told that the disk refused some of it.
    pub disk_failure_reported: bool,
    counts: BTreeMap<String, usize>,
}

impl OpenProject {
    /// A project as it was read.
    pub fn new(project: Project, book: LabelBook, journal: PathBuf) -> Self {
        let palette = Palette::of(&project.classes);
        let of_project = |id: &&str| project.tile(id).is_some();
        let counts = book.tiles().filter(of_project).map(|tile| (tile.to_owned(), book.count(tile))).collect();
        Self {
            project: Arc::new(project),
            book,
            palette,
            hidden: BTreeSet::new(),
            lost_labels: Vec::new(),
            journal,
            saved: true,
            disk: Disk::default(),
            disk_failure_reported: false,
            counts,
        }
    }

    /// The classes of its masks.
    pub fn classes(&self) -> &Classes {
        &self.project.classes
    }

    /// Own labels in all.
    pub fn labels(&self) -> usize {
        self.counts.values().sum()
    }

    /// Own labels on a tile.
    pub fn labels_on(&self, tile: &str) -> usize {
        self.counts.get(tile).copied().unwrap_or(0)
    }

    /// Counts the labels of a tile anew, after an edit.
    pub fn recount(&mut self, tile: &str) {
        self.counts.insert(tile.to_owned(), self.book.count(tile));
    }

    /// Marks a tile that turned out to be bad. Returns whether that is news.
    pub fn mark_fault(&mut self, tile: &str, why: &str) -> bool {
        let project = Arc::make_mut(&mut self.project);
        let Some(tile) = project.tiles.iter_mut().find(|t| t.id == tile && t.fault.is_none()) else { return false };
        tile.fault = Some(why.to_owned());
        true
    }

    /// Puts other classes in place.
    pub fn set_project(&mut self, project: Project) {
        self.palette = Palette::of(&project.classes);
        self.hidden.iter().for_each(|class| self.palette.set_visible(*class, false));
        self.project = Arc::new(project);
    }

    /// Whether a class is drawn.
    pub fn is_class_visible(&self, class: u8) -> bool {
        !self.hidden.contains(&class)
    }

    /// Shows or hides a class in all layers.
    pub fn toggle_class(&mut self, class: u8) {
        let visible = self.hidden.remove(&class);
        if !visible {
            self.hidden.insert(class);
        }
        self.palette.set_visible(class, visible);
    }
}
