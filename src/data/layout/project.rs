//! A project: a folder of tiles with or without masks, and their classes.

use std::path::{Path, PathBuf};

use image::RgbImage;

use super::class_source::{Chosen, choose_legend};
use super::tile::{Tile, TileMatch};
use super::{deepglobe, detect, listing, naming, scan};
use crate::data::DataError;
use crate::data::classes::class_edits::ClassEdits;
use crate::data::classes::classes_file;
use crate::data::classes::hex::hex;
use crate::data::classes::known::KnownDataset;
use crate::data::classes::legend::Legend;
use crate::data::mask::class_order::ClassOrder;
use crate::data::mask::decoded::DecodedMask;
use crate::data::mask::lookup::MaskReader;
use crate::data::raster::images;
use crate::data::raster::picture::Picture;
use crate::domain::split::Split;
use crate::domain::{ClassDef, Classes, UNLABELLED, Validity};

/// A folder of tiles.
#[derive(Clone, Debug)]
pub struct Project {
    /// Absolute path of the folder.
    pub root: PathBuf,
    /// Name of the folder, to show.
    pub name: String,
    /// The recognised layout in words ("DeepGlobe", "images and masks", …).
    pub layout: String,
    /// The classes in index order.
    pub classes: Classes,
    /// Tiles in a stable order. Unusable ones are listed with their fault.
    pub tiles: Vec<Tile>,
    /// Whether the dataset defines validation tiles.
    pub has_val_split: bool,
    /// Notes for the user from opening the folder, one sentence each.
    pub notes: Vec<String>,
    /// What was decided when the folder was opened and needs no attention, one sentence each.
    pub remarks: Vec<String>,
    /// The dataset that was recognised by names and masks, and whose classes are used until somebody confirms them, chooses others
    /// or writes a class file.
    pub recognised: Option<KnownDataset>,
    pub(crate) legend: Legend,
    mask_reader: MaskReader,
    /// The classes were derived from the masks.
    picked_up: bool,
    /// A single image file was opened.
    single: bool,
}

impl Project {
    /// Opens a folder: finds tiles and classes and reads image headers. An image file opens as a project of one tile.
    ///
    /// Masks are decoded only if no file defines the classes, to derive them.
    pub fn open(root: &Path) -> Result<Self, DataError> {
        let root = &std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let single = root.is_file();
        let (root, mut listing) = detect::list(root)?;
        if listing.tiles.is_empty() {
            return Err(DataError::content(
                "the table lists no tile: add lines or remove the file",
                &root.join(deepglobe::METADATA),
            ));
        }
        listing::read_headers(&mut listing);
        listing.notes.extend(listing::fault_note(&listing.tiles));
        let Chosen { legend, picked_up, recognised } = choose_legend(&root, &mut listing)?;
        let is_val = |tile: &Tile| tile.split == Split::Val && tile.mask.is_some() && tile.fault.is_none();
        Ok(Self {
            name: name_of(&root),
            has_val_split: listing.tiles.iter().any(is_val),
            classes: legend.classes.clone(),
            mask_reader: mask_reader(&legend, &listing.tiles, picked_up),
            legend,
            picked_up,
            recognised,
            single,
            root,
            layout: listing.layout,
            tiles: listing.tiles,
            notes: listing.notes,
            remarks: listing.remarks,
        })
    }

    /// A note about unusable tiles: how many, and the fault of the first; `None` if all are usable.
    pub fn fault_note(&self) -> Option<String> {
        listing::fault_note(&self.tiles)
    }

    /// Notes and remarks, without [`Self::doubt`].
    pub fn told(&self) -> impl Iterator<Item = &str> {
        let doubt = self.doubt();
        let is_told = move |note: &&String| Some(*note) != doubt.as_ref();
        self.notes.iter().chain(&self.remarks).filter(is_told).map(String::as_str)
    }

    /// The tile with this id.
    pub fn tile(&self, id: &str) -> Option<&Tile> {
        self.tiles.iter().find(|tile| tile.id == id)
    }

    /// The tile that an id from an earlier state of the folder refers to: the one with this file or, if no file was recorded,
    /// the one with this short id.
    pub fn tile_named(&self, id: &str, file: Option<&str>) -> TileMatch {
        let id = scan::composed(id);
        let with_ending = |tile: &Tile| {
            let ending = tile.file.rsplit_once('.').map_or("", |(_, ending)| ending);
            id.strip_suffix(ending).and_then(|id| id.strip_suffix('.')) == Some(&tile.short_id)
        };
        let is_meant = |tile: &&Tile| match file {
            Some(file) => tile.file == file,
            None => tile.short_id == id || with_ending(tile),
        };
        let mut meant = (0..self.tiles.len()).filter(|index| is_meant(&&self.tiles[*index]));
        match (meant.next(), meant.next()) {
            (None, _) => TileMatch::None,
            (Some(index), None) => TileMatch::One(index),
            (Some(_), Some(_)) => TileMatch::Several,
        }
    }

