//! A project: a folder of tiles, with or without masks, and the classes they are labelled with.

use std::path::{Path, PathBuf};

use image::RgbImage;

use super::class_source::choose_legend;
use super::tile::{Tile, TileMatch};
use super::{deepglobe, detect, listing, naming, scan};
use crate::data::DataError;
use crate::data::classes::class_edits::ClassEdits;
use crate::data::classes::classes_file;
use crate::data::classes::hex::hex;
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
    pub(crate) legend: Legend,
    mask_reader: MaskReader,
    /// The classes come from the masks themselves.
    picked_up: bool,
    /// One image was opened by itself.
    single: bool,
}

impl Project {
    /// Opens a folder: finds tiles and classes, reads headers only. An image file opens as a project of one tile.
    ///
    /// Masks are decoded only if nothing names the classes, to pick them up from there.
    pub fn open(root: &Path) -> Result<Self, DataError> {
        let root = &std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let single = root.is_file();
        let (root, mut listing) = detect::list(root)?;
        if listing.tiles.is_empty() {
            return Err(DataError::content(
                "no tile is listed: add lines to it or remove it",
                &root.join(deepglobe::METADATA),
            ));
        }
        listing::read_headers(&mut listing);
        listing.notes.extend(listing::fault_note(&listing.tiles));
        let (legend, picked_up) = choose_legend(&root, &mut listing)?;
        let is_val = |tile: &Tile| tile.split == Split::Val && tile.mask.is_some() && tile.fault.is_none();
        Ok(Self {
            name: name_of(&root),
            has_val_split: listing.tiles.iter().any(is_val),
            classes: legend.classes.clone(),
            mask_reader: mask_reader(&legend, &listing.tiles, picked_up),
            legend,
            picked_up,
            single,
            root,
            layout: listing.layout,
            tiles: listing.tiles,
            notes: listing.notes,
        })
    }

    /// How many tiles cannot be used, as far as is known now, and the first one's fault; nothing if all can.
    pub fn fault_note(&self) -> Option<String> {
        listing::fault_note(&self.tiles)
    }

    /// The tile with this id.
    pub fn tile(&self, id: &str) -> Option<&Tile> {
        self.tiles.iter().find(|tile| tile.id == id)
    }

    /// The tile that an id of another time means: the one with this file, or where no file was recorded, the one that goes
    /// by this short id.
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

    /// The project as a run with these classes sees it: masks are read as the run's classes, which are found by name. What
    /// belongs to no class of the run is unlabelled.
    ///
    /// # Errors
    /// If the project lacks a class of the run, or, where colours must agree, shows one in another colour.
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
                "the run's classes ({}) are not those of the project ({}): {}. Open the project the run was trained on, or \
                 give this one the same classes in {}",
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

    /// Classes of the project that a run with these classes does not know.
    pub fn unknown_to(&self, classes: &Classes) -> Vec<String> {
        let known = |name: &str| classes.iter().any(|class| class.name == name);
        let names = |index: u8| self.legend.names().filter(move |(_, other)| *other == index).map(|(name, _)| name);
        let is_unknown = |index: &u8| !names(*index).any(known);
        let all = (0..self.legend.classes.len() as u8).filter(is_unknown);
        all.map(|index| self.legend.classes.name(index).to_owned()).collect()
    }

    /// Whether one image was opened by itself, without the rest of its folder.
    pub(crate) fn is_single(&self) -> bool {
        self.single
    }

    /// Whether other images of the folder go by the short id of the only tile.
    pub(crate) fn has_namesakes(&self) -> bool {
        let Some(tile) = self.tiles.first() else { return false };
        let entries = std::fs::read_dir(&self.root).into_iter().flatten().flatten().map(|entry| entry.path());
        let is_namesake = |path: &PathBuf| {
            let stem = path.file_stem().map(|stem| scan::composed(&stem.to_string_lossy())).unwrap_or_default();
            scan::is_image(path) && naming::strip_image_suffix(&stem) == tile.short_id
        };
        entries.filter(is_namesake).count() > 1
    }

