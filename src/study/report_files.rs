//! A report as files in a folder: its tables in each form, and the page with figures and pictures.

use std::fs;
use std::path::{Path, PathBuf};

use super::compare::{Comparison, texts};
use super::overview::Overview;
use super::page::{self, Gallery};
use super::plan::Plan;
use super::report;
use super::table::TableFormat;
use crate::data::DataError;
use crate::data::files::write;
use crate::domain::config::DeviceChoice;
use crate::engine::priority;

/// Name of the files without ending.
const NAME: &str = "report";
/// Their endings.
const ENDINGS: [&str; 4] = ["md", "csv", "tex", "html"];

/// The files of a report.
#[derive(Clone, Debug)]
pub struct ReportFiles {
    /// Their content, in the order of the endings.
    contents: [String; 4],
    /// What could not be read, and what tables and figures do not say of themselves. It stands in the files as well.
    pub notes: Vec<String>,
}

impl ReportFiles {
    /// Those of a study, as `study report` makes them; its pictures are predicted on the device.
    pub fn of_study(plan: &Plan, overview: &Overview, device: &DeviceChoice) -> Self {
        let rows = report::rows(plan, overview);
        let tables = |comparison: &Comparison| [report::markdown(plan, &rows, comparison), report::csv(&rows)];
        Self::of(report::comparison(plan, overview), device, tables)
    }

    /// Those of runs, as `compare` makes them, likewise.
    pub fn of_runs(comparison: Comparison, device: &DeviceChoice) -> Self {
        let forms = [TableFormat::Markdown, TableFormat::Csv];
        Self::of(comparison, device, |comparison| forms.map(|form| texts::of(comparison, form)))
    }

    /// Counts labels and draws pictures, which takes as long as it takes to read the tiles and to predict one by each configuration.
    fn of(mut comparison: Comparison, device: &DeviceChoice, tables: impl FnOnce(&Comparison) -> [String; 2]) -> Self {
        comparison.count_labels(&|_, _| ());
        priority::start_compute_pool();
        let gallery = Gallery::gather_on(&comparison, device, &|_| ());
        let [markdown, csv] = tables(&comparison);
        let latex = texts::of(&comparison, TableFormat::Latex);
        let html = page::html(&comparison, Some(&gallery));
        let notes = comparison.notes.into_iter().chain(gallery.notes).collect();
        Self { contents: [markdown, csv, latex, html], notes }
    }

    /// The first file of a report that is in a folder.
    pub fn existing(folder: &Path) -> Option<PathBuf> {
        ENDINGS.iter().map(|ending| path(folder, ending)).find(|path| path.exists())
    }

    /// Makes the folder if it is not there, and sees whether files can be written into it.
    ///
    /// # Errors
    /// If the folder cannot be made or written into.
    pub fn prepare(folder: &Path) -> Result<(), DataError> {
        fs::create_dir_all(folder).map_err(DataError::io("cannot create the folder for the report", folder))?;
        tempfile::Builder::new()
            .prefix(".pointillist-")
            .tempfile_in(folder)
            .map(drop)
            .map_err(DataError::io("cannot write into the folder for the report", folder))
    }

    /// Writes the files, and makes the folder if it is not there. Files of these names are replaced.
    ///
    /// # Errors
    /// If the folder cannot be made, or a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), DataError> {
        fs::create_dir_all(folder).map_err(DataError::io("cannot create the folder for the report", folder))?;
        let mut files = ENDINGS.iter().zip(&self.contents);
        files.try_for_each(|(ending, content)| write::atomically(&path(folder, ending), content.as_bytes()))
    }
}

fn path(folder: &Path, ending: &str) -> PathBuf {
    folder.join(format!("{NAME}.{ending}"))
}

#[cfg(test)]
mod tests {
    use super::super::compare::comparison::tests::comparison;
    use super::*;

    #[test]
    fn a_report_has_a_file_of_each_form() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("new/folder");
        let files = ReportFiles::of_runs(comparison(), &DeviceChoice::Auto);
        assert!(!files.notes.is_empty(), "its tiles are nowhere, so that no labels were counted");
        assert!(files.notes.iter().any(|note| note.contains("no pictures")), "{:?}", files.notes);
        ReportFiles::prepare(&folder).unwrap();
        assert_eq!((ReportFiles::existing(&folder), fs::read_dir(&folder).unwrap().count()), (None, 0));
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(ReportFiles::prepare(&file.join("folder")).is_err(), "a file is no folder");
        files.write(&folder).unwrap();
        let text = |ending: &str| fs::read_to_string(path(&folder, ending)).unwrap();
        assert!(text("md").starts_with("# test\n") && text("md").contains(&files.notes[0]), "{}", text("md"));
        assert!(text("csv").lines().count() == 4 && text("tex").contains("\\begin{tabular}"));
        assert!(text("html").starts_with("<!DOCTYPE html>") && text("html").contains("no pictures"));
        assert_eq!(ReportFiles::existing(&folder), Some(folder.join("report.md")));
    }
}