    /// The project with the classes of a run, matched by name. Masks are read as the run's classes; pixels of other classes
    /// become unlabelled.
    ///
    /// # Errors
    /// If the project lacks a class of the run or, with `colors_agree`, shows one in another colour.
    pub fn adopt(&self, classes: &Classes, colors_agree: bool) -> Result<Self, DataError> {
        let mut map = vec![UNLABELLED; self.legend.classes.len()];
        let mut differ = Vec::new();
        for (index, class) in classes.iter().enumerate() {
            match self.legend.names().find(|(name, _)| *name == class.name) {
                None => differ.push(format!("'{}' is missing", class.name)),
                Some((_, own)) => {
                    let shown = self.legend.classes.as_slice()[usize::from(own)].color;
                    if colors_agree && shown != class.color {
                        let (run, here) = (hex(class.color), hex(shown));
                        differ.push(format!("'{}' is {run} in the run and {here} here", class.name));
                    }
                    if map[usize::from(own)] != UNLABELLED {
                        let other = classes.name(map[usize::from(own)]);
                        differ.push(format!("'{other}' and '{}' are one class here", class.name));
                    }
                    map[usize::from(own)] = index as u8;
                }
            }
        }
        if !differ.is_empty() {
            let names =
                |classes: &Classes| classes.iter().map(|class| class.name.clone()).collect::<Vec<_>>().join(", ");
            let what = format!(
                "the classes of the run ({}) differ from those of the project ({}): {}. Open the project that the run was \
                 trained on, or define the same classes in {}",
                names(classes),
                names(&self.classes),
                differ.join(", "),
                classes_file::OWN_FILE
            );
            return Err(DataError::content(what, &self.root));
        }
        let mask_reader = self.mask_reader.remapped(|index| map.get(usize::from(index)).copied().unwrap_or(UNLABELLED));
        Ok(Self { classes: classes.clone(), mask_reader, ..self.clone() })
    }

    /// Names of project classes that a run with these classes does not have.
    pub fn unknown_to(&self, classes: &Classes) -> Vec<String> {
        let known = |name: &str| classes.iter().any(|class| class.name == name);
        let names = |index: u8| self.legend.names().filter(move |(_, other)| *other == index).map(|(name, _)| name);
        let is_unknown = |index: &u8| !names(*index).any(known);
        let all = (0..self.legend.classes.len() as u8).filter(is_unknown);
        all.map(|index| self.legend.classes.name(index).to_owned()).collect()
    }

    /// Whether a single image was opened without the rest of its folder.
    pub(crate) fn is_single(&self) -> bool {
        self.single
    }

    /// Whether other images of the folder share the short id of the only tile.
    pub(crate) fn has_namesakes(&self) -> bool {
        let Some(tile) = self.tiles.first() else { return false };
        let entries = std::fs::read_dir(&self.root).into_iter().flatten().flatten().map(|entry| entry.path());
        let is_namesake = |path: &PathBuf| {
            let stem = path.file_stem().map(|stem| scan::composed(&stem.to_string_lossy())).unwrap_or_default();
            scan::is_image(path) && naming::strip_image_suffix(&stem) == tile.short_id
        };
        entries.filter(is_namesake).count() > 1
    }

    /// The classes in their mask colours; in their shown colours if two mask colours are equal.
    pub fn classes_in_masks(&self) -> Classes {
        let colored = self.classes.iter().enumerate().map(|(index, class)| {
            let color = self.legend.mask_colors.get(index).copied().unwrap_or(class.color);
            ClassDef { color, ..class.clone() }
        });
        Classes::new(colored.collect()).unwrap_or_else(|_| self.classes.clone())
    }

    /// Stores the order of classes that were derived from masks, or which dataset was recognised, so that masks added later do not
    /// change it.
    ///
    /// # Errors
    /// If the project's folder cannot be written.
    pub fn keep_class_order(&self) -> Result<(), DataError> {
        let from_masks = self.picked_up || self.recognised.is_some();
        if from_masks { ClassOrder::of(&self.legend, self.recognised).write(&self.root) } else { Ok(()) }
    }

