//! A project: a folder of tiles, with or without masks, and the classes they are labelled with.

use std::path::{Path, PathBuf};

use image::RgbImage;

use super::legend::Legend;
use super::listing::{self, Listing};
use super::masks::MaskCoding;
use super::{DataError, classes_file, deepglobe, folders, images, pickup, scan};
use crate::domain::split::Split;
use crate::domain::{Classes, Mask};

/// A folder of tiles.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder.
    pub root: PathBuf,
    /// Its name, to show.
    pub name: String,
    /// What kind of folder it was taken for, in words ("DeepGlobe", "images and masks", …).
    pub layout: String,
    /// The classes of its masks.
    pub classes: Classes,
    /// Its tiles in a stable order. Bad ones are listed with their fault.
    pub tiles: Vec<Tile>,
    /// Whether the dataset itself names validation tiles.
    pub has_val_split: bool,
    /// Everything noticed on opening that a user should know, a sentence each.
    pub notes: Vec<String>,
    pub(super) legend: Legend,
    pub(super) coding: MaskCoding,
}

/// One image of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Unique in the project; UTF-8, made from the path relative to the root.
    pub id: String,
    /// Tiles of one group touch each other and are never split between training and validation.
    pub group: String,
    /// The part it plays according to the dataset.
    pub split: Split,
    /// The image file.
    pub image: PathBuf,
    /// The full mask, if there is one.
    pub mask: Option<PathBuf>,
    /// Width and height from the image's header.
    pub size: [u32; 2],
    /// Why it cannot be used, if so.
    pub fault: Option<String>,
}

/// A mask as read, with the colours or values that belong to no class.
#[derive(Clone, Debug)]
pub struct MaskRead {
    /// Class indices; unmatched pixels are unlabelled.
    pub mask: Mask,
    /// Colours (or gray values, as r = g = b) that match no class, with their pixel counts, most frequent first.
    pub unmatched: Vec<([u8; 3], u64)>,
}

/// A tile that turned out unusable only when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileFault {
    /// Its index in the project.
    pub tile: usize,
    /// What is wrong, with the file.
    pub what: String,
}

impl Project {
    /// Opens a folder: finds tiles and classes, reads headers only. An image file opens as a project of one tile.
    ///
    /// Masks are decoded only if nothing names the classes, to pick them up from there.
    pub fn open(root: &Path) -> Result<Self, DataError> {
        let root = &std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let (root, mut listing) = list(root)?;
        if listing.tiles.is_empty() {
            return Err(DataError::content(
                "no tile is listed: add lines to it or remove it",
                &root.join(deepglobe::METADATA),
            ));
        }
        let gray = listing::read_headers(&mut listing);
        listing.notes.extend(listing::fault_note(&listing.tiles));
        let legend = choose_legend(&root, &mut listing, gray)?;
        let is_val = |tile: &Tile| tile.split == Split::Val && tile.mask.is_some() && tile.fault.is_none();
        Ok(Self {
            name: name_of(&root),
            has_val_split: listing.tiles.iter().any(is_val),
            classes: legend.classes.clone(),
            coding: legend.coding(gray),
            legend,
            root,
            layout: listing.layout,
            tiles: listing.tiles,
            notes: listing.notes,
        })
    }

    /// The tile with this id.
    pub fn tile(&self, id: &str) -> Option<&Tile> {
        self.tiles.iter().find(|tile| tile.id == id)
    }

    /// Decodes a tile's image to 8-bit RGB.
    pub fn read_image(&self, tile: &Tile) -> Result<RgbImage, DataError> {
        usable(tile)?;
        let image = images::decode_rgb(&tile.image)?;
        let [size, was] = [image.dimensions().into(), tile.size];
        if size == was { Ok(image) } else { Err(DataError::content(replaced(tile, size), &tile.image)) }
    }

    /// Decodes a tile's full mask; `None` if it has none.
    pub fn read_mask(&self, tile: &Tile) -> Result<Option<MaskRead>, DataError> {
        usable(tile)?;
        tile.mask.as_deref().map(|path| self.coding.read(path, tile.size)).transpose()
    }

    /// A tile's image, small enough for a square of `side` pixels.
    pub fn thumbnail(&self, tile: &Tile, side: u32) -> Result<RgbImage, DataError> {
        Ok(images::shrink(&self.read_image(tile)?, side))
    }

    /// Changes the classes and writes them to `pointillist.toml`. What is known about mask files is kept: a class is
    /// the same as before if it has the same name or, renamed, the same place; its labels stay with it.
    pub fn save_classes(&mut self, classes: &Classes) -> Result<(), DataError> {
        let gray = matches!(self.coding, MaskCoding::Values { .. });
        let legend = self.legend.with_classes(classes.clone());
        classes_file::write_legend(&self.root, &legend)?;
        self.coding = legend.coding(gray);
        self.classes = classes.clone();
        self.legend = legend;
        Ok(())
    }
}

/// The fault of a file that took the place of another after the project was opened: nothing that is known of the tile fits it.
fn replaced(tile: &Tile, size: [u32; 2]) -> String {
    let [[now_wide, now_high], [wide, high]] = [size, tile.size];
    format!(
        "tile {}: the image is {now_wide}×{now_high} pixels and was {wide}×{high} when the folder was opened: open the folder again",
        tile.id
    )
}

fn usable(tile: &Tile) -> Result<(), DataError> {
    match &tile.fault {
        Some(fault) => Err(DataError::Known(format!("tile {} cannot be used: {fault}", tile.id))),
        None => Ok(()),
    }
}

/// The project's folder and what its layout lists.
fn list(root: &Path) -> Result<(PathBuf, Listing), DataError> {
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

/// Where the classes come from: a class file (also one folder down), the layout's own, the masks, or two to start with.
fn choose_legend(root: &Path, listing: &mut Listing, gray: bool) -> Result<Legend, DataError> {
    if let Some(legend) = classes_file::find(root, &mut listing.notes)? {
        return Ok(legend);
    }
    let listed = root.join(deepglobe::METADATA).is_file();
    if (listed || listing.named_like_deepglobe) && !gray {
        listing.notes.push(format!("there is no {}: DeepGlobe's own classes are used", classes_file::DEEPGLOBE_FILE));
        return Ok(Legend::of(Classes::deepglobe()));
    }
    if let Some(legend) = pickup::pick_up(&listing.tiles, gray, &mut listing.notes, root)? {
        return Ok(legend);
    }
    listing.notes.push(format!(
        "no classes are known: two are given to start with, name your own in the window or in {}",
        classes_file::OWN_FILE
    ));
    Ok(pickup::starter())
}

fn name_of(root: &Path) -> String {
    let canonical = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let name = canonical.file_name().unwrap_or(canonical.as_os_str());
    name.to_string_lossy().into_owned()
}
