//! The open project: its tiles, classes and labels.

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
    /// Class colours, with hidden classes transparent.
    pub palette: Palette,
    hidden: BTreeSet<u8>,
    /// Tile names in the journal that match no tile, with their stroke counts.
    pub lost_labels: Vec<(String, usize)>,
    /// Path of the label journal.
    pub journal: PathBuf,
    /// Whether the last edit was written.
    pub saved: bool,
    /// Whether the writes have reached the disk.
    pub disk: Disk,
    /// A failure of the disk has been reported.
    pub disk_failure_reported: bool,
    counts: BTreeMap<String, usize>,
}

impl OpenProject {
    /// A project as read from disk.
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

    /// The project's classes.
    pub fn classes(&self) -> &Classes {
        &self.project.classes
    }

    /// Number of own labels.
    pub fn labels(&self) -> usize {
        self.counts.values().sum()
    }

    /// Number of own labels on a tile.
    pub fn labels_on(&self, tile: &str) -> usize {
        self.counts.get(tile).copied().unwrap_or(0)
    }

    /// Counts the labels of a tile again after an edit.
    pub fn recount(&mut self, tile: &str) {
        self.counts.insert(tile.to_owned(), self.book.count(tile));
    }

    /// Marks a tile as unusable. Returns whether that was unknown.
    pub fn mark_fault(&mut self, tile: &str, why: &str) -> bool {
        let project = Arc::make_mut(&mut self.project);
        let Some(tile) = project.tiles.iter_mut().find(|t| t.id == tile && t.fault.is_none()) else { return false };
        tile.fault = Some(why.to_owned());
        true
    }

    /// Replaces the project after an edit of its classes. Hidden classes stay hidden.
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
