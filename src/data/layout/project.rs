//! A project: a folder of tiles, with or without masks, and the classes they are labelled with.

use std::path::{Path, PathBuf};

use image::RgbImage;
use image::metadata::Orientation;

use super::listing::{self, Listing};
use super::{deepglobe, folders, naming, scan};
use crate::data::DataError;
use crate::data::classes::class_edits::ClassEdits;
use crate::data::classes::classes_file;
use crate::data::classes::legend::Legend;
use crate::data::mask::mask_read::MaskRead;
use crate::data::mask::masks::MaskCoding;
use crate::data::mask::picked_up::PickedUp;
use crate::data::mask::pickup::{self, Resemblance};
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
    pub(crate) coding: MaskCoding,
    /// The classes come from the masks themselves.
    picked_up: bool,
    /// One image was opened by itself.
    single: bool,
}

/// What an id of another time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileNamed {
    /// The tile with this index.
    One(usize),
    /// Several tiles go by it: which one was meant cannot be told.
    Several,
    /// No tile.
    None,
}

/// One image of a project.
///
/// A tile is its file: [`Tile::file`] means the same tile whatever else lies in the folder. [`Tile::id`] is how it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Unique in the project as it is now: the short id, with the file's ending where another tile shares that.
    pub id: String,
    /// The path from the root, with ending, folders divided by `/`, in Unicode's composed form.
    pub file: String,
    /// The path without ending and without the folder that says "images", or the id in the dataset's table. What is sampled
    /// depends on it; tiles of one picture in two formats share it.
    pub short_id: String,
    /// Tiles of one group touch each other and are never split between training and validation.
    pub group: String,
    /// The part it plays according to the dataset.
    pub split: Split,
    /// The image file.
    pub image: PathBuf,
    /// The full mask, if there is one.
    pub mask: Option<PathBuf>,
    /// Width and height as the image is seen, from its header.
    pub size: [u32; 2],
    /// Why it cannot be used, if so.
    pub fault: Option<String>,
    /// Width and height as stored.
    pub(crate) stored: [u32; 2],
    /// How the stored image is turned to be seen.
    pub(crate) orientation: Orientation,
    /// Some of its pixels may not exist.
    pub(crate) partial: bool,
}

