//! Where the classes of a project come from.

use std::path::Path;

use super::deepglobe;
use super::listing::Listing;
use super::tile::Tile;
use crate::data::DataError;
use crate::data::classes::classes_file;
use crate::data::classes::hex::hex;
use crate::data::classes::known::KnownDataset;
use crate::data::classes::legend::Legend;
use crate::data::mask::class_order::ClassOrder;
use crate::data::mask::pickup::{self, PickedUp, Resemblance};
use crate::domain::Classes;

/// The classes of a project, and where they come from.
pub(super) struct Chosen {
    pub(super) legend: Legend,
    /// They come from the masks.
    pub(super) picked_up: bool,
    /// They are those of a dataset that was recognised.
    pub(super) recognised: Option<KnownDataset>,
}

impl Chosen {
    fn listed(legend: Legend) -> Self {
        Self { legend, picked_up: false, recognised: None }
    }
}

/// Chooses the classes: a class file (also one folder down), DeepGlobe's own, a recognised dataset's, those of the masks, or two
/// placeholders.
pub(super) fn choose_legend(root: &Path, listing: &mut Listing) -> Result<Chosen, DataError> {
    if let Some(legend) = classes_file::find(root, &mut listing.notes)? {
        return Ok(Chosen::listed(legend));
    }
    let masks = usable_masks(&listing.tiles);
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
                return Ok(Chosen::listed(Legend::of(Classes::deepglobe())));
            }
            Resemblance::Foreign(colors) if listed => return Err(not_deepglobe(&colors, root)),
            Resemblance::Foreign(_) | Resemblance::Grays => {}
        }
    }
    if let Some(PickedUp { legend, known }) =
        pickup::pick_up(&masks, named_like(root, &listing.tiles), &mut listing.notes, root)?
    {
        return Ok(Chosen { legend, picked_up: known.is_none(), recognised: known });
    }
    listing.notes.push(format!(
        "no classes are known: starting with two placeholders, name your own in the window or in {}",
        classes_file::OWN_FILE
    ));
    Ok(Chosen::listed(pickup::starter()))
}

/// The classes as the masks alone give them, each remembering its name in `recognised`. Those of `recognised` come first, also where
/// the masks lack them, so that nothing labelled or trained under their names is lost. `None` if there are none.
pub(super) fn plain_legend(root: &Path, tiles: &[Tile], recognised: &Legend) -> Result<Option<Legend>, DataError> {
    let before = ClassOrder::of(recognised, None);
    let Some(mut legend) = pickup::from_masks(&usable_masks(tiles), &before, &mut Vec::new(), root)? else {
        return Ok(None);
    };
    for (index, class) in recognised.classes.iter().enumerate() {
        let same = legend.classes.iter().position(|plain| recognised.was[index].contains(&plain.name));
        if let Some(was) = same.and_then(|place| legend.was.get_mut(place)) {
            was.push(class.name.clone());
        }
    }
    Ok(Some(legend))
}

fn usable_masks(tiles: &[Tile]) -> Vec<&Path> {
    tiles.iter().filter(|tile| tile.fault.is_none()).filter_map(|tile| tile.mask.as_deref()).collect()
}

/// The dataset that the tiles with masks are named like, with the opened folder.
fn named_like(root: &Path, tiles: &[Tile]) -> Option<KnownDataset> {
    let folder = root.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let with_mask = tiles.iter().filter(|tile| tile.mask.is_some());
    let paths: Vec<String> = with_mask.map(|tile| format!("{folder}/{}", tile.file)).collect();
    KnownDataset::named_like(paths.iter().map(String::as_str))
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
