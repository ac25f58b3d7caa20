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
    let had: Vec<bool> = tiles.iter().map(|tile| tile.place.is_some()).collect();
    let named = name_places::assign(tiles, |index| located[index].is_some());
    let georeferences: Vec<Option<Georeference>> = located.iter().map(|at| at.map(|(at, _)| at)).collect();
    map_places::assign(tiles, &georeferences);
    map_places::join_groups(tiles);
    // What the corners in a name told needs no words, whatever a file says besides.
    let source = |index: usize| located[index].filter(|_| !had[index]).map(|(_, source)| source);
    let words = |index: usize| named[index].or_else(|| source(index).map(Source::words));
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

#[cfg(test)]
mod tests {
    use super::super::tile::Place;
    use super::*;
    use crate::domain::geometry::PixelRect;

    #[test]
    fn the_corners_in_a_name_come_before_tags() {
        let tile = |id: &str| Tile { size: [9, 9], ..Tile::new(id.to_owned(), format!("{id}.tif"), "i.tif".into()) };
        let at = |east: f64| Some((Georeference { corner: [east, 0.0], pixel: [1.0; 2], map: 1 }, Source::Tags));
        let located = [at(0.0), at(9.0)];
        let mut tiles = ["s_0_0_9_9", "s_9_0_18_9"].map(tile);
        assert!(assign(&mut tiles.clone(), &located)[0].contains("as the tags of their GeoTIFFs say"));
        for (tile, x) in tiles.iter_mut().zip([0, 9]) {
            let rect = PixelRect { x, y: 0, width: 9, height: 9 };
            tile.place = Some(Place { scene: "s".to_owned(), rect: Some(rect) });
        }
        assert_eq!(assign(&mut tiles, &located), Vec::<String>::new());
    }
}
