//! Plans the names of result files: short, unique, and always inside the output folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::data::{DataError, Tile};

/// Maximum length of a file name in bytes on common file systems.
const MAX_NAME_BYTES: usize = 255;

/// Paths of result files, planned before any is written.
#[derive(Debug)]
pub struct Outputs {
    /// One path per ending for each tile, in the order of the tiles.
    pub paths: Vec<Vec<PathBuf>>,
}

impl Outputs {
    /// Plans one file per ending for each tile, named by its short name. Tiles with equal names append the extension of their
    /// own file. Names that lead out of `folder` are kept inside.
    ///
    /// # Errors
    /// If a name is too long for the file system, or a file exists and may not be overwritten.
    pub fn plan(folder: &Path, tiles: &[OutputName<'_>], endings: &[&str], overwrite: bool) -> Result<Self, DataError> {
        let mut owners: BTreeMap<String, usize> = BTreeMap::new();
        for tile in tiles {
            *owners.entry(inside(tile.short)).or_default() += 1;
        }
        let mut taken = BTreeSet::new();
        let mut paths = Vec::new();
        for tile in tiles {
            let short = inside(tile.short);
            let longer = format!("{short}.{}", tile.ending);
            let first = if owners[&short] > 1 { longer } else { short };
            let numbered = (2..).map(|number| format!("{first}_{number}"));
            let files = |name: String| -> Vec<PathBuf> {
                endings.iter().map(|ending| folder.join(format!("{name}{ending}"))).collect()
            };
            let free = |files: &Vec<PathBuf>| files.iter().all(|file| !taken.contains(file));
            let files = std::iter::once(first.clone()).chain(numbered).map(files).find(free).unwrap_or_default();
            taken.extend(files.iter().cloned());
            paths.push(files);
        }
        let outputs = Self { paths };
        outputs.check_lengths()?;
        if !overwrite {
            outputs.check_free()?;
        }
        Ok(outputs)
    }

    fn check_lengths(&self) -> Result<(), DataError> {
        let is_long = |path: &&PathBuf| path.iter().any(|part| part.len() > MAX_NAME_BYTES);
        match self.paths.iter().flatten().find(is_long) {
            None => Ok(()),
            Some(path) => Err(DataError::content(
                format!(
                    "the name of a result is too long for the file system (more than {MAX_NAME_BYTES} bytes): rename the image"
                ),
                path,
            )),
        }
    }

    /// The planned files that exist already.
    pub fn existing(&self) -> Vec<&Path> {
        self.paths.iter().flatten().map(PathBuf::as_path).filter(|path| path.exists()).collect()
    }

    fn check_free(&self) -> Result<(), DataError> {
        let there = self.existing();
        let Some(first) = there.first() else { return Ok(()) };
        let what = match there.len() {
            1 => "a result file exists already: choose another folder, or allow overwriting (--overwrite)".to_owned(),
            count => format!(
                "{count} result files exist already: choose another folder, or allow overwriting (--overwrite). The first \
                 is"
            ),
        };
        Err(DataError::content(what, first))
    }
}

/// The name parts of a tile's results.
#[derive(Clone, Copy, Debug)]
pub struct OutputName<'a> {
    /// Preferred name, folders separated by `/`.
    pub short: &'a str,
    /// Extension of the tile's own file, for tiles with equal names.
    pub ending: &'a str,
}

impl<'a> OutputName<'a> {
    /// The name of a tile's results.
    pub fn of(tile: &'a Tile) -> Self {
        let ending = tile.file.rsplit_once('.').map_or("", |(_, ending)| ending);
        Self { short: &tile.short_id, ending }
    }
}

/// A relative path without `..`, made of names that are valid on every system.
fn inside(name: &str) -> String {
    let is_down = |part: &&str| !["", ".", ".."].contains(part);
    let plain = |part: &str| part.replace(|c: char| c.is_control() || "<>:\"|?*".contains(c), "_");
    let parts: Vec<String> = name.split(['/', '\\']).filter(is_down).map(plain).collect();
    if parts.is_empty() { "tile".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(names: &[(&str, &str)], endings: &[&str]) -> Result<Vec<String>, DataError> {
        let tiles: Vec<OutputName<'_>> = names.iter().map(|(short, ending)| OutputName { short, ending }).collect();
        let outputs = Outputs::plan(Path::new("/nowhere/out"), &tiles, endings, false)?;
        Ok(outputs.paths.into_iter().flatten().map(|path| path.display().to_string()).collect())
    }

    #[test]
    fn results_stay_inside_the_folder() {
        let names = [("../up", "png"), ("/tmp/absolute", "png"), ("a/../../b", "png"), ("c:\\x", "png"), ("..", "png")];
        let want = ["up", "tmp/absolute", "a/b", "c_/x", "tile"].map(|name| format!("/nowhere/out/{name}_c.png"));
        assert_eq!(plan(&names, &["_c.png"]).unwrap(), want);
    }

    #[test]
    fn equal_names_get_their_extension_and_all_results_differ() {
        assert_eq!(
            plan(&[("a", "png"), ("a", "jpg"), ("b", "png")], &["_c.png"]).unwrap(),
            ["/nowhere/out/a.png_c.png", "/nowhere/out/a.jpg_c.png", "/nowhere/out/b_c.png"]
        );
        let paths =
            plan(&[("x", "png"), ("x_full", "png"), ("../x", "png")], &["_sampled.png", "_full_sampled.png"]).unwrap();
        assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), paths.len(), "{paths:?}");
    }

    #[test]
    fn too_long_names_and_existing_files_are_refused() {
        let message = plan(&[(&"x".repeat(242), "png")], &["_sampled_colors.png"]).unwrap_err().to_string();
        assert!(message.contains("too long"), "{message}");
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a_c.png"), b"mine").unwrap();
        let tiles = [OutputName { short: "a", ending: "png" }];
        let message = Outputs::plan(dir.path(), &tiles, &["_c.png"], false).unwrap_err().to_string();
        assert!(message.contains("--overwrite") && message.ends_with("a_c.png"), "{message}");
        assert!(Outputs::plan(dir.path(), &tiles, &["_c.png"], true).is_ok());
    }
}
