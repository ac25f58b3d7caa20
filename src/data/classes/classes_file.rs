//! Class lists on disk: this program's `pointillist.toml` and DeepGlobe's `class_dict.csv`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::hex::{hex, parse_hex};
use super::labelmap;
use super::legend::{IGNORE_VALUES, Legend};
use super::palette::palette;
use crate::data::DataError;
use crate::data::files::{table, write};
use crate::domain::{ClassDef, Classes};

/// The program's own class file, in the project's root.
pub(crate) const OWN_FILE: &str = "pointillist.toml";

/// DeepGlobe's class file.
pub(crate) const DEEPGLOBE_FILE: &str = "class_dict.csv";

/// Class names that mean the absence of a class; such classes are ignored.
const VOID_NAMES: [&str; 6] = ["unknown", "unlabelled", "unlabeled", "void", "ignore", "ignored"];

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ClassesFile {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unlabelled: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ignore_values: Option<Vec<i64>>,
    #[serde(default, rename = "class")]
    classes: Vec<Entry>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mask_color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<u16>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also_mask_colors: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also_values: Vec<u16>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ignored: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    was: Vec<String>,
}

/// Reads the class file of a folder: `pointillist.toml`, else DeepGlobe's, else CVAT's. `None` if there is none.
fn read(root: &Path, notes: &mut Vec<String>) -> Result<Option<Legend>, DataError> {
    if let Some(legend) = read_own(root)? {
        return Ok(Some(legend));
    }
    let path = root.join(DEEPGLOBE_FILE);
    if path.exists() {
        return read_class_dict(&path).map(Some);
    }
    let path = root.join(labelmap::FILE);
    if path.exists() { labelmap::read(&path, notes).map(Some) } else { Ok(None) }
}

/// Finds the class file of a project: the one in its root or, if the root is the parent of a dataset, the dataset's. Notes
/// which one was used.
pub(crate) fn find(root: &Path, notes: &mut Vec<String>) -> Result<Option<Legend>, DataError> {
    if let Some(legend) = read(root, notes)? {
        return Ok(Some(legend));
    }
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root).into_iter().flatten().flatten().map(|e| e.path()).collect();
    folders.sort();
    let mut found: Vec<(PathBuf, Legend)> = Vec::new();
    for folder in folders.into_iter().filter(|folder| is_visible_folder(folder)) {
        if let Some(legend) = read(&folder, notes)? {
            found.push((folder, legend));
        }
    }
    let Some((folder, legend)) = found.first() else { return Ok(None) };
    if let Some((other, _)) = found.iter().find(|(_, other)| other != legend) {
        notes.push(format!(
            "the folders {} and {} define different classes, so neither list is used: open one of the folders by itself",
            folder.display(),
            other.display()
        ));
        return Ok(None);
    }
    notes.push(format!("the classes come from the folder {}", folder.display()));
    Ok(found.pop().map(|(_, legend)| legend))
}

fn is_visible_folder(path: &Path) -> bool {
    path.is_dir() && path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'))
}

/// Writes `pointillist.toml` and keeps the mask coding of an existing file. The project must be reopened to see the change;
/// [`crate::data::Project::save_classes`] does both.
pub fn write_classes(root: &Path, classes: &Classes) -> Result<(), DataError> {
    let legend = match read_own(root)? {
        Some(legend) => legend.with_classes(classes.clone()),
        None => Legend::of(classes.clone()),
    };
    write_legend(root, &legend)
}

/// Writes a legend as `pointillist.toml`.
pub(crate) fn write_legend(root: &Path, legend: &Legend) -> Result<(), DataError> {
    let path = root.join(OWN_FILE);
    let entry = |(i, class): (usize, &ClassDef)| Entry {
        name: class.name.clone(),
        color: Some(hex(class.color)),
        mask_color: (legend.mask_colors[i] != class.color).then(|| hex(legend.mask_colors[i])),
        value: legend.values[i],
        place: (usize::from(legend.places[i]) != i && legend.values[i].is_none()).then_some(legend.places[i]),
        also_mask_colors: legend.also_colors[i].iter().map(|color| hex(*color)).collect(),
        also_values: legend.also_values[i].clone(),
        ignored: class.ignored,
        was: legend.was[i].clone(),
    };
    let file = ClassesFile {
        unlabelled: legend.unlabelled.iter().map(|color| hex(*color)).collect(),
        ignore_values: (legend.ignore_values != IGNORE_VALUES).then(|| legend.ignore_values.clone()),
        classes: legend.classes.iter().enumerate().map(entry).collect(),
    };
    let text = toml::to_string(&file)
        .map_err(|error| DataError::content(format!("cannot write the classes ({error})"), &path))?;
    write::atomically(&path, format!("# The classes of this folder, see docs/formats.md.\n{text}").as_bytes())
}