impl Tile {
    /// A tile that trains, alone in its group, its header not read yet.
    pub(crate) fn new(short_id: String, file: String, image: PathBuf) -> Self {
        Self {
            id: short_id.clone(),
            file,
            group: short_id.clone(),
            short_id,
            split: Split::Train,
            image,
            mask: None,
            size: [0, 0],
            fault: None,
            stored: [0, 0],
            orientation: Orientation::NoTransforms,
            partial: false,
        }
    }
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
        let single = root.is_file();
        let (root, mut listing) = list(root)?;
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
            coding: coding(&legend, &listing.tiles, picked_up),
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
    pub fn tile_named(&self, id: &str, file: Option<&str>) -> TileNamed {
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
            (None, _) => TileNamed::None,
            (Some(index), None) => TileNamed::One(index),
            (Some(_), Some(_)) => TileNamed::Several,
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
                        let (run, here) = (classes_file::hex(class.color), classes_file::hex(shown));
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
        let coding = self.coding.remapped(|index| map.get(usize::from(index)).copied().unwrap_or(UNLABELLED));
        Ok(Self { classes: classes.clone(), coding, ..self.clone() })
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
        if self.picked_up { PickedUp::write(&self.root, &self.legend) } else { Ok(()) }
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
    pub fn read_mask(&self, tile: &Tile) -> Result<Option<MaskRead>, DataError> {
        usable(tile)?;
        tile.mask.as_deref().map(|path| self.coding.read(path, tile.size, None)).transpose()
    }

    /// Decodes a tile's full mask without the labels of pixels that do not exist in its image.
    pub fn read_existing_mask(&self, tile: &Tile) -> Result<Option<MaskRead>, DataError> {
        usable(tile)?;
        let Some(path) = tile.mask.as_deref() else { return Ok(None) };
        self.coding.read(path, tile.size, self.valid_pixels(tile)?.as_ref()).map(Some)
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
        self.coding = coding(&legend, &self.tiles, false);
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

/// An image to segment, found in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFile {
    /// The file.
    pub path: PathBuf,
    /// What its results are named by: the path from the folder without ending and without the folder that says "images".
    pub name: String,
}

/// The images of a folder as opening it would list them, without masks, hidden files and results written earlier; and what
/// was noticed.
///
/// # Errors
/// If the folder cannot be read or holds no image.
pub fn list_images(root: &Path) -> Result<(Vec<ImageFile>, Vec<String>), DataError> {
    let (_, listing) = list(root)?;
    let images = listing.tiles.into_iter().map(|tile| {
        let bare = tile.file.rsplit_once('.').map_or(tile.file.as_str(), |(bare, _)| bare);
        ImageFile { name: naming::without_role(bare), path: tile.image }
    });
    Ok((images.collect(), listing.notes))
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

/// How masks are read, with some of them to ask where one alone leaves it open. Classes that were picked up by colour have no
/// values: their places mean nothing in a mask of values.
fn coding(legend: &Legend, tiles: &[Tile], picked_up: bool) -> MaskCoding {
    /// The first that leaves no doubt answers.
    const ASKED: usize = 32;
    let masks: Vec<&PathBuf> = tiles.iter().filter_map(|tile| tile.mask.as_ref()).collect();
    let asked = masks.len().min(ASKED);
    let others = (0..asked).map(|i| masks[i * masks.len() / asked].clone()).collect();
    let mut coding = MaskCoding { others, ..legend.coding() };
    if picked_up && !coding.listed {
        coding.values.retain(|(_, class)| *class == UNLABELLED);
    }
    coding
}

/// Where the classes come from: a class file (also one folder down), the layout's own, the masks, or two to start with. Tells
/// whether it was the masks.
fn choose_legend(root: &Path, listing: &mut Listing) -> Result<(Legend, bool), DataError> {
    if let Some(legend) = classes_file::find(root, &mut listing.notes)? {
        return Ok((legend, false));
    }
    let listed = root.join(deepglobe::METADATA).is_file();
    if listed || listing.named_like_deepglobe {
        match pickup::resemblance(&listing.tiles) {
            Resemblance::DeepGlobe => {
                let file = classes_file::DEEPGLOBE_FILE;
                listing.notes.push(format!("there is no {file}: DeepGlobe's own classes are used"));
                return Ok((Legend::of(Classes::deepglobe()), false));
            }
            Resemblance::Strangers(colors) if listed => return Err(not_deepglobe(&colors, root)),
            Resemblance::Strangers(_) | Resemblance::Grays => {}
        }
    }
    if let Some(legend) = pickup::pick_up(&listing.tiles, &mut listing.notes, root)? {
        return Ok((legend, true));
    }
    listing.notes.push(format!(
        "no classes are known: two are given to start with, name your own in the window or in {}",
        classes_file::OWN_FILE
    ));
    Ok((pickup::starter(), false))
}

/// A table in DeepGlobe's layout over masks of other classes: which ones cannot be guessed.
fn not_deepglobe(strangers: &[[u8; 3]], root: &Path) -> DataError {
    let colors: Vec<String> = strangers.iter().take(6).map(|color| classes_file::hex(*color)).collect();
    let what = format!(
        "the masks' colours are not DeepGlobe's ({}): name them in {} (name,r,g,b) or {}",
        colors.join(", "),
        classes_file::DEEPGLOBE_FILE,
        classes_file::OWN_FILE
    );
    DataError::content(what, root)
}

fn name_of(root: &Path) -> String {
    let canonical = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let name = canonical.file_name().unwrap_or(canonical.as_os_str());
    name.to_string_lossy().into_owned()
}
