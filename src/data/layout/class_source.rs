//! Where the classes of a project come from.

use std::path::Path;

use super::deepglobe;
use super::listing::Listing;
use crate::data::DataError;
use crate::data::classes::classes_file;
use crate::data::classes::hex::hex;
use crate::data::classes::legend::Legend;
use crate::data::mask::pickup::{self, Resemblance};
use crate::domain::Classes;

/// Chooses the classes: a class file (also one folder down), DeepGlobe's own, those of the masks, or two placeholders. The
/// flag tells whether they come from the masks.
pub(super) fn choose_legend(root: &Path, listing: &mut Listing) -> Result<(Legend, bool), DataError> {
    if let Some(legend) = classes_file::find(root, &mut listing.notes)? {
        return Ok((legend, false));
    }
    let usable = listing.tiles.iter().filter(|tile| tile.fault.is_none());
    let masks: Vec<&Path> = usable.filter_map(|tile| tile.mask.as_deref()).collect();
    let listed = root.join(deepglobe::METADATA).is_file();
    if listed || listing.named_like_deepglobe {
        match pickup::resemblance(&masks) {
            Resemblance::DeepGlobe => {
                let (file, own) = (classes_file::DEEPGLOBE_FILE, classes_file::OWN_FILE);
                match listed {
                    true => listing.notes.push(format!("{file} is missing: DeepGlobe's own classes are used")),
                    false => listing.remarks.push(format!(
                        "the images are named like DeepGlobe's, so its classes are used: edit them in the window or in {own}"
                    )),
                }
                return Ok((Legend::of(Classes::deepglobe()), false));
            }
            Resemblance::Foreign(colors) if listed => return Err(not_deepglobe(&colors, root)),
            Resemblance::Foreign(_) | Resemblance::Grays => {}
        }
    }
    if let Some(legend) = pickup::pick_up(&masks, &mut listing.notes, root)? {
        return Ok((legend, true));
    }
    listing.notes.push(format!(
        "no classes are known: starting with two placeholders, name your own in the window or in {}",
        classes_file::OWN_FILE
    ));
    Ok((pickup::starter(), false))
}

/// The folder has DeepGlobe's layout, but its masks have other colours.
fn not_deepglobe(foreign: &[[u8; 3]], root: &Path) -> DataError {
    let colors: Vec<String> = foreign.iter().take(6).map(|color| hex(*color)).collect();
    let what = format!(
        "the colours of the masks are not DeepGlobe's ({}): list the classes in {} (name,r,g,b) or {}",
        colors.join(", "),
        classes_file::DEEPGLOBE_FILE,
        classes_file::OWN_FILE
    );
    DataError::content(what, root)
}
