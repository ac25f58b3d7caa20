//! Recognises the layout of a folder and lists its images.

use std::path::{Path, PathBuf};

use super::listing::Listing;
use super::{deepglobe, folders, naming, scan};
use crate::data::DataError;

/// The project's folder and what its layout lists.
pub(super) fn list(root: &Path) -> Result<(PathBuf, Listing), DataError> {
    let kind = std::fs::metadata(root)
        .map_err(DataError::io("cannot open (check that it exists and that you may read it)", root))?;
    if kind.is_dir() {
        let listed = if root.join(deepglobe::METADATA).is_file() { deepglobe::list(root) } else { folders::list(root) };
        return Ok((root.to_owned(), listed?));
    }
    if !scan::is_image(root) {
        let what = "this is no folder and no .jpg, .png, .tif or .bmp image: choose a folder that holds images";
        return Err(DataError::content(what, root));
    }
    let parent = root.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((parent.to_owned(), folders::single(root)))
}

/// An image to segment, found in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFile {
    /// The file.
    pub path: PathBuf,
    /// What its results are named by: the path from the folder without ending and without the folder that says "images".
    pub name: String,
}

/// The images of a folder as opening it would list them, without masks, hidden files and results written earlier; and what
/// was noticed.
///
/// # Errors
/// If the folder cannot be read or holds no image.
pub fn list_images(root: &Path) -> Result<(Vec<ImageFile>, Vec<String>), DataError> {
    let (_, listing) = list(root)?;
    let images = listing.tiles.into_iter().map(|tile| {
        let bare = tile.file.rsplit_once('.').map_or(tile.file.as_str(), |(bare, _)| bare);
        ImageFile { name: naming::without_role(bare), path: tile.image }
    });
    Ok((images.collect(), listing.notes))
}
