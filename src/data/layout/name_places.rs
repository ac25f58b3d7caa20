//! The places in their scene that names of tiles tell by row and column, or by their first pixel.

use std::collections::BTreeMap;

use super::grid::{self, Unit};
use super::naming::{self, Cell, Letters};
use super::tile::{Place, Tile};
use crate::domain::geometry::PixelRect;

/// Tiles of a scene: index, and letters and numbers of the name.
type Members = Vec<(usize, Letters, [u32; 2])>;

/// Gives tiles the place that their names tell, where the names of all tiles of a scene do, in one way. `is_located` tells whether the
/// files of a tile say where it lies: of such scenes names are not asked. Returns how each name was read, in words.
pub(super) fn assign(tiles: &mut [Tile], is_located: impl Fn(usize) -> bool) -> Vec<Option<&'static str>> {
    let mut scenes: BTreeMap<String, Members> = BTreeMap::new();
    for (index, tile) in tiles.iter().enumerate().filter(|(_, tile)| tile.place.is_none() && tile.fault.is_none()) {
        if let Some((scene, cell)) = scene_and_cell(&tile.short_id) {
            scenes.entry(scene).or_default().push((index, cell.letters, cell.numbers));
        }
    }
    let mut read = vec![None; tiles.len()];
    for (scene, members) in scenes {
        let [(_, letters, _), _, ..] = members[..] else { continue };
        if members.iter().any(|(index, other, _)| is_located(*index) || *other != letters) {
            continue;
        }
        let sizes: Vec<[u32; 2]> = members.iter().map(|(index, ..)| tiles[*index].size).collect();
        let numbers: Vec<[u32; 2]> = members.iter().map(|(.., numbers)| *numbers).collect();
        let Some((rects, words)) = rects(&numbers, &sizes, letters) else { continue };
        for ((index, ..), rect) in members.into_iter().zip(rects) {
            tiles[index].place = Some(Place { scene: scene.clone(), rect: Some(rect) });
            read[index] = Some(words);
        }
    }
    read
}

/// The scene and the cell that a tile's short id names. The split that folders name divides no scene.
fn scene_and_cell(short_id: &str) -> Option<(String, Cell<'_>)> {
    let (folders, stem) = short_id.rsplit_once('/').unwrap_or(("", short_id));
    let cell = naming::cell_of(stem)?;
    let folders = folders.split('/').map(naming::without_split);
    let parts: Vec<String> = folders.chain([cell.before.to_owned()]).filter(|part| !part.is_empty()).collect();
    let scene = if parts.is_empty() { "all tiles".to_owned() } else { parts.join("/") };
    Some((scene, cell))
}

/// The pixels of tiles with these numbers in their names, and how they were read. Where x and y may count tiles or pixels they count
/// pixels: if that is wrong, tiles lie too close together, and nothing that is learned from is scored.
fn rects(numbers: &[[u32; 2]], sizes: &[[u32; 2]], letters: Letters) -> Option<(Vec<PixelRect>, &'static str)> {
    match (letters, Unit::of(numbers, sizes)) {
        (Letters::None, _) => without_letters(numbers, sizes),
        (_, Some(Unit::Tiles)) => {
            Some((grid::edge_to_edge(numbers, sizes)?, "row and column in their names say, edge to edge"))
        }
        (_, Some(Unit::Pixels)) | (Letters::Coordinates, None) => Some((
            grid::by_first_pixel(numbers, sizes)?,
            "the first pixel in their names says, counted to the right and down",
        )),
        (Letters::Cells, None) => None,
    }
}

