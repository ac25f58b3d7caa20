//! Tiles as a layout lists them, before their headers are read; and the reading of the headers.

use std::collections::BTreeMap;

use rayon::prelude::{IntoParallelRefMutIterator, ParallelIterator};

use super::tile::Tile;
use crate::data::mask::faults;
use crate::data::raster::images;

/// What a layout found.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The layout's name.
    pub(crate) layout: String,
    /// Tiles in a stable order, their sizes unknown.
    pub(crate) tiles: Vec<Tile>,
    /// What a user should know.
    pub(crate) notes: Vec<String>,
    /// Pairs are named as DeepGlobe names them.
    pub(crate) named_like_deepglobe: bool,
}

/// Gives tiles that share a short id the ending of their file, or where that is shared too their path: what stands beside
/// a tile never changes which tile is meant, only how short its name can be.
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
    // Names that are no text, or two ways to write one letter.
    for index in shared(tiles) {
        tiles[index].id = format!("{} ({index})", tiles[index].id);
    }
}

/// Tiles whose id is not theirs alone.
fn shared(tiles: &[Tile]) -> Vec<usize> {
    let mut owners: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, tile) in tiles.iter().enumerate() {
        owners.entry(&tile.id).or_default().push(index);
    }
    owners.into_values().filter(|owners| owners.len() > 1).flatten().collect()
}

/// Reads every tile's headers: sizes, and faults that show in them. Notes what else they tell.
pub(crate) fn read_headers(listing: &mut Listing) {
    let notes: Vec<Option<String>> = listing.tiles.par_iter_mut().map(read_header).collect();
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

/// Returns what is to be said of the image.
fn read_header(tile: &mut Tile) -> Option<String> {
    let mut note = None;
    match images::read_header(&tile.image) {
        Ok(header) => {
            (tile.size, tile.stored, tile.orientation) = (header.size, header.stored, header.orientation);
            tile.partial = header.partial;
            note = header.note();
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
    note
}

/// A sentence about tiles that cannot be used, if there are any: how many, and the first one's fault.
pub(crate) fn fault_note(tiles: &[Tile]) -> Option<String> {
    let mut faulty = tiles.iter().filter_map(|tile| tile.fault.as_ref().map(|fault| (&tile.id, fault)));
    let count = faulty.clone().count();
    let (id, fault) = faulty.next()?;
    let tiles = tiles.len();
    Some(format!("{count} of {tiles} tiles cannot be used: the list says why; the first is {id}: {fault}"))
}

/// Makes every tile its own group if grouping by scene would leave nothing to hold back for validation.
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
