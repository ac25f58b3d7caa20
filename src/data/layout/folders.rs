//! Folder trees of images with masks in sibling folders or beside the images.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::listing::{Listing, ungroup_if_single, unique_ids};
use super::naming::{self, Role};
use super::scan::{self, Found, Scan};
use super::split_lists;
use super::tile::{Place, Tile};
use crate::data::DataError;
use crate::domain::split::Split;

/// A found file and what its path tells.
struct Named {
    found: Found,
    /// Folders of its path without the role folder (`images`, `masks`, …).
    place: Vec<String>,
    /// Depth of the role folder.
    role_at: Option<usize>,
    /// The stem without the suffix of its kind, equal for an image and its mask.
    stem: String,
    kind: Kind,
}

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    /// A mask because of its folder.
    InMaskFolder,
    /// A mask because of its suffix.
    WithMaskEnding,
}

impl Named {
    /// Path without the role folder, with the full stem.
    fn exact(&self) -> String {
        self.place.iter().map(String::as_str).chain([self.found.stem.as_str()]).collect::<Vec<_>>().join("/")
    }

    /// Whether it is named like DeepGlobe's images.
    fn is_like_deepglobe(&self) -> bool {
        self.found.stem.to_lowercase().ends_with("_sat")
    }

    /// Path without the role folder, with the common stem: equal for an image and its mask.
    fn id(&self) -> String {
        self.place.iter().map(String::as_str).chain([self.stem.as_str()]).collect::<Vec<_>>().join("/")
    }
}

/// Lists the tiles of a folder tree.
pub(crate) fn list(root: &Path) -> Result<Listing, DataError> {
    list_scan(root, Scan::new(root)?)
}

/// Lists the tiles among the files of a scan.
pub(crate) fn list_scan(root: &Path, scan: Scan) -> Result<Listing, DataError> {
    let mut listing = Listing { notes: scan.notes().collect(), ..Listing::default() };
    let (images, masks): (Vec<Named>, Vec<Named>) =
        name_all(scan.images).into_iter().partition(|named| named.kind == Kind::Image);
    if images.is_empty() {
        return Err(DataError::content(nothing_found(masks.len(), &listing.notes), root));
    }
    let mut pairs = Pairs::new(&masks, &images);
    listing.named_like_deepglobe = images.iter().all(Named::is_like_deepglobe);
    listing.tiles = images.iter().map(|image| tile(image, pairs.take(image))).collect();
    listing.layout = match (listing.named_like_deepglobe, listing.tiles.iter().any(|tile| tile.mask.is_some())) {
        (true, _) => "DeepGlobe without metadata.csv",
        (false, true) => "images and masks",
        (false, false) => "images",
    }
    .to_owned();
    listing.notes.extend(left_over(&pairs.left()));
    unique_ids(&mut listing.tiles);
    ungroup_if_single(&mut listing.tiles);
    only_test_is_train(&mut listing);
    split_lists::apply(root, &mut listing.tiles, &mut listing.notes)?;
    Ok(listing)
}

/// A note about masks without an image, if there are any.
fn left_over(masks: &[&Path]) -> Option<String> {
    let first = masks.first()?.display();
    Some(match masks.len() {
        1 => format!("1 mask has no image and is skipped (see docs/formats.md for the rules): {first}"),
        count => format!(
            "{count} masks have no image and are skipped (see docs/formats.md for the rules); the first is {first}"
        ),
    })
}

/// Lists the one tile of a single image file.
pub(crate) fn single(file: &Path) -> Listing {
    let found = Found::new(file.to_owned(), Vec::new(), file.to_str().is_some());
    let siblings = file.parent().and_then(|folder| std::fs::read_dir(folder).ok());
    let stem = naming::strip_image_suffix(&found.stem).to_owned();
    let mut masks: Vec<PathBuf> = siblings.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    masks.sort();
    let mask = masks.into_iter().find(|path| {
        let found = Found::new(path.clone(), Vec::new(), true);
        scan::is_image(path) && naming::strip_mask_suffix(&found.stem) == Some(&stem)
    });
    let named = Named { found, place: Vec::new(), role_at: None, stem, kind: Kind::Image };
    let tile = tile(&named, mask);
    let tile = Tile { group: tile.id.clone(), ..tile };
    // The classes are those of its folder: the labels are the same.
    let named_like_deepglobe = named.is_like_deepglobe();
    Listing { layout: "a single image".to_owned(), tiles: vec![tile], named_like_deepglobe, ..Listing::default() }
}

