//! Any tree of folders with images, their masks in sibling folders or beside them.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::listing::{Listing, ungroup_if_single, unique_ids};
use super::naming::{self, Role};
use super::scan::{Found, Scan};
use super::{DataError, Tile};
use crate::domain::split::Split;

/// A found file with what its path says.
struct Named {
    found: Found,
    /// Folders without the one that says "images" or "masks".
    place: Vec<String>,
    /// The stem without what the other half of a pair does not share.
    stem: String,
    mask: bool,
}

impl Named {
    fn id(&self) -> String {
        self.place.iter().map(String::as_str).chain([self.stem.as_str()]).collect::<Vec<_>>().join("/")
    }

    /// What an image and its mask have in common.
    fn key(&self) -> String {
        self.id().to_lowercase()
    }
}

/// Tiles of a folder tree.
pub(super) fn list(root: &Path) -> Result<Listing, DataError> {
    let scan = Scan::new(root)?;
    let mut listing = Listing { notes: scan.notes().collect(), ..Listing::default() };
    let (masks, images): (Vec<Named>, Vec<Named>) = name_all(scan.images).into_iter().partition(|named| named.mask);
    if images.is_empty() {
        return Err(DataError::content(nothing_found(masks.len(), &listing.notes), root));
    }
    let mut pairs = Pairs::new(&masks);
    let like_deepglobe = |named: &Named| named.found.stem.to_lowercase().ends_with("_sat");
    listing.named_like_deepglobe = images.iter().all(like_deepglobe);
    let splits = read_split_lists(root);
    listing.tiles = images.iter().map(|image| tile(image, pairs.take(image), &splits)).collect();
    listing.layout = match (listing.named_like_deepglobe, listing.tiles.iter().any(|tile| tile.mask.is_some())) {
        (true, _) => "DeepGlobe without metadata.csv",
        (false, true) => "images and masks",
        (false, false) => "images",
    }
    .to_owned();
    let orphans = pairs.left();
    if let Some(first) = orphans.first() {
        let (count, first) = (orphans.len(), first.display());
        listing
            .notes
            .push(format!("{count} masks have no image of the same name and are left out; the first is {first}"));
    }
    unique_ids(&mut listing.tiles);
    ungroup_if_single(&mut listing.tiles);
    only_test_is_train(&mut listing);
    Ok(listing)
}

/// The one tile of a single image file.
pub(super) fn single(file: &Path) -> Listing {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let found = Found { path: file.to_owned(), folders: Vec::new(), utf8: file.to_str().is_some(), stem };
    let siblings = file.parent().and_then(|folder| std::fs::read_dir(folder).ok());
    let wanted = naming::strip_image_suffix(&found.stem).to_lowercase();
    let mask = siblings.into_iter().flatten().flatten().map(|entry| entry.path()).find(|path| {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        super::scan::is_image(path)
            && naming::strip_mask_suffix(&stem).is_some_and(|bare| bare.to_lowercase() == wanted)
    });
    let stem = naming::strip_image_suffix(&found.stem).to_owned();
    let named = Named { found, place: Vec::new(), stem, mask: false };
    let mut tile = tile(&named, mask, &HashMap::new());
    tile.group.clone_from(&tile.id);
    Listing { layout: "a single image".to_owned(), tiles: vec![tile], ..Listing::default() }
}

fn nothing_found(masks: usize, notes: &[String]) -> String {
    let mut text = "no images found: choose a folder that holds .jpg, .png, .tif or .bmp files".to_owned();
    if masks > 0 {
        text = format!("{masks} masks but no images found: choose the folder that holds both");
    }
    for note in notes {
        text = format!("{text}; {note}");
    }
    text
}

/// Tells images from masks. An ending such as `_m` makes a mask only if the image is there too.
fn name_all(found: Vec<Found>) -> Vec<Named> {
    let stems: HashSet<String> =
        found.iter().map(|found| naming::strip_image_suffix(&found.stem).to_lowercase()).collect();
    found.into_iter().map(|found| name(found, &stems)).collect()
}

