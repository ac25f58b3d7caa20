//! World files: six numbers beside an image that tell where on a map it lies, without the map's projection.

use std::collections::{BTreeSet, HashMap};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::georeference::Georeference;
use crate::domain::hash;

/// No world file is larger, in bytes.
const MOST: u64 = 4096;

/// What a world file says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum WorldFile {
    /// Where the image lies, on a map whose axes are those of the image.
    Upright(Georeference),
    /// The axes of the map are not those of the image: it is rotated, sheared, or upside down.
    Turned,
    /// It has no six numbers.
    Unreadable,
}

impl WorldFile {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Self {
        let mut bytes = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut bytes));
        read.map_or(Self::Unreadable, |_| Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// Reads the six lines: width of a pixel, two of rotation, height of a pixel (negative, since rows go south), and east and north of
    /// the centre of the upper left pixel.
    pub(crate) fn parse(text: &str) -> Self {
        let words = text.trim_start_matches('\u{feff}').split_whitespace();
        let numbers: Option<Vec<f64>> =
            words.map(|word| word.parse().ok().filter(|number: &f64| number.is_finite())).collect();
        let Some([width, about_y, about_x, height, east, north]) =
            numbers.and_then(|six| <[f64; 6]>::try_from(six).ok())
        else {
            return Self::Unreadable;
        };
        if about_y != 0.0 || about_x != 0.0 || width <= 0.0 || height >= 0.0 {
            return Self::Turned;
        }
        let (corner, pixel) = ([east - width / 2.0, north - height / 2.0], [width, -height]);
        Self::Upright(Georeference { corner, pixel, map: hash::EMPTY })
    }

    /// What is not used of it; `None` if all is.
    pub(crate) fn note(self) -> Option<&'static str> {
        match self {
            Self::Upright(_) => None,
            Self::Turned => Some("a world file that rotates or mirrors the image: where it lies is not used"),
            Self::Unreadable => Some("a world file without six numbers: where it lies is not used"),
        }
    }
}

/// The world files in some folders.
pub(crate) struct WorldFiles {
    /// Paths by the same with their ending in lower case.
    paths: HashMap<PathBuf, PathBuf>,
}

impl WorldFiles {
    /// Looks for world files beside images; each folder is listed once.
    pub(crate) fn beside<'a>(images: impl Iterator<Item = &'a Path>) -> Self {
        let folders: BTreeSet<&Path> = images.filter_map(Path::parent).collect();
        let files = folders.into_iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        let paths = files.map(|entry| entry.path()).filter_map(|path| {
            let ending = ending(&path)?;
            (ending.ends_with('w') || ending == "wld").then(|| (path.with_extension(ending), path))
        });
        Self { paths: paths.collect() }
    }

    /// The world file of an image: `.tfw`, `.tifw` or `.wld` beside a `.tif`, and so on. `None` if there is none.
    pub(crate) fn of(&self, image: &Path) -> Option<&Path> {
        let ending = ending(image)?;
        let short: String = ending.chars().next().into_iter().chain(ending.chars().next_back()).collect();
        let names = [format!("{short}w"), format!("{ending}w"), "wld".to_owned()];
        names.iter().find_map(|name| self.paths.get(&image.with_extension(name))).map(PathBuf::as_path)
    }
}

/// The extension of a file in lower case.
fn ending(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corner_is_half_a_pixel_from_the_centre_of_the_first() {
        let expected = Georeference { corner: [400_000.0, 5_000_000.0], pixel: [0.5, 0.25], map: hash::EMPTY };
        let text = "0.5\r\n0.0\r\n0.0\r\n-0.25\r\n400000.25\r\n4999999.875\r\n";
        assert_eq!(WorldFile::parse(text), WorldFile::Upright(expected));
        assert_eq!(
            WorldFile::parse(&format!("\u{feff}{}", text.replace("-0.25", "-2.5e-1"))),
            WorldFile::Upright(expected)
        );
    }

    #[test]
    fn turned_images_and_other_texts_have_no_place() {
        for turned in ["0.5 0.1 0.1 -0.5 0 0", "0.5 0 0 0.5 0 0", "-0.5 0 0 -0.5 0 0", "0 0.5 0.5 0 0 0"] {
            assert_eq!(WorldFile::parse(turned), WorldFile::Turned, "{turned}");
        }
        for text in ["", "0.5 0 0 -0.5 0", "0.5 0 0 -0.5 0 0 7", "0,5 0 0 -0,5 0 0", "0.5 0 0 -0.5 NaN 0"] {
            assert_eq!(WorldFile::parse(text), WorldFile::Unreadable, "{text}");
        }
    }

    #[test]
    fn an_image_finds_the_world_file_of_its_kind_in_any_case() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["a.TFW", "b.jgw", "c.wld", "d.pngw", "e.tfw", "f.jpw"] {
            std::fs::write(at(name), "").unwrap();
        }
        let images: Vec<PathBuf> = ["a.tif", "b.JPEG", "c.png", "d.png", "e.png"].map(at).into();
        let files = WorldFiles::beside(images.iter().map(PathBuf::as_path));
        let found: Vec<_> = images.iter().map(|image| files.of(image).map(Path::to_owned)).collect();
        assert_eq!(found, [Some(at("a.TFW")), Some(at("b.jgw")), Some(at("c.wld")), Some(at("d.pngw")), None]);
    }
}
