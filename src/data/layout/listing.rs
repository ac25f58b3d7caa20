//! The tiles that a layout lists: unique ids, headers and faults.

use std::collections::BTreeMap;
use std::path::Path;

use image::metadata::Orientation;
use rayon::prelude::{IntoParallelRefMutIterator, ParallelIterator};

use super::places::{self, Source};
use super::tile::Tile;
use super::unplaced;
use crate::data::mask::faults;
use crate::data::raster::georeference::Georeference;
use crate::data::raster::header::Header;
use crate::data::raster::images;
use crate::data::raster::world_file::{WorldFile, WorldFiles};

/// The result of recognising a layout.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Name of the layout, to show.
    pub(crate) layout: String,
    /// Tiles in a stable order. Sizes are unknown until headers are read.
    pub(crate) tiles: Vec<Tile>,
    /// Notes for the user.
    pub(crate) notes: Vec<String>,
    /// Decisions that need no attention.
    pub(crate) remarks: Vec<String>,
    /// All images are named like DeepGlobe's.
    pub(crate) named_like_deepglobe: bool,
}

/// Makes ids unique: tiles that share a short id get the file extension appended or, if that is shared too, their path as
/// id. Other files never change which tile is meant, only how short its id can be.
pub(crate) fn unique_ids(tiles: &mut [Tile]) {
    let with_ending = |tile: &Tile| {
        let ending = tile.file.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
        format!("{}.{ending}", tile.short_id)
    };
    tiles.iter_mut().for_each(|tile| tile.id.clone_from(&tile.short_id));
    for longer in [&with_ending, &|tile: &Tile| tile.file.clone()] as [&dyn Fn(&Tile) -> String; 2] {
        for index in shared(tiles) {
            tiles[index].id = longer(&tiles[index]);
        }
    }
    // Paths that are not UTF-8, or that differ only in Unicode form.
    for index in shared(tiles) {
        tiles[index].id = format!("{} ({index})", tiles[index].id);
    }
}

/// Indices of tiles that share an id.
fn shared(tiles: &[Tile]) -> Vec<usize> {
    let mut owners: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, tile) in tiles.iter().enumerate() {
        owners.entry(&tile.id).or_default().push(index);
    }
    owners.into_values().filter(|owners| owners.len() > 1).flatten().collect()
}

/// Where a tile lies on a map, and what says so.
type Located = Option<(Georeference, Source)>;

/// Reads the headers of all tiles: sizes, faults, places on a map, and notes about what is not used.
pub(crate) fn read_headers(listing: &mut Listing) {
    let world_files = WorldFiles::beside(listing.tiles.iter().map(|tile| tile.image.as_path()));
    let read = |tile: &mut Tile| {
        let world_file = world_files.of(&tile.image);
        read_header(tile, world_file)
    };
    let (notes, mut located): (Vec<Option<String>>, Vec<Located>) = listing.tiles.par_iter_mut().map(read).unzip();
    listing.notes.extend(unplaced::take_away(&listing.tiles, &mut located));
    listing.remarks.extend(places::assign(&mut listing.tiles, &located));
    ungroup_if_single(&mut listing.tiles);
    let mut alike: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (tile, note) in listing.tiles.iter().zip(&notes) {
        if let Some(note) = note {
            alike.entry(note).or_default().push(&tile.id);
        }
    }
    let sentences = alike.iter().map(|(note, ids)| match ids.len() {
        1 => format!("tile {} has {note}", ids[0]),
        count => format!("{count} tiles have {note}; the first is {}", ids[0]),
    });
    listing.notes.extend(sentences);
}

/// Reads the headers of a tile. Returns a note about the image, and where it lies on a map.
fn read_header(tile: &mut Tile, world_file: Option<&Path>) -> (Option<String>, Located) {
    let (mut note, mut located) = (None, None);
    match images::read_header(&tile.image) {
        Ok(header) => {
            (tile.size, tile.stored, tile.orientation) = (header.size, header.stored, header.orientation);
            tile.partial = header.partial;
            (note, located) = told(&header, world_file);
        }
        Err(error) => {
            tile.fault.get_or_insert_with(|| error.to_string());
        }
    }
    if let (None, Some(path)) = (&tile.fault, tile.mask.as_deref()) {
        tile.fault = match images::read_header(path) {
            Ok(header) if header.size == tile.size => None,
            Ok(header) => Some(format!("{}: {}", faults::wrong_size(header.size, tile.size), path.display())),
            Err(error) => Some(error.to_string()),
        };
    }
    (note, located.filter(|_| tile.fault.is_none()))
}

/// What a header and a world file say: a note about what is not used, and where the image lies. A file's own tags take precedence.
fn told(header: &Header, world_file: Option<&Path>) -> (Option<String>, Located) {
    if let Some(georeference) = header.georeference {
        return (header.note(), Some((georeference, Source::Tags)));
    }
    let world = world_file.filter(|_| header.orientation == Orientation::NoTransforms).map(WorldFile::read);
    let notes = header.note().into_iter().chain(world.and_then(WorldFile::note).map(str::to_owned));
    let note = notes.reduce(|all, next| format!("{all}; {next}"));
    match world {
        Some(WorldFile::Upright(georeference)) => (note, Some((georeference, Source::WorldFile))),
        _ => (note, None),
    }
}

/// A note about unusable tiles, if there are any: how many, and the fault of the first.
pub(crate) fn fault_note(tiles: &[Tile]) -> Option<String> {
    let mut faulty = tiles.iter().filter_map(|tile| tile.fault.as_ref().map(|fault| (&tile.id, fault)));
    let count = faulty.clone().count();
    let (id, fault) = faulty.next()?;
    let tiles = tiles.len();
    Some(format!("{count} of {tiles} tiles cannot be used; the first is {id}: {fault}"))
}

/// Makes every tile its own group if all are in one group, which would leave nothing to validate on.
pub(crate) fn ungroup_if_single(tiles: &mut [Tile]) {
    let mut sizes = BTreeMap::new();
    for tile in tiles.iter() {
        *sizes.entry(tile.group.as_str()).or_insert(0_usize) += 1;
    }
    if sizes.len() == 1 {
        for tile in tiles {
            tile.group.clone_from(&tile.short_id);
        }
    }
}
