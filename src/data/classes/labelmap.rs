//! CVAT's `labelmap.txt`, written beside Pascal VOC folders: one class per line as `name:r,g,b:parts:actions`.

use std::path::Path;

use super::legend::Legend;
use super::palette::palette;
use crate::data::DataError;
use crate::data::files::text;
use crate::domain::ClassDef;

/// Name of the file.
pub(crate) const FILE: &str = "labelmap.txt";

/// CVAT's name for pixels without annotation.
const BACKGROUND: &str = "background";

/// Reads the classes. `background` means pixels without annotation, so it counts as unlabelled until a class is made of it.
pub(crate) fn read(path: &Path, notes: &mut Vec<String>) -> Result<Legend, DataError> {
    let (mut classes, mut unlabelled) = (Vec::new(), Vec::new());
    for (number, line) in text::read(path)?.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, color) = entry(line).ok_or_else(|| {
            let what = format!("line {}: '{line}' is not a class: write it as name:r,g,b::", number + 1);
            DataError::content(what, path)
        })?;
        if name.eq_ignore_ascii_case(BACKGROUND) {
            unlabelled.push(color);
        } else {
            classes.push(ClassDef { name: name.to_owned(), color, ignored: false });
        }
    }
    if !unlabelled.is_empty() {
        notes.push(format!(
            "the {BACKGROUND} of {FILE} counts as unlabelled: if it is a class, add one with its colour in Project > Edit classes"
        ));
        if classes.len() == 1 {
            classes.push(ClassDef { name: "class 2".to_owned(), color: palette(1), ignored: false });
        }
    }
    let legend = Legend::new(classes).map_err(|error| DataError::content(error.to_string(), path))?;
    Ok(Legend { unlabelled, ..legend })
}

/// Name and colour of a line. Names may contain colons.
fn entry(line: &str) -> Option<(&str, [u8; 3])> {
    let mut parts = line.rsplitn(4, ':');
    let (_actions, _parts, color, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let channels: Vec<u8> = color.split(',').map(|channel| channel.trim().parse().ok()).collect::<Option<_>>()?;
    Some((name.trim(), channels.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::data::{PixelCode, Project};
    use crate::domain::UNLABELLED;
    use crate::domain::split::Split;

    /// A dataset as CVAT exports it ("Segmentation mask 1.1").
    fn exported(labelmap: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["JPEGImages", "SegmentationClass", "SegmentationObject", "ImageSets/Segmentation"] {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        let mask =
            RgbImage::from_fn(4, 1, |x, _| Rgb([[0, 0, 0], [250, 50, 83], [51, 221, 255], [9, 9, 9]][x as usize]));
        for name in ["a", "b"] {
            RgbImage::new(4, 1).save(dir.path().join(format!("JPEGImages/{name}.png"))).unwrap();
            for folder in ["SegmentationClass", "SegmentationObject"] {
                mask.save(dir.path().join(format!("{folder}/{name}.png"))).unwrap();
            }
        }
        std::fs::write(dir.path().join("ImageSets/Segmentation/val.txt"), "b\n").unwrap();
        std::fs::write(dir.path().join(FILE), labelmap).unwrap();
        dir
    }

    const TWO: &str = "# label:color_rgb:parts:actions\nbackground:0,0,0::\nroof:250,50,83::\nroad:51,221,255::\n";

    #[test]
    fn a_cvat_export_opens_with_its_classes_and_splits() {
        let dir = exported(TWO);
        let project = Project::open(dir.path()).unwrap();
        assert_eq!(project.classes.iter().map(|class| class.name.as_str()).collect::<Vec<_>>(), ["roof", "road"]);
        assert_eq!((project.tiles.len(), project.tile("b").unwrap().split), (2, Split::Val), "{:?}", project.notes);
        let read = project.read_mask(&project.tiles[0]).unwrap().unwrap();
        assert_eq!(read.mask.data(), [UNLABELLED, 0, 1, UNLABELLED]);
        assert_eq!(read.unmatched, [(PixelCode::Color([9; 3]), 1)], "background is not reported as unmatched");
        assert!(project.notes.iter().any(|note| note.contains("background of labelmap.txt counts as unlabelled")));
        assert!(project.notes.iter().any(|note| note.contains("object masks skipped")), "{:?}", project.notes);
    }

    #[test]
    fn background_becomes_a_class_when_a_class_has_its_colour() {
        let dir = exported("background:0,0,0::\nroof:250,50,83::\n");
        let mut project = Project::open(dir.path()).unwrap();
        let mut list: Vec<ClassDef> = project.classes.iter().cloned().collect();
        (list[1].name, list[1].color) = ("ground".to_owned(), [0, 0, 0]);
        project.save_classes(&crate::domain::Classes::new(list).unwrap()).unwrap();
        let reopened = Project::open(dir.path()).unwrap();
        let read = reopened.read_mask(&reopened.tiles[0]).unwrap().unwrap();
        assert_eq!(read.mask.data()[..2], [1, 0]);
    }

    #[test]
    fn an_invalid_line_is_named() {
        let dir = exported("roof:red::\n");
        let message = Project::open(dir.path()).unwrap_err().to_string();
        assert!(message.contains("line 1") && message.ends_with(FILE), "{message}");
    }
}
