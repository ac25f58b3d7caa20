//! Names of result files: short, one for each tile, inside the folder for the results whatever an id or a path says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::data::DataError;

/// Longest name of a file, in bytes, on the file systems in use.
const LONGEST: usize = 255;

/// Result files, planned before any is written.
#[derive(Debug)]
pub struct Outputs {
    /// For each tile, in the order in which they were given, one path per ending.
    pub paths: Vec<Vec<PathBuf>>,
}

impl Outputs {
    /// Plans one file per ending for each tile, named by its short name. Tiles that share one add the ending of their own
    /// file; ids that lead out of `folder` are kept inside.
    ///
    /// # Errors
    /// If a name is too long for the file system, or a file is there already and may not be overwritten.
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
        let is_long = |path: &&PathBuf| path.iter().any(|part| part.len() > LONGEST);
        match self.paths.iter().flatten().find(is_long) {
            None => Ok(()),
            Some(path) => Err(DataError::content(
                format!(
                    "the name of a result is too long for the file system (more than {LONGEST} bytes): rename the image"
                ),
                path,
            )),
        }
    }

    fn check_free(&self) -> Result<(), DataError> {
        let there: Vec<&PathBuf> = self.paths.iter().flatten().filter(|path| path.exists()).collect();
        let Some(first) = there.first() else { return Ok(()) };
        let what = match there.len() {
            1 => {
                "a file is there already: choose another folder, or allow it to be overwritten (--overwrite)".to_owned()
            }
            count => format!(
                "{count} files are there already: choose another folder, or allow them to be overwritten (--overwrite). The \
                 first is"
            ),
        };
        Err(DataError::content(what, first))
    }
}

/// What a tile's results are named by.
#[derive(Clone, Copy, Debug)]
pub struct OutputName<'a> {
    /// The name wanted, folders divided by `/`.
    pub short: &'a str,
    /// The ending of the tile's own file, for names that two tiles share.
    pub ending: &'a str,
}

/// A relative path that leads nowhere but down, made of names that every system can hold.
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
    fn nothing_leaves_the_folder() {
        let names = [("../up", "png"), ("/tmp/absolute", "png"), ("a/../../b", "png"), ("c:\\x", "png"), ("..", "png")];
        let want = ["up", "tmp/absolute", "a/b", "c_/x", "tile"].map(|name| format!("/nowhere/out/{name}_c.png"));
        assert_eq!(plan(&names, &["_c.png"]).unwrap(), want);
    }

    #[test]
    fn twins_add_their_ending_and_no_two_results_are_one_file() {
        assert_eq!(
            plan(&[("a", "png"), ("a", "jpg"), ("b", "png")], &["_c.png"]).unwrap(),
            ["/nowhere/out/a.png_c.png", "/nowhere/out/a.jpg_c.png", "/nowhere/out/b_c.png"]
        );
        let paths =
            plan(&[("x", "png"), ("x_full", "png"), ("../x", "png")], &["_sampled.png", "_full_sampled.png"]).unwrap();
        assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), paths.len(), "{paths:?}");
    }

    #[test]
    fn names_that_are_too_long_and_files_that_are_there_are_refused() {
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