fn nothing_found(masks: usize, notes: &[String]) -> String {
    let mut text = "no images found: choose a folder that contains .jpg, .png, .tif or .bmp files".to_owned();
    if masks > 0 {
        text = format!("{masks} masks but no images found: choose the folder that contains both");
    }
    for note in notes {
        text = format!("{text}; {note}");
    }
    text
}

/// Separates images and masks. A suffix such as `_m` makes a mask only if the image lies beside it or in a folder below.
fn name_all(found: Vec<Found>) -> Vec<Named> {
    let mut stems = HashSet::new();
    let mut below_top = HashSet::new();
    for found in &found {
        if let Some((folder, above)) = found.folders.split_last()
            && naming::is_vaihingen_image(folder, &found.stem)
        {
            below_top.insert((above.to_vec(), found.stem.clone()));
        }
        let stem = naming::strip_image_suffix(&found.stem);
        stems.extend((0..=found.folders.len()).map(|depth| (found.folders[..depth].to_vec(), stem.to_owned())));
    }
    let is_above_top = |found: &Found| below_top.contains(&(found.folders.clone(), found.stem.clone()));
    found.into_iter().map(|found| if is_above_top(&found) { above_top(found) } else { name(found, &stems) }).collect()
}

/// A mask of ISPRS Vaihingen: its image has the same name, in the folder `top` below.
fn above_top(found: Found) -> Named {
    let (place, role_at, stem) = (found.folders.clone(), Some(found.folders.len()), found.stem.clone());
    Named { found, place, role_at, stem, kind: Kind::InMaskFolder }
}

fn name(found: Found, stems: &HashSet<(Vec<String>, String)>) -> Named {
    let role_of = |folder: &str| {
        let is_top = naming::is_vaihingen_image(folder, &found.stem);
        naming::folder_role(folder).or(is_top.then_some(Role::Image))
    };
    let role_at = found.folders.iter().rposition(|folder| role_of(folder).is_some());
    let mut place = found.folders.clone();
    let role = role_at.and_then(|i| role_of(&place.remove(i)));
    let bare = naming::strip_mask_suffix(&found.stem);
    let certain = ["_mask", "_label"].iter().any(|end| found.stem.to_lowercase().contains(end));
    let suffixed = bare.filter(|bare| certain || stems.contains(&(found.folders.clone(), (*bare).to_owned())));
    let image_stem = naming::strip_image_suffix(&found.stem);
    let (kind, stem) = match (role, suffixed) {
        (Some(Role::Mask), _) => (Kind::InMaskFolder, bare.unwrap_or(image_stem)),
        // A suffix as short as "_m" does not make a mask of a file in an image folder.
        (Some(Role::Image), bare) if bare.is_none_or(|bare| found.stem.len() - bare.len() < 3) => {
            (Kind::Image, image_stem)
        }
        (_, Some(bare)) => (Kind::WithMaskEnding, bare),
        (_, None) => (Kind::Image, image_stem),
    };
    let stem = stem.to_owned();
    Named { found, place, role_at, stem, kind }
}

/// Pairs masks with images. A mask belongs to the image of the same name in the sibling folder or, with a mask suffix, to an
/// image beside it or in a folder below. A shared name alone makes no pair.
struct Pairs<'a> {
    masks: &'a [Named],
    /// Masks in mask folders by full name.
    by_name: HashMap<String, Vec<usize>>,
    /// Masks in mask folders by common stem, where exactly one image has that stem.
    by_place: HashMap<String, Vec<usize>>,
    by_ending: HashMap<(&'a [String], &'a str), usize>,
    used: HashSet<usize>,
}

