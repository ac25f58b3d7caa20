//! LandCover.ai as its authors lay it out: scenes in `images` and `masks`, and the patches cut from them in `output`, as
//! `<scene>_<n>.jpg` and `<scene>_<n>_m.png`. Once patches are there, they are the tiles.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::listing::{Listing, ungroup_if_single, unique_ids};
use super::scan::{Found, Scan};
use super::tile::Place;
use super::{folders, naming};
use crate::data::DataError;
use crate::data::raster::images;
use crate::domain::geometry::PixelRect;

/// Name of the layout.
pub(crate) const LAYOUT: &str = "LandCover.ai";

/// Side of a patch in pixels.
pub(crate) const PATCH_SIDE: u32 = 512;

/// Folder of the patches.
const PATCHES: &str = "output";

/// Lists the patches of a folder of this layout; `None` if it is another.
pub(crate) fn list(root: &Path) -> Result<Option<Listing>, DataError> {
    if !["images", "masks", PATCHES].iter().all(|folder| root.join(folder).is_dir()) {
        return Ok(None);
    }
    let mut scan = Scan::new(root)?;
    let (patches, others): (Vec<Found>, Vec<Found>) =
        std::mem::take(&mut scan.images).into_iter().partition(|found| found.folders == [PATCHES]);
    if !has_patch(&patches, &others) {
        return Ok(None);
    }
    scan.images = patches;
    let mut listing = folders::list_scan(root, scan)?;
    let inside =
        |name: &str| name.strip_prefix(PATCHES).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name).to_owned();
    let rows = patches_in_row(&others);
    for tile in &mut listing.tiles {
        (tile.short_id, tile.group) = (inside(&tile.short_id), inside(&tile.group));
        tile.place = place(&tile.short_id, &rows);
    }
    unique_ids(&mut listing.tiles);
    ungroup_if_single(&mut listing.tiles);
    LAYOUT.clone_into(&mut listing.layout);
    listing.notes.push(format!(
        "the patches in {PATCHES} are the tiles; {} files of whole scenes and masks are not",
        others.len()
    ));
    Ok(Some(listing))
}

/// Positions in a row of each scene, by its name: those that stick out count.
fn patches_in_row(others: &[Found]) -> HashMap<&str, u32> {
    let scenes = others.par_iter().filter(|found| found.folders == ["images"]);
    let row = scenes.filter_map(|found| {
        let header = images::read_header(&found.path).ok()?;
        Some((found.stem.as_str(), header.size[0].div_ceil(PATCH_SIDE).max(1)))
    });
    row.collect()
}

/// Where a patch lies in its scene, by its number.
fn place(patch: &str, rows: &HashMap<&str, u32>) -> Option<Place> {
    let (scene, number) = naming::numbered_part(patch)?;
    let across = *rows.get(scene)?;
    let at = |position: u32| position.checked_mul(PATCH_SIDE).filter(|at| at.checked_add(PATCH_SIDE).is_some());
    let (x, y) = (at(number % across)?, at(number / across)?);
    let rect = PixelRect { x, y, width: PATCH_SIDE, height: PATCH_SIDE };
    Some(Place { scene: scene.to_owned(), rect: Some(rect) })
}

/// Whether an image in the folder of patches is one of a scene in `images`, with its mask: `<scene>_<n>` and `<scene>_<n>_m`. Where
/// no scenes are left, any pair of such names is one.
fn has_patch(patches: &[Found], others: &[Found]) -> bool {
    let scenes: HashSet<&str> =
        others.iter().filter(|found| found.folders == ["images"]).map(|found| found.stem.as_str()).collect();
    let stems: HashSet<&str> = patches.iter().map(|found| found.stem.as_str()).collect();
    let is_patch = |stem: &str| {
        let parts = stem.rsplit_once('_').filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
        parts.is_some_and(|(scene, number)| !number.is_empty() && (scenes.is_empty() || scenes.contains(scene)))
    };
    stems.iter().filter_map(|stem| stem.strip_suffix("_m")).any(|patch| stems.contains(patch) && is_patch(patch))
}
