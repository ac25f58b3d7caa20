//! LandCover.ai as its authors lay it out: scenes in `images` and `masks`, and the patches cut from them in `output`, as
//! `<scene>_<n>.jpg` and `<scene>_<n>_m.png`. Once patches are there, they are the tiles.

use std::path::Path;

use super::folders;
use super::listing::{Listing, ungroup_if_single, unique_ids};
use super::scan::{Found, Scan};
use crate::data::DataError;

/// Folder of the patches.
const PATCHES: &str = "output";

/// Lists the patches of a folder of this layout; `None` if it is another.
pub(crate) fn list(root: &Path) -> Result<Option<Listing>, DataError> {
    if !["images", "masks", PATCHES].iter().all(|folder| root.join(folder).is_dir()) {
        return Ok(None);
    }
    let mut scan = Scan::new(root)?;
    let all = scan.images.len();
    scan.images.retain(|found| found.folders == [PATCHES]);
    if !scan.images.iter().any(is_mask_of_patch) {
        return Ok(None);
    }
    let scenes = all - scan.images.len();
    let mut listing = folders::list_scan(root, scan)?;
    let inside =
        |name: &str| name.strip_prefix(PATCHES).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name).to_owned();
    for tile in &mut listing.tiles {
        (tile.short_id, tile.group) = (inside(&tile.short_id), inside(&tile.group));
    }
    unique_ids(&mut listing.tiles);
    ungroup_if_single(&mut listing.tiles);
    "LandCover.ai".clone_into(&mut listing.layout);
    listing
        .notes
        .push(format!("the patches in {PATCHES} are the tiles; {scenes} files of whole scenes and masks are not"));
    Ok(Some(listing))
}

/// Whether a file is named like the mask of a patch: `<scene>_<n>_m.png`.
fn is_mask_of_patch(found: &Found) -> bool {
    let number = found.stem.strip_suffix("_m").and_then(|patch| patch.rsplit_once('_')).map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
