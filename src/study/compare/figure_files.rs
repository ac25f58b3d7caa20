//! The figures of a comparison as files in a folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::figures::Plate;
use super::shades::Shares;
use crate::charts::raster;
use crate::data::DataError;
use crate::data::files::write;
use crate::domain::Choice as _;
use crate::domain::choice::choice_enum;

/// Figures of which a comparison has one.
const SINGLE: [&str; 5] = ["loss", "miou", "labels", "classes", "weights"];

choice_enum! {
    /// As what figures are written.
    pub enum FigureFormat, "figure format" {
        Svg { name: "svg", title: "SVG", help: "Drawings that are sharp at every size" }
        Png { name: "png", title: "PNG", help: "Pictures on white, two pixels for each of a drawing" }
        Both { name: "both", title: "SVG and PNG", help: "Each figure as a drawing and as a picture" }
    }
}

impl FigureFormat {
    /// Endings of the files of a figure.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Svg => &["svg"],
            Self::Png => &["png"],
            Self::Both => &["svg", "png"],
        }
    }
}

/// The first file of these figures that is there already.
pub fn existing(folder: &Path, plates: &[Plate], format: FigureFormat) -> Option<PathBuf> {
    paths(folder, plates, format).find(|path| path.exists())
}

/// Writes figures. The folder must exist; files of these names are replaced.
///
/// # Errors
/// If a figure cannot be drawn, before anything is written, or a file cannot be written.
pub fn write(folder: &Path, plates: &[Plate], format: FigureFormat) -> Result<(), DataError> {
    let drawn: Vec<(PathBuf, Vec<u8>)> = plates
        .iter()
        .flat_map(|plate| format.endings().iter().map(move |ending| (plate, *ending)))
        .map(|(plate, ending)| {
            let path = path(folder, plate, ending);
            bytes(plate, ending, &path).map(|bytes| (path, bytes))
        })
        .collect::<Result<_, _>>()?;
    drawn.iter().try_for_each(|(path, bytes)| write::atomically(path, bytes))
}

/// The files of these figures.
fn paths(folder: &Path, plates: &[Plate], format: FigureFormat) -> impl Iterator<Item = PathBuf> {
    plates.iter().flat_map(move |plate| format.endings().iter().map(move |ending| path(folder, plate, ending)))
}

fn path(folder: &Path, plate: &Plate, ending: &str) -> PathBuf {
    folder.join(format!("{}.{ending}", plate.name))
}

fn bytes(plate: &Plate, ending: &str, path: &Path) -> Result<Vec<u8>, DataError> {
    match ending {
        "png" => raster::png(&plate.drawing)
            .map_err(|why| DataError::content(format!("cannot draw the figure ({why}); write it as SVG"), path)),
        _ => Ok(plate.drawing.file().into_bytes()),
    }
}

/// Names of files in a folder that are called like figures and are none of these, as others of an earlier comparison, or those in the
/// other form.
pub fn left_over(folder: &Path, plates: &[Plate], format: FigureFormat) -> Vec<String> {
    let ours: BTreeSet<PathBuf> = paths(folder, plates, format).collect();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_left = |name: &String| is_figure_name(name) && !ours.contains(&folder.join(name));
    let mut left: Vec<String> = names.filter(is_left).collect();
    left.sort_unstable();
    left
}

/// A figure, of any form, that is in a folder before any is drawn.
pub fn any_in(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_figure = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        is_figure_name(&name)
    };
    entries.map(|entry| entry.path()).filter(is_figure).min()
}

/// Whether a file of this name would be a figure.
fn is_figure_name(name: &str) -> bool {
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let of_a_group = |kind: &str| stem.starts_with(kind);
    let is_matrix = || of_a_group("confusion-") && Shares::ALL.iter().any(|shares| stem.contains(shares.name()));
    let is_named = SINGLE.contains(&stem) || is_matrix() || of_a_group("reliability-");
    is_named && FigureFormat::Both.endings().contains(&ending)
}

#[cfg(test)]
mod tests {
    use super::super::comparison::tests::comparison;
    use super::super::figures;
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn each_figure_is_a_file_of_each_form() {
        let dir = tempfile::tempdir().unwrap();
        let plates = figures::all(&comparison());
        write(dir.path(), &plates, FigureFormat::Both).unwrap();
        let want = ["classes", "loss", "miou", "weights"].map(|name| [format!("{name}.png"), format!("{name}.svg")]);
        assert_eq!(names(dir.path()), want.concat());
        let [width, height] = plates[0].drawing.size().map(|side| (2.0 * side).ceil() as u32);
        let picture = image::open(dir.path().join("loss.png")).unwrap();
        assert_eq!([picture.width(), picture.height()], [width, height]);
        assert!(picture.into_rgb8().pixels().filter(|pixel| pixel.0 != [255; 3]).count() > 1000, "it is not blank");
    }

    #[test]
    fn what_is_there_is_found_by_its_form() {
        let dir = tempfile::tempdir().unwrap();
        let plates = figures::all(&comparison());
        assert_eq!((existing(dir.path(), &plates, FigureFormat::Both), any_in(dir.path())), (None, None));
        write(dir.path(), &plates[..1], FigureFormat::Png).unwrap();
        let there = Some(dir.path().join("loss.png"));
        assert_eq!(existing(dir.path(), &plates, FigureFormat::Both), there);
        assert_eq!(existing(dir.path(), &plates, FigureFormat::Svg), None);
        assert_eq!(any_in(dir.path()), there, "whatever its form");
    }

    #[test]
    fn nothing_is_written_if_a_picture_cannot_be_drawn() {
        let dir = tempfile::tempdir().unwrap();
        let mut comparison = comparison();
        comparison.groups[0].words = "建筑".to_owned();
        let plates = figures::all(&comparison);
        let refusal = write(dir.path(), &plates, FigureFormat::Both).unwrap_err().to_string();
        assert!(refusal.contains("建") && refusal.contains("write it as SVG"), "{refusal}");
        assert_eq!(names(dir.path()), Vec::<String>::new());
        write(dir.path(), &plates, FigureFormat::Svg).unwrap();
    }

    #[test]
    fn figures_of_an_earlier_comparison_are_named_and_other_files_are_not() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["confusion-old-rows.svg", "reliability-old.png", "loss.svg", "loss.png", "notes.md", "photo.png"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let plates = figures::all(&comparison());
        let of_old = ["confusion-old-rows.svg", "reliability-old.png"];
        assert_eq!(left_over(dir.path(), &plates, FigureFormat::Both), of_old);
        assert!(left_over(dir.path(), &plates, FigureFormat::Svg).contains(&"loss.png".to_owned()));
    }
}
