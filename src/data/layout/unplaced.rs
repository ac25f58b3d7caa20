//! World files that say nothing: those that programs write beside every image, whether or not it lies on a map.

use std::collections::BTreeSet;

use super::places::Source;
use super::tile::Tile;
use crate::data::raster::georeference::Georeference;
use crate::domain::count::counted;

/// Takes away the places of several tiles whose world files have the corner of all at the origin. Returns a note about them. Formats of
/// one image may lie there.
pub(super) fn take_away(tiles: &[Tile], located: &mut [Option<(Georeference, Source)>]) -> Option<String> {
    let is_unplaced = |at: &Option<(Georeference, Source)>| {
        at.is_some_and(|(at, source)| source == Source::WorldFile && is_at_origin(&at))
    };
    let unplaced: Vec<usize> = (0..tiles.len()).filter(|index| is_unplaced(&located[*index])).collect();
    let images: BTreeSet<&str> = unplaced.iter().map(|index| tiles[*index].short_id.as_str()).collect();
    if images.len() < 2 {
        return None;
    }
    unplaced.iter().for_each(|index| located[*index] = None);
    let (count, first) = (counted(unplaced.len() as u64, "tile"), &tiles[unplaced[0]].id);
    Some(format!(
        "the world files of {count} all say that they lie at the origin, and are not used; the first is {first}"
    ))
}

/// Whether the corner is at the origin, to a pixel: files count from its centre or from its edge.
fn is_at_origin(at: &Georeference) -> bool {
    at.corner.iter().zip(at.pixel).all(|(corner, pixel)| corner.abs() <= pixel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_files_that_place_all_at_the_origin_are_not_used() {
        let tiles = ["a", "b", "c"].map(|id| Tile::new(id.to_owned(), format!("{id}.png"), "i.png".into()));
        let at = |east: f64, source| Some((Georeference { corner: [east, 0.5], pixel: [1.0; 2], map: 1 }, source));
        let mut located = [at(-0.5, Source::WorldFile), at(-0.5, Source::WorldFile), at(9.0, Source::WorldFile)];
        let note = take_away(&tiles, &mut located).unwrap();
        assert!(note.contains("2 tiles") && note.ends_with("the first is a"), "{note}");
        assert_eq!(located.map(|at| at.is_some()), [false, false, true]);
        let mut tagged = [at(0.0, Source::Tags), at(0.0, Source::Tags), at(0.0, Source::WorldFile)];
        assert_eq!(take_away(&tiles, &mut tagged), None, "one world file, and tags");
        assert!(tagged.iter().all(Option::is_some));
    }
}