impl<'a> Pairs<'a> {
    fn new(masks: &'a [Named], images: &[Named]) -> Self {
        let (by_name, by_place, by_ending) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut pairs = Self { masks, by_name, by_place, by_ending, used: HashSet::new() };
        let names: HashSet<String> = images.iter().map(Named::exact).collect();
        let mut stems: HashMap<String, HashSet<&str>> = HashMap::new();
        for image in images {
            stems.entry(image.id()).or_default().insert(&image.found.stem);
        }
        for (i, mask) in masks.iter().enumerate() {
            if mask.kind == Kind::InMaskFolder {
                pairs.by_name.entry(mask.exact()).or_default().push(i);
                // If several images share the common stem, only the full name makes a pair.
                if !names.contains(&mask.exact()) && stems.get(&mask.id()).is_some_and(|stems| stems.len() == 1) {
                    pairs.by_place.entry(mask.id()).or_default().push(i);
                }
            } else {
                pairs.by_ending.entry((&mask.found.folders, &mask.stem)).or_insert(i);
            }
        }
        pairs
    }

    fn take(&mut self, image: &Named) -> Option<PathBuf> {
        let index = self.in_sibling_folder(image).or_else(|| self.with_ending(image))?;
        self.used.insert(index);
        Some(self.masks[index].found.path.clone())
    }

    /// An image outside any image folder may have its mask in a mask folder at any level above it.
    fn in_sibling_folder(&self, image: &Named) -> Option<usize> {
        let is_sibling = |mask: &&usize| image.role_at.is_none() || self.masks[**mask].role_at == image.role_at;
        let among = |masks: Option<&Vec<usize>>| masks.and_then(|masks| masks.iter().find(is_sibling).copied());
        among(self.by_name.get(&image.exact())).or_else(|| among(self.by_place.get(&image.id())))
    }

    fn with_ending(&self, image: &Named) -> Option<usize> {
        let folders = &image.found.folders;
        let above = (0..=folders.len()).rev().map(|depth| &folders[..depth]);
        above.into_iter().find_map(|folder| self.by_ending.get(&(folder, image.stem.as_str())).copied())
    }

    fn left(&self) -> Vec<&Path> {
        let unused = self.masks.iter().enumerate().filter(|(i, _)| !self.used.contains(i));
        unused.map(|(_, mask)| mask.found.path.as_path()).collect()
    }
}

fn tile(named: &Named, mask: Option<PathBuf>) -> Tile {
    let is_split = |folder: &&String| naming::split_named(folder).is_some();
    let scene_folder: Vec<&str> = named.place.iter().filter(|folder| !is_split(folder)).map(String::as_str).collect();
    let id = named.id();
    let from_folder = named.found.folders.iter().rev().find_map(|folder| naming::split_named(folder));
    let fault =
        (!named.found.utf8).then(|| format!("its path is not valid UTF-8: rename it: {}", named.found.path.display()));
    let scene = naming::scene_of(&scene_folder.join("/"), &named.stem);
    Tile {
        place: scene.clone().zip(naming::rect_of(&named.stem)).map(|(scene, rect)| Place { scene, rect: Some(rect) }),
        group: scene.unwrap_or_else(|| id.clone()),
        split: from_folder.unwrap_or(Split::Train),
        mask,
        fault,
        ..Tile::new(id, named.found.file(), named.found.path.clone())
    }
}

/// If all tiles are test tiles, the user opened them to work on: they become training tiles.
fn only_test_is_train(listing: &mut Listing) {
    if listing.tiles.iter().all(|tile| tile.split == Split::Test) {
        for tile in &mut listing.tiles {
            tile.split = Split::Train;
        }
        listing.notes.push("all tiles lie in folders named 'test': they are used as training tiles".to_owned());
    }
}