    /// The classes in the colours that mask files have for them; as shown, where two share one.
    pub fn classes_in_masks(&self) -> Classes {
        let colored = self.classes.iter().enumerate().map(|(index, class)| {
            let color = self.legend.mask_colors.get(index).copied().unwrap_or(class.color);
            ClassDef { color, ..class.clone() }
        });
        Classes::new(colored.collect()).unwrap_or_else(|_| self.classes.clone())
    }

    /// Keeps the order of classes that were picked up from masks, so that masks added later do not change it.
    ///
    /// # Errors
    /// If the project's folder cannot be written.
    pub fn keep_class_order(&self) -> Result<(), DataError> {
        if self.picked_up { ClassOrder::write(&self.root, &self.legend) } else { Ok(()) }
    }

    /// Decodes a tile's image to 8-bit RGB.
    pub fn read_image(&self, tile: &Tile) -> Result<RgbImage, DataError> {
        self.read_picture(tile).map(|picture| picture.rgb)
    }

    /// Decodes a tile's image, with the pixels that exist.
    pub fn read_picture(&self, tile: &Tile) -> Result<Picture, DataError> {
        usable(tile)?;
        let picture = images::decode(&tile.image)?;
        if picture.size() != tile.size {
            return Err(DataError::content(replaced(tile, picture.size()), &tile.image));
        }
        Ok(picture)
    }

    /// Which pixels of a tile exist; `None` if all do. Decodes only images that may lack some.
    pub fn valid_pixels(&self, tile: &Tile) -> Result<Option<Validity>, DataError> {
        if tile.partial { Ok(self.read_picture(tile)?.valid) } else { Ok(None) }
    }

    /// Decodes a tile's full mask as its file has it; `None` if it has none. Whoever learns from it or scores against it
    /// takes out the pixels that do not exist in the image.
    pub fn read_mask(&self, tile: &Tile) -> Result<Option<DecodedMask>, DataError> {
        usable(tile)?;
        tile.mask.as_deref().map(|path| self.mask_reader.read(path, tile.size, None)).transpose()
    }

    /// Decodes a tile's full mask without the labels of pixels that do not exist in its image.
    pub fn read_existing_mask(&self, tile: &Tile) -> Result<Option<DecodedMask>, DataError> {
        usable(tile)?;
        let Some(path) = tile.mask.as_deref() else { return Ok(None) };
        self.mask_reader.read(path, tile.size, self.valid_pixels(tile)?.as_ref()).map(Some)
    }

    /// A tile's image, small enough for a square of `side` pixels.
    pub fn thumbnail(&self, tile: &Tile, side: u32) -> Result<RgbImage, DataError> {
        Ok(images::shrink(&self.read_image(tile)?, side))
    }

    /// Changes the classes and writes them to `pointillist.toml`. What is known about mask files is kept: a class is
    /// the same as before if it has the same name or, renamed, the same place; its labels stay with it.
    pub fn save_classes(&mut self, classes: &Classes) -> Result<(), DataError> {
        self.edit_classes(&ClassEdits::between(&self.classes, classes.clone()))
    }

    /// Changes the classes and writes them to `pointillist.toml`, where what mask files hold follows its class. Unless the
    /// edits keep all indices, labels must be read anew.
    pub fn edit_classes(&mut self, edits: &ClassEdits) -> Result<(), DataError> {
        let legend = self.legend.edited(edits);
        classes_file::write_legend(&self.root, &legend)?;
        self.mask_reader = mask_reader(&legend, &self.tiles, false);
        self.classes = edits.classes.clone();
        self.legend = legend;
        self.picked_up = false;
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

/// How masks are read, with some of them to ask where one alone leaves it open. Classes that were picked up by colour have no
/// values: their places mean nothing in a mask of values.
fn mask_reader(legend: &Legend, tiles: &[Tile], picked_up: bool) -> MaskReader {
    /// The first that leaves no doubt answers.
    const ASKED: usize = 32;
    let masks: Vec<&PathBuf> = tiles.iter().filter_map(|tile| tile.mask.as_ref()).collect();
    let asked = masks.len().min(ASKED);
    let others = (0..asked).map(|i| masks[i * masks.len() / asked].clone()).collect();
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
