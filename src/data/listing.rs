//! Tiles as a layout lists them, before their headers are read; and the reading of the headers.

use std::collections::{BTreeMap, HashSet};

use rayon::prelude::{IntoParallelRefMutIterator, ParallelIterator};

use super::{Tile, images, masks};

/// What a layout found.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The layout's name.
    pub(super) layout: String,
    /// Tiles in a stable order, their sizes unknown.
    pub(super) tiles: Vec<Tile>,
    /// What a user should know.
    pub(super) notes: Vec<String>,
    /// Pairs are named as DeepGlobe names them.
    pub(super) named_like_deepglobe: bool,
}

/// Gives tiles with equal ids the ending of their file, or a number.
pub(super) fn unique_ids(tiles: &mut [Tile]) {
    let mut taken = HashSet::new();
    for tile in tiles {
        let ending = tile.image.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
        let base = tile.id.clone();
        let mut number = 1;
        while !taken.insert(tile.id.clone()) {
            tile.id = if number == 1 { format!("{base}.{ending}") } else { format!("{base}.{ending}.{number}") };
            number += 1;
        }
    }
}

/// Reads every tile's headers: sizes, and faults that show in them. Notes what else they tell. Returns whether all masks
/// hold gray values.
pub(super) fn read_headers(listing: &mut Listing) -> bool {
    let read: Vec<HeadersRead> = listing.tiles.par_iter_mut().map(read_header).collect();
    let mut kinds = read.iter().filter_map(|read| read.gray_mask).peekable();
    let gray = kinds.peek().is_some() && kinds.all(|gray| gray);
    let mut alike: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (tile, read) in listing.tiles.iter().zip(&read) {
        if let Some(note) = &read.bands_note {
            alike.entry(note).or_default().push(&tile.id);
        }
    }
    let sentences = alike.iter().map(|(note, ids)| match ids.len() {
        1 => format!("tile {} has {note}", ids[0]),
        count => format!("{count} tiles have {note}; the first is {}", ids[0]),
    });
    listing.notes.extend(sentences);
    gray
}

/// What a tile's headers tell beside sizes and faults.
#[derive(Default)]
struct HeadersRead {
    /// Whether its mask is gray, if it has a usable one.
    gray_mask: Option<bool>,
    /// What is to be said of its bands.
    bands_note: Option<String>,
}

fn read_header(tile: &mut Tile) -> HeadersRead {
    let mut read = HeadersRead::default();
    match images::read_header(&tile.image) {
        Ok(header) => {
            tile.size = header.size;
            read.bands_note = header.bands_note();
        }
        Err(error) => {
            tile.fault.get_or_insert_with(|| error.to_string());
        }
    }
    if let (None, Some(path)) = (&tile.fault, tile.mask.as_deref()) {
        match images::read_header(path) {
            Ok(header) if header.size == tile.size => read.gray_mask = Some(header.gray),
            Ok(header) => {
                tile.fault = Some(format!("{}: {}", masks::wrong_size(header.size, tile.size), path.display()));
            }
            Err(error) => tile.fault = Some(error.to_string()),
        }
    }
    read
}

/// A sentence about tiles that cannot be used, if there are any: how many, and the first one's fault.
pub(super) fn fault_note(tiles: &[Tile]) -> Option<String> {
    let mut faulty = tiles.iter().filter_map(|tile| tile.fault.as_ref().map(|fault| (&tile.id, fault)));
    let count = faulty.clone().count();
    let (id, fault) = faulty.next()?;
    let tiles = tiles.len();
    Some(format!("{count} of {tiles} tiles cannot be used: the list says why; the first is {id}: {fault}"))
}

/// Makes every tile its own group if grouping by scene would leave nothing to hold back for validation.
pub(super) fn ungroup_if_single(tiles: &mut [Tile]) {
    let mut sizes = BTreeMap::new();
    for tile in tiles.iter() {
        *sizes.entry(tile.group.as_str()).or_insert(0_usize) += 1;
    }
    if sizes.len() == 1 {
        for tile in tiles {
            tile.group.clone_from(&tile.id);
        }
    }
}