    /// Decodes a tile's image to 8-bit RGB.
    pub fn read_image(&self, tile: &Tile) -> Result<RgbImage, DataError> {
        self.read_picture(tile).map(|picture| picture.rgb)
    }

    /// Decodes a tile's image with its validity.
    pub fn read_picture(&self, tile: &Tile) -> Result<Picture, DataError> {
        usable(tile)?;
        let picture = images::decode(&tile.image)?;
        if picture.size() != tile.size {
            return Err(DataError::content(replaced(tile, picture.size()), &tile.image));
        }
        Ok(picture)
    }

    /// Which pixels of a tile exist; `None` if all do. Decodes only images that may have missing pixels.
    pub fn valid_pixels(&self, tile: &Tile) -> Result<Option<Validity>, DataError> {
        if tile.partial { Ok(self.read_picture(tile)?.valid) } else { Ok(None) }
    }

    /// Decodes a tile's mask; `None` if it has none. Labels of pixels that are missing in the image are included: training and
    /// scoring remove them.
    pub fn read_mask(&self, tile: &Tile) -> Result<Option<DecodedMask>, DataError> {
        usable(tile)?;
        tile.mask.as_deref().map(|path| self.mask_reader.read(path, tile.size, None)).transpose()
    }

    /// Decodes a tile's mask without the labels of pixels that are missing in its image.
    pub fn read_existing_mask(&self, tile: &Tile) -> Result<Option<DecodedMask>, DataError> {
        usable(tile)?;
        let Some(path) = tile.mask.as_deref() else { return Ok(None) };
        self.mask_reader.read(path, tile.size, self.valid_pixels(tile)?.as_ref()).map(Some)
    }

    /// A tile's image scaled down to fit a square of `side` pixels.
    pub fn thumbnail(&self, tile: &Tile, side: u32) -> Result<RgbImage, DataError> {
        Ok(images::shrink(&self.read_image(tile)?, side))
    }

    /// Changes the classes and writes them to `pointillist.toml`. The mask coding is kept: a class is matched by name or, if
    /// renamed, by index, and its labels stay with it.
    pub fn save_classes(&mut self, classes: &Classes) -> Result<(), DataError> {
        self.edit_classes(&ClassEdits::between(&self.classes, classes.clone()))
    }

    /// Changes the classes and writes them to `pointillist.toml`; the mask coding follows. Labels must be reloaded unless the
    /// edits keep all indices.
    pub fn edit_classes(&mut self, edits: &ClassEdits) -> Result<(), DataError> {
        let legend = self.legend.edited(edits);
        classes_file::write_legend(&self.root, &legend)?;
        self.mask_reader = mask_reader(&legend, &self.tiles, false);
        self.classes = edits.classes.clone();
        self.legend = legend;
        (self.picked_up, self.recognised) = (false, None);
        Ok(())
    }
}

/// The image file was replaced after the project was opened, so the tile's size no longer matches.
fn replaced(tile: &Tile, size: [u32; 2]) -> String {
    let [[now_wide, now_high], [wide, high]] = [size, tile.size];
    format!(
        "tile {}: the image has {now_wide}×{now_high} pixels but had {wide}×{high} when the folder was opened: open the folder again",
        tile.id
    )
}

fn usable(tile: &Tile) -> Result<(), DataError> {
    match &tile.fault {
        Some(fault) => Err(DataError::Known(format!("tile {} cannot be used: {fault}", tile.id))),
        None => Ok(()),
    }
}

/// The mask reader, with a sample of the masks to consult for ambiguous files. Classes that were derived by colour have no
/// values: their indices mean nothing in a mask of values.
fn mask_reader(legend: &Legend, tiles: &[Tile], picked_up: bool) -> MaskReader {
    /// Maximum number of masks to consult; the first unambiguous one decides.
    const MAX_OTHERS: usize = 32;
    let masks: Vec<&PathBuf> = tiles.iter().filter_map(|tile| tile.mask.as_ref()).collect();
    let count = masks.len().min(MAX_OTHERS);
    let others = (0..count).map(|i| masks[i * masks.len() / count].clone()).collect();
    let mut reader = MaskReader { others, ..MaskReader::of(legend) };
    if picked_up && !reader.listed {
        reader.values.retain(|(_, class)| *class == UNLABELLED);
    }
    reader
}

fn name_of(root: &Path) -> String {
    let canonical = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let name = canonical.file_name().unwrap_or(canonical.as_os_str());
    name.to_string_lossy().into_owned()
}