fn read_own(root: &Path) -> Result<Option<Legend>, DataError> {
    let path = root.join(OWN_FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DataError::io("cannot read the class file", &path)(error)),
    };
    let file: ClassesFile = toml::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
        DataError::content(format!("line {line}: {} (see docs/formats.md)", error.message()), &path)
    })?;
    legend_of(file).map(Some).map_err(|what| DataError::content(what, &path))
}

fn legend_of(file: ClassesFile) -> Result<Legend, String> {
    let mut classes = Vec::new();
    let mut mask_colors = Vec::new();
    for (i, entry) in file.classes.iter().enumerate() {
        let color = entry.color.as_deref().map_or(Ok(palette(i)), parse_hex)?;
        mask_colors.push(entry.mask_color.as_deref().map_or(Ok(color), parse_hex)?);
        classes.push(ClassDef { name: entry.name.clone(), color, ignored: entry.ignored });
    }
    let mut legend = Legend::new(classes).map_err(|error| error.to_string())?;
    legend.mask_colors = mask_colors;
    legend.unlabelled = file.unlabelled.iter().map(|text| parse_hex(text)).collect::<Result<_, _>>()?;
    legend.ignore_values = file.ignore_values.unwrap_or(legend.ignore_values);
    for (i, entry) in file.classes.into_iter().enumerate() {
        legend.also_colors[i] = entry.also_mask_colors.iter().map(|text| parse_hex(text)).collect::<Result<_, _>>()?;
        legend.places[i] = entry.place.unwrap_or(legend.places[i]);
        (legend.values[i], legend.also_values[i], legend.was[i]) = (entry.value, entry.also_values, entry.was);
    }
    check_values(&legend)?;
    Ok(legend)
}

/// Checks that all classes have a value or none, and that no value belongs to two classes.
fn check_values(legend: &Legend) -> Result<(), String> {
    let own = (0..legend.classes.len()).map(|class| legend.value(class));
    let coded: Vec<u16> = own.chain(legend.also_values.iter().flatten().copied()).collect();
    if legend.has_values() && legend.values.contains(&None) {
        return Err("some classes have a value and some have none: give all classes a value, or none".to_owned());
    }
    if let Some(twice) = coded.iter().enumerate().find(|(i, value)| coded[..*i].contains(value)) {
        return Err(format!("two classes have the value {}: give each class its own", twice.1));
    }
    Ok(())
}

