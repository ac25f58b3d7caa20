//! Where tiles lie in their scenes, and what told it: tags of GeoTIFFs, world files, or names.

use std::collections::{BTreeMap, HashMap};

use super::tile::Tile;
use super::{map_places, name_places};
use crate::data::raster::georeference::Georeference;
use crate::domain::count::counted;

/// What says where on a map a tile lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The tags of a GeoTIFF.
    Tags,
    /// A world file beside the image.
    WorldFile,
}

impl Source {
    fn words(self) -> &'static str {
        match self {
            Self::Tags => "the tags of their GeoTIFFs say",
            Self::WorldFile => "their world files say (without a projection: all are taken to be of one)",
        }
    }
}

/// Gives tiles their places, and tells what those of several tiles came from, a sentence each.
pub(super) fn assign(tiles: &mut [Tile], located: &[Option<(Georeference, Source)>]) -> Vec<String> {
    let named = name_places::assign(tiles, |index| located[index].is_some());
    let georeferences: Vec<Option<Georeference>> = located.iter().map(|at| at.map(|(at, _)| at)).collect();
    map_places::assign(tiles, &georeferences);
    let words = |index: usize| named[index].or_else(|| located[index].map(|(_, source)| source.words()));
    remarks(tiles, words)
}

/// What the places of scenes of several tiles came from; `words` tells it of a tile.
fn remarks(tiles: &[Tile], words: impl Fn(usize) -> Option<&'static str>) -> Vec<String> {
    let mut members: HashMap<&str, usize> = HashMap::new();
    tiles.iter().for_each(|tile| *members.entry(tile.scene()).or_default() += 1);
    let mut told: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (index, tile) in tiles.iter().enumerate().filter(|(_, tile)| tile.rect_in_scene().is_some()) {
        if let Some(words) = words(index).filter(|_| members[tile.scene()] > 1) {
            told.entry(words).or_default().push(&tile.id);
        }
    }
    let sentence = |(words, ids): (&str, Vec<&str>)| {
        let tiles = counted(ids.len() as u64, "tile");
        format!("places of {tiles} in their scenes: as {words} (the first is {})", ids[0])
    };
    told.into_iter().map(sentence).collect()
}
