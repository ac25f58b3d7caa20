//! The scenes to cut, checked before anything is written.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::grid::{Grid, SIDE};
use crate::data::DataError;
use crate::data::layout::scan::composed;
use crate::data::raster::tiff::rows::TiffRows;

/// Folders of the scenes and of the patches.
const IMAGES: &str = "images";
const MASKS: &str = "masks";
const PATCHES: &str = "output";

/// What is to be cut, and where to.
#[derive(Clone, Debug)]
pub struct CutPlan {
    /// The folder that holds `images` and `masks`.
    pub root: PathBuf,
    /// The folder for the patches.
    pub out: PathBuf,
    /// The scenes in the order of their names.
    pub scenes: Vec<Scene>,
}

/// A scene with its mask.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Name of both files without extension.
    pub name: String,
    /// The image.
    pub image: PathBuf,
    /// The mask.
    pub mask: PathBuf,
    /// Its patches.
    pub grid: Grid,
}

impl CutPlan {
    /// Finds the scenes of a folder: `images/NAME.tif` with `masks/NAME.tif`. Patches go to `out`, by default `output` beside
    /// these.
    ///
    /// # Errors
    /// If there is none, an image has no mask or a mask no image, the two differ in size, or a file cannot be read. The error
    /// names the file.
    pub fn new(root: &Path, out: Option<&Path>) -> Result<Self, DataError> {
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let scenes = scenes(&root)?;
        if scenes.is_empty() {
            let what = format!("there is no {IMAGES}/*.tif to cut: choose the folder that holds {IMAGES} and {MASKS}");
            return Err(DataError::content(what, &root));
        }
        if scenes.iter().all(|scene| scene.grid.patches() == 0) {
            let what = format!("no scene is as large as a patch, {SIDE}×{SIDE} pixels: there is nothing to cut");
            return Err(DataError::content(what, &root));
        }
        let out = out.map_or_else(|| root.join(PATCHES), Path::to_owned);
        Ok(Self { root, out, scenes })
    }

    /// Number of patches.
    pub fn patches(&self) -> usize {
        self.scenes.iter().map(|scene| scene.grid.patches()).sum()
    }

    /// Patches whose two files exist.
    pub fn patches_there(&self) -> usize {
        let entries = std::fs::read_dir(&self.out).into_iter().flatten().flatten();
        let files: HashSet<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        let is_there =
            |name: &String| files.contains(&format!("{name}.jpg")) && files.contains(&format!("{name}_m.png"));
        self.patch_names().filter(is_there).count()
    }

    /// Names of all patches, `<scene>_<n>`.
    pub(super) fn patch_names(&self) -> impl Iterator<Item = String> + '_ {
        self.scenes.iter().flat_map(|scene| scene.grid.numbers().map(|number| format!("{}_{number}", scene.name)))
    }
}

/// Every image with its mask, in the order of their names.
fn scenes(root: &Path) -> Result<Vec<Scene>, DataError> {
    let (images, mut masks) = (tiffs(&root.join(IMAGES))?, tiffs(&root.join(MASKS))?);
    let mut scenes = Vec::new();
    for (name, image) in images {
        let Some(mask) = masks.remove(&name) else {
            let what = format!("the image has no mask {MASKS}/{name}.tif: add it, or move the image");
            return Err(DataError::content(what, &image));
        };
        scenes.push(Scene::open(name, image, mask)?);
    }
    match masks.values().next() {
        Some(mask) => Err(DataError::content("the mask has no image of its name: add it, or move the mask", mask)),
        None => Ok(scenes),
    }
}

impl Scene {
    fn open(name: String, image: PathBuf, mask: PathBuf) -> Result<Self, DataError> {
        let (rows, mask_rows) = (TiffRows::open(&image)?, TiffRows::open(&mask)?);
        let ([width, height], [mask_width, mask_height]) = (rows.size(), mask_rows.size());
        let fault = match () {
            () if mask_rows.size() != rows.size() => format!(
                "the mask has {mask_width}×{mask_height} pixels, its image {width}×{height}: use the mask that was made for it"
            ),
            () if mask_rows.is_lossy() => {
                "a JPEG changes the values of a mask a little: export it without loss (deflate or LZW)".to_owned()
            }
            () => return Ok(Self { name, image, mask, grid: Grid::of([width, height]) }),
        };
        Err(DataError::content(fault, &mask))
    }
}

/// The TIFFs of a folder by name; none if there is no such folder.
fn tiffs(folder: &Path) -> Result<BTreeMap<String, PathBuf>, DataError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(DataError::io("cannot read the folder (check that it is readable)", folder)(error)),
    };
    let is_tiff = |path: &PathBuf| {
        let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_lowercase();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        ["tif", "tiff"].contains(&ending.as_str()) && !is_hidden && path.is_file()
    };
    let named = |path: PathBuf| match path.file_stem().and_then(OsStr::to_str) {
        Some(name) => Ok((composed(name), path)),
        None => Err(DataError::content("its name is not valid UTF-8: rename it", &path)),
    };
    let named = entries.flatten().map(|entry| entry.path()).filter(is_tiff).map(named);
    unique(named.collect::<Result<_, _>>()?)
}

/// Refuses two files of one name, such as `a.tif` with `a.tiff` or `A.tif`: their patches would share names, at least where names
/// do not differ in case.
fn unique(mut named: Vec<(String, PathBuf)>) -> Result<BTreeMap<String, PathBuf>, DataError> {
    named.sort();
    let mut seen = BTreeMap::new();
    for (name, path) in &named {
        if let Some(other) = seen.insert(name.to_lowercase(), path) {
            let what =
                format!("{} has the same name, so their patches would as well: rename or move one", other.display());
            return Err(DataError::content(what, path));
        }
    }
    Ok(named.into_iter().collect())
}