fn read_class_dict(path: &Path) -> Result<Legend, DataError> {
    let table = table::Table::read(path)?;
    let name = table.column(&["name", "class_name", "class", "label"])?;
    let channels = [table.column(&["r", "red"])?, table.column(&["g", "green"])?, table.column(&["b", "blue"])?];
    let mut classes = Vec::new();
    for row in &table.rows {
        let mut color = [0; 3];
        for (to, column) in color.iter_mut().zip(channels) {
            *to = row.cell(column).parse().map_err(|_error| {
                DataError::content(
                    format!("line {}: '{}' is not a colour value from 0 to 255", row.line, row.cell(column)),
                    path,
                )
            })?;
        }
        let name = row.cell(name).to_owned();
        let ignored = VOID_NAMES.contains(&name.to_lowercase().as_str());
        classes.push(ClassDef { name, color, ignored });
    }
    Legend::new(classes).map_err(|error| DataError::content(error.to_string(), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Option<Legend>, DataError> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(OWN_FILE), text).unwrap();
        read(dir.path(), &mut Vec::new())
    }

    #[test]
    fn the_own_file_round_trips_every_field() {
        let text = "unlabelled = ['#9B9B9B']\nignore_values = [0]\n[[class]]\nname = 'water'\ncolor = '#E2A929'\nvalue = 1\n\
                    [[class]]\nname = 'void'\ncolor = '#000000'\nvalue = 2\nignored = true\n[[class]]\nname = 'road'\nvalue = 3\nwas = ['class 1']\n";
        let legend = read_text(text).unwrap().unwrap();
        assert_eq!(legend.unlabelled, [[155; 3]]);
        assert_eq!(legend.values, [Some(1), Some(2), Some(3)]);
        assert!(!legend.classes.is_scored(1) && legend.classes.is_scored(2));
        let dir = tempfile::tempdir().unwrap();
        write_legend(dir.path(), &legend).unwrap();
        assert_eq!(read(dir.path(), &mut Vec::new()).unwrap().unwrap(), legend);
    }

    #[test]
    fn the_coding_of_removed_classes_survives_the_file() {
        let text = "[[class]]\nname = 'a'\nalso_mask_colors = ['#010203']\nalso_values = [1]\nwas = ['b']\n\
                    [[class]]\nname = 'c'\nplace = 2\n";
        let legend = read_text(text).unwrap().unwrap();
        assert_eq!(legend.value_table()[..3], [(0, 0), (2, 1), (1, 0)]);
        assert!(legend.color_table().contains(&([1, 2, 3], 0)));
        let dir = tempfile::tempdir().unwrap();
        write_legend(dir.path(), &legend).unwrap();
        assert_eq!(read(dir.path(), &mut Vec::new()).unwrap().unwrap(), legend);
    }

    #[test]
    fn errors_name_the_file_and_the_line() {
        let cases = [
            ("colour = 3\n", "colour"),
            ("[[class]]\nname = 'a'\nweight = 3\n", "weight"),
            ("[[class]]\nname = 'a'\ncolor = 'red'\n", "red"),
            ("[[class]]\nname = 'a'\n", "at least 2"),
            ("[[class]]\nname = 'a'\nvalue = 1\n[[class]]\nname = 'b'\nvalue = 1\n", "two classes have the value 1"),
            ("[[class]]\nname = 'a'\nalso_values = [1]\n[[class]]\nname = 'b'\n", "two classes have the value 1"),
            ("[[class]]\nname = 'a'\nvalue = 1\n[[class]]\nname = 'b'\n", "some classes have a value"),
            ("[[class]\n", "line 1"),
        ];
        for (text, part) in cases {
            let message = read_text(text).unwrap_err().to_string();
            assert!(message.contains(part) && message.ends_with(OWN_FILE), "{message}");
        }
    }

    #[test]
    fn class_dict_accepts_windows_line_ends_and_blanks() {
        let dir = tempfile::tempdir().unwrap();
        let text = "\u{feff}Name, R, G, B\r\nwater, 0, 0, 255\r\nland, 0, 255, 0\r\nunknown, 0, 0, 0\r\n\r\n";
        std::fs::write(dir.path().join(DEEPGLOBE_FILE), text).unwrap();
        let legend = read(dir.path(), &mut Vec::new()).unwrap().unwrap();
        assert_eq!(legend.classes.iter().map(|class| class.ignored).collect::<Vec<_>>(), [false, false, true]);
        std::fs::write(dir.path().join(DEEPGLOBE_FILE), "name,r,g\nwater,0,0\n").unwrap();
        let message = read(dir.path(), &mut Vec::new()).unwrap_err().to_string();
        assert!(message.contains("'b'") && message.contains(DEEPGLOBE_FILE), "{message}");
        std::fs::write(dir.path().join(DEEPGLOBE_FILE), "name,r,g,b\nwater,0,0,256\n").unwrap();
        assert!(read(dir.path(), &mut Vec::new()).unwrap_err().to_string().contains("'256'"));
    }

    #[test]
    fn writing_classes_keeps_the_mask_coding() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(OWN_FILE), "unlabelled = ['#9B9B9B']\n[[class]]\nname = 'a'\ncolor = '#010101'\n[[class]]\nname = 'b'\ncolor = '#020202'\n").unwrap();
        let mut list: Vec<ClassDef> =
            read(dir.path(), &mut Vec::new()).unwrap().unwrap().classes.iter().cloned().collect();
        list[0].color = [200, 0, 0];
        list[1].name = "meadow".to_owned();
        write_classes(dir.path(), &Classes::new(list).unwrap()).unwrap();
        let legend = read(dir.path(), &mut Vec::new()).unwrap().unwrap();
        assert_eq!(legend.mask_colors, [[1; 3], [2; 3]]);
        assert_eq!((legend.unlabelled, &legend.was[1][0]), (vec![[155; 3]], &"b".to_owned()));
    }
}