fn name(found: Found, stems: &HashSet<String>) -> Named {
    let role = found.folders.iter().rposition(|folder| naming::folder_role(folder).is_some());
    let mut place = found.folders.clone();
    let role = role.and_then(|i| naming::folder_role(&place.remove(i)));
    let bare = naming::strip_mask_suffix(&found.stem);
    let certain = ["_mask", "_label"].iter().any(|end| found.stem.to_lowercase().contains(end));
    let suffixed = bare.filter(|bare| certain || stems.contains(&bare.to_lowercase()));
    let (mask, stem) = match role {
        Some(Role::Mask) => (true, bare.unwrap_or_else(|| naming::strip_image_suffix(&found.stem))),
        Some(Role::Image) if !found.stem.to_lowercase().ends_with("_mask") => {
            (false, naming::strip_image_suffix(&found.stem))
        }
        _ => (suffixed.is_some(), suffixed.unwrap_or_else(|| naming::strip_image_suffix(&found.stem))),
    };
    let stem = stem.to_owned();
    Named { found, place, stem, mask }
}

/// Masks waiting for their images: by place and stem, else by a stem that only one mask has.
struct Pairs<'a> {
    masks: &'a [Named],
    by_key: HashMap<String, usize>,
    by_stem: HashMap<String, Vec<usize>>,
    used: HashSet<usize>,
}

impl<'a> Pairs<'a> {
    fn new(masks: &'a [Named]) -> Self {
        let mut by_stem: HashMap<String, Vec<usize>> = HashMap::new();
        for (i, mask) in masks.iter().enumerate() {
            by_stem.entry(mask.stem.to_lowercase()).or_default().push(i);
        }
        let by_key = masks.iter().enumerate().rev().map(|(i, mask)| (mask.key(), i)).collect();
        Self { masks, by_key, by_stem, used: HashSet::new() }
    }

    fn take(&mut self, image: &Named) -> Option<PathBuf> {
        let alone = || match self.by_stem.get(&image.stem.to_lowercase())?.as_slice() {
            // Elsewhere in the tree, but with an ending that says what it is a mask of.
            [only] if naming::strip_mask_suffix(&self.masks[*only].found.stem).is_some() => Some(*only),
            _ => None,
        };
        let index = self.by_key.get(&image.key()).copied().or_else(alone)?;
        self.used.insert(index);
        Some(self.masks[index].found.path.clone())
    }

    fn left(&self) -> Vec<&Path> {
        let unused = self.masks.iter().enumerate().filter(|(i, _)| !self.used.contains(i));
        unused.map(|(_, mask)| mask.found.path.as_path()).collect()
    }
}

fn tile(named: &Named, mask: Option<PathBuf>, splits: &HashMap<String, Split>) -> Tile {
    let is_split = |folder: &&String| naming::split_named(folder).is_some();
    let scene_folder: Vec<&str> = named.place.iter().filter(|folder| !is_split(folder)).map(String::as_str).collect();
    let id = named.id();
    let from_folder = || named.found.folders.iter().rev().find_map(|folder| naming::split_named(folder));
    let split = splits.get(&named.stem).copied().or_else(from_folder).unwrap_or(Split::Train);
    let fault = (!named.found.utf8)
        .then(|| format!("its path holds bytes that are no UTF-8 text: rename it: {}", named.found.path.display()));
    Tile {
        group: naming::scene_of(&scene_folder.join("/"), &named.stem).unwrap_or_else(|| id.clone()),
        id,
        split,
        image: named.found.path.clone(),
        mask,
        size: [0, 0],
        fault,
    }
}

/// LandCover.ai names its splits in `train.txt`, `val.txt` and `test.txt`, a stem a line.
fn read_split_lists(root: &Path) -> HashMap<String, Split> {
    let mut splits = HashMap::new();
    for (name, split) in [("train.txt", Split::Train), ("val.txt", Split::Val), ("test.txt", Split::Test)] {
        let text = std::fs::read_to_string(root.join(name)).unwrap_or_default();
        splits.extend(text.lines().map(|line| (line.trim().to_owned(), split)));
    }
    splits
}

/// A folder of nothing but test tiles was opened to work on: they train.
fn only_test_is_train(listing: &mut Listing) {
    if listing.tiles.iter().all(|tile| tile.split == Split::Test) {
        for tile in &mut listing.tiles {
            tile.split = Split::Train;
        }
        listing.notes.push("all tiles lie in folders named 'test': they are taken for training tiles".to_owned());
    }
}
