//! Maps as files: classes, colours, confidence, and a legend with shares, for each tile of a list. Command line and window write
//! them with this, whatever predicts.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::outputs::{OutputName, Outputs};
use super::save;
use crate::data::DataError;
use crate::data::classes::hex::hex;
use crate::data::files::write;
use crate::domain::{ClassMap, Classes, Mask};

/// Endings of the files written for each tile.
pub const ENDINGS: [&str; 4] = ["_classes.png", "_colors.png", "_confidence.png", "_legend.csv"];

/// How an export ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportReport {
    /// Where the maps are.
    pub folder: PathBuf,
    /// Maps written.
    pub written: usize,
    /// Maps that were asked for.
    pub total: usize,
    /// Why tiles were left out, a sentence each.
    pub faults: Vec<String>,
}

/// Maps of a list of tiles, taken one after the other from whatever predicts.
#[derive(Debug)]
pub struct MapExport {
    outputs: Outputs,
    /// What makes the maps, for their legends.
    by: String,
    next: usize,
    report: ExportReport,
}

impl MapExport {
    /// Plans the files of these tiles in `folder`; the legends say what the maps are made `by`. Nothing is written yet.
    ///
    /// # Errors
    /// If a name is too long for the file system, or a file exists and may not be overwritten.
    pub fn plan(folder: &Path, tiles: &[OutputName<'_>], by: String, overwrite: bool) -> Result<Self, DataError> {
        let outputs = Outputs::plan(folder, tiles, &ENDINGS, overwrite)?;
        let report = ExportReport { folder: folder.to_owned(), total: tiles.len(), ..ExportReport::default() };
        Ok(Self { outputs, by, next: 0, report })
    }

    /// The planned files that exist already.
    pub fn existing(&self) -> Vec<&Path> {
        self.outputs.existing()
    }

    /// Index of the tile whose map [`Self::take`] expects; `None` if all are there.
    pub fn next(&self) -> Option<usize> {
        (self.next < self.report.total).then_some(self.next)
    }

    /// Takes the next map, or why there is none, and writes its files. Returns what they have in common: the path up to the
    /// ending.
    ///
    /// # Errors
    /// If there is no map or it cannot be written. The tile is left out, and the export can go on.
    pub fn take(&mut self, map: Result<ClassMap, DataError>, classes: &Classes) -> Result<PathBuf, DataError> {
        let index = self.next;
        self.next += 1;
        let written = map.and_then(|map| self.write(index, &map, classes));
        match &written {
            Ok(_) => self.report.written += 1,
            Err(error) => self.report.faults.push(error.to_string()),
        }
        written
    }

    /// What was done so far.
    pub fn report(&self) -> &ExportReport {
        &self.report
    }

    fn write(&self, index: usize, map: &ClassMap, names: &Classes) -> Result<PathBuf, DataError> {
        let [classes, colors, confidence, legend] = self.outputs.paths[index].as_slice() else {
            return Err(DataError::content("no files are planned for this tile in", &self.report.folder));
        };
        let folder = classes.parent().unwrap_or(&self.report.folder);
        std::fs::create_dir_all(folder).map_err(DataError::io("cannot create the folder for the results", folder))?;
        save::index_png(classes, &map.classes)?;
        let is_partial = map.classes.labelled() < map.classes.data().len() as u64;
        save::color_png(colors, &map.classes, names, is_partial)?;
        save::confidence_png(confidence, &map.confidence, map.classes.size())?;
        write_legend(legend, &map.classes, names, &self.by)?;
        let common = classes.to_string_lossy();
        Ok(common.strip_suffix(ENDINGS[0]).unwrap_or(&common).into())
    }
}

/// Writes a row per class: index, name, colour, pixels, their share of all pixels that have a class, 0 to 1, and what made the map.
fn write_legend(path: &Path, map: &Mask, names: &Classes, by: &str) -> Result<(), DataError> {
    let counts = map.counts(names.len());
    let all = counts.iter().sum::<u64>().max(1) as f64;
    let broken = |error: csv::Error| DataError::content(format!("the legend cannot be written ({error})"), path);
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["class", "name", "color", "pixels", "share", "by"]).map_err(broken)?;
    for (index, (class, count)) in names.iter().zip(&counts).enumerate() {
        let share = format!("{:.4}", *count as f64 / all);
        let row = [&index.to_string(), &class.name, &hex(class.color), &count.to_string(), &share, by];
        table.write_record(row).map_err(broken)?;
    }
    let bytes = table.into_inner().map_err(|error| broken(error.into_error().into()))?;
    write::atomically(path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> ClassMap {
        let classes = Mask::from_vec(4, 1, vec![1, 1, 4, 255]).unwrap();
        ClassMap { classes, confidence: vec![200, 100, 50, 0] }
    }

    fn plan(folder: &Path, overwrite: bool) -> Result<MapExport, DataError> {
        let names = ["a", "b"].map(|short| OutputName { short, ending: "png" });
        MapExport::plan(folder, &names, "quick head (linear)".to_owned(), overwrite)
    }

    #[test]
    fn each_map_has_its_classes_colours_confidence_and_shares() {
        let dir = tempfile::tempdir().unwrap();
        let (out, classes) = (dir.path().join("maps"), Classes::deepglobe());
        let mut export = plan(&out, false).unwrap();
        assert_eq!((export.next(), export.existing().len()), (Some(0), 0));
        assert_eq!(export.take(Ok(map()), &classes).unwrap(), out.join("a"));
        assert_eq!(image::open(out.join("a_classes.png")).unwrap().into_luma8().into_raw(), [1, 1, 4, 255]);
        let legend = std::fs::read_to_string(out.join("a_legend.csv")).unwrap();
        let lines: Vec<&str> = legend.lines().collect();
        assert_eq!((lines[0], lines.len()), ("class,name,color,pixels,share,by", 1 + classes.len()));
        assert!(lines[2].starts_with("1,") && lines[2].ends_with(",2,0.6667,quick head (linear)"), "{legend}");
        let fault = DataError::Known("b.png is gone".to_owned());
        export.take(Err(fault), &classes).unwrap_err();
        assert_eq!(export.next(), None);
        let report = export.report();
        assert_eq!((report.written, report.total, report.faults.len()), (1, 2, 1));
    }

    #[test]
    fn existing_maps_are_kept_unless_they_may_be_replaced() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("b_legend.csv"), b"mine").unwrap();
        assert!(plan(dir.path(), false).is_err());
        assert_eq!(plan(dir.path(), true).unwrap().existing(), [dir.path().join("b_legend.csv")]);
    }
}
