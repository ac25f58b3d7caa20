//! Recognises the layout of a folder and lists its images.

use std::path::{Path, PathBuf};

use super::listing::Listing;
use super::{deepglobe, folders, landcover_ai, naming, scan};
use crate::data::DataError;

/// The project's root and the tiles that its layout lists.
pub(super) fn list(root: &Path) -> Result<(PathBuf, Listing), DataError> {
    let kind =
        std::fs::metadata(root).map_err(DataError::io("cannot open (check that it exists and is readable)", root))?;
    if kind.is_dir() {
        if root.join(deepglobe::METADATA).is_file() {
            return Ok((root.to_owned(), deepglobe::list(root)?));
        }
        let listing = match landcover_ai::list(root)? {
            Some(listing) => listing,
            None => folders::list(root)?,
        };
        return Ok((root.to_owned(), listing));
    }
    if !scan::is_image(root) {
        let what = "neither a folder nor a .jpg, .png, .tif or .bmp image: choose a folder that contains images";
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
    /// Base name of its results: the path below the folder without extension and without the `images` folder.
    pub name: String,
}

/// The images of a folder as a project would list them, without masks, hidden files and earlier results; and notes for the
/// user.
///
/// # Errors
/// If the folder cannot be read or contains no image.
pub fn list_images(root: &Path) -> Result<(Vec<ImageFile>, Vec<String>), DataError> {
    let (_, listing) = list(root)?;
    let images = listing.tiles.into_iter().map(|tile| {
        let bare = tile.file.rsplit_once('.').map_or(tile.file.as_str(), |(bare, _)| bare);
        ImageFile { name: naming::without_role(bare), path: tile.image }
    });
    Ok((images.collect(), listing.notes))
}