/// The pixels of tiles whose names have two numbers without letters. They are read only as first pixels, to the right and down or, where
/// sizes say so, the other way round: small numbers may be those of an image and of its patches.
fn without_letters(numbers: &[[u32; 2]], sizes: &[[u32; 2]]) -> Option<(Vec<PixelRect>, &'static str)> {
    let turned: Vec<[u32; 2]> = numbers.iter().map(|[first, second]| [*second, *first]).collect();
    let (places, words) = if grid::are_steps(&turned, sizes) {
        (
            turned.as_slice(),
            "the two numbers in their names say, read as x and y in pixels (…_y512_x0 says another order)",
        )
    } else {
        (numbers, "the two numbers in their names say, read as y and x in pixels")
    };
    if grid::are_steps(places, sizes) { Some((grid::by_first_pixel(places, sizes)?, words)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tiles of these names and sizes, with places, and how their names were read.
    fn placed(named: &[(&str, [u32; 2])]) -> (Vec<Tile>, Vec<Option<&'static str>>) {
        let tile = |(id, size): &(&str, [u32; 2])| Tile {
            size: *size,
            ..Tile::new((*id).to_owned(), format!("{id}.png"), "image.png".into())
        };
        let mut tiles: Vec<Tile> = named.iter().map(tile).collect();
        let read = assign(&mut tiles, |_| false);
        (tiles, read)
    }

    /// First pixel of each tile.
    fn corners(ids: &[&str], side: u32) -> Vec<Option<[u32; 2]>> {
        let named: Vec<(&str, [u32; 2])> = ids.iter().map(|id| (*id, [side; 2])).collect();
        let corner = |tile: &Tile| tile.rect_in_scene().map(|rect| [rect.x, rect.y]);
        placed(&named).0.iter().map(corner).collect()
    }

    #[test]
    fn rows_and_columns_with_letters_need_not_be_complete() {
        assert_eq!(corners(&["ortho_r3_c7", "ortho_r4_c9"], 16), [Some([112, 48]), Some([144, 64])]);
        assert_eq!(corners(&["train/a_x0_y0", "val/a_x512_y0"], 512), [Some([0, 0]), Some([512, 0])]);
        assert_eq!(corners(&["ortho_r3_c7"], 16), [None], "one tile is no grid");
        let (tiles, _) = placed(&[("train/a_r0_c0", [8; 2]), ("val/a_r0_c1", [8; 2])]);
        assert_eq!([tiles[0].scene(), tiles[1].scene()], ["a"; 2]);
    }

    #[test]
    fn x_and_y_may_overlap() {
        let half = ["o_x0_y0", "o_x256_y0", "o_x512_y0"];
        assert_eq!(corners(&half, 512), [Some([0, 0]), Some([256, 0]), Some([512, 0])], "by half a tile");
        let moved = ["o_x0_y0", "o_x512_y0", "o_x788_y0"];
        assert_eq!(corners(&moved, 512)[2], Some([788, 0]), "the last one is moved inwards");
        assert_eq!(corners(&half[..2], 512)[1], Some([256, 0]), "within a tile's length");
        assert_eq!(corners(&["o_x0_y0", "o_x1_y0"], 512)[1], Some([512, 0]), "tiles");
        assert_eq!(corners(&["o_r0_c0", "o_r0_c512", "o_r788_c0"], 512)[2], Some([0, 788]));
        assert_eq!(corners(&["o_r0_c0", "o_r0_c256"], 512), [None; 2], "rows and columns, or pixels");
        assert_eq!(corners(&["o_x0_y0", "o_x512_y0", "o_r0_c0", "o_r0_c1"], 512), [None; 4], "in two ways");
    }

    #[test]
    fn folders_of_places_divide_scenes_and_those_of_splits_do_not() {
        let (tiles, _) = placed(&[("train_berlin/t_r0_c0", [8; 2]), ("train_berlin/t_r0_c1", [8; 2])]);
        assert_eq!(tiles[0].scene(), "berlin/t");
        let (tiles, _) = placed(&[("train_berlin/t_r0_c0", [8; 2]), ("val_paris/t_r0_c1", [8; 2])]);
        assert!(tiles.iter().all(|tile| tile.place.is_none()), "one tile of each");
    }

    #[test]
    fn small_numbers_without_letters_tell_no_place() {
        // Image and patch, as well as row and column: the patches of an image must stay together.
        let ids = ["img_1_1", "img_1_2", "img_2_1", "img_2_2"];
        assert_eq!(corners(&ids, 16), [None; 4]);
        assert_eq!(corners(&["a_2019_1", "a_2019_2", "a_2020_1", "a_2020_2"], 16), [None; 4]);
    }

    #[test]
    fn numbers_alone_that_count_pixels_go_right_and_down() {
        assert_eq!(corners(&["x_512_1024", "x_0_512"], 512), [Some([512, 1024]), Some([0, 512])]);
        assert_eq!(corners(&["x_512_1000", "x_0_512"], 512), [None; 2], "another step than the size");
    }

    #[test]
    fn sizes_tell_which_number_is_the_row() {
        let named = [("t_0_0", [16, 16]), ("t_0_16", [5, 16]), ("t_16_0", [16, 9]), ("t_16_16", [5, 9])];
        let (tiles, read) = placed(&named);
        let rect = PixelRect { x: 16, y: 0, width: 5, height: 16 };
        assert_eq!(tiles[1].rect_in_scene(), Some(rect), "the second number is x");
        assert!(read[1].is_some_and(|words| words.contains("y and x")));
        let (tiles, _) = placed(&[("t_0_0", [16, 16]), ("t_0_16", [9, 16]), ("t_16_0", [7, 16]), ("t_16_16", [9, 16])]);
        assert!(tiles.iter().all(|tile| tile.place.is_none()), "neither order");
    }

    #[test]
    fn names_are_not_asked_where_files_say_where_a_tile_lies() {
        let (mut tiles, _) = placed(&[("a_r0_c0", [8; 2]), ("a_r0_c1", [8; 2])]);
        tiles.iter_mut().for_each(|tile| tile.place = None);
        let read = assign(&mut tiles, |index| index == 1);
        assert!(read == [None, None] && tiles.iter().all(|tile| tile.place.is_none()));
    }
}
