//! The places in their scene that names of tiles tell by row and column, or by their first pixel.

use std::collections::BTreeMap;

use super::grid::{Grid, is_complete};
use super::naming::{self, Cell};
use super::tile::{Place, Tile};

/// Tiles of a scene: index and the two numbers of the name.
type Members = Vec<(usize, [u32; 2])>;

/// Gives tiles the place that their names tell, where the names of all tiles of a scene do. `is_located` tells whether the files of a tile
/// say where it lies: of such scenes names are not asked. Returns how each name was read, in words.
pub(super) fn assign(tiles: &mut [Tile], is_located: impl Fn(usize) -> bool) -> Vec<Option<&'static str>> {
    let mut scenes: BTreeMap<(String, bool), Members> = BTreeMap::new();
    for (index, tile) in tiles.iter().enumerate().filter(|(_, tile)| tile.place.is_none() && tile.fault.is_none()) {
        if let Some((scene, cell)) = scene_and_cell(&tile.short_id) {
            scenes.entry((scene, cell.is_marked)).or_default().push((index, cell.numbers));
        }
    }
    let mut read = vec![None; tiles.len()];
    for ((scene, is_marked), members) in scenes {
        if members.len() < 2 || members.iter().any(|(index, _)| is_located(*index)) {
            continue;
        }
        let sizes: Vec<[u32; 2]> = members.iter().map(|(index, _)| tiles[*index].size).collect();
        let numbers: Vec<[u32; 2]> = members.iter().map(|(_, numbers)| *numbers).collect();
        let Some((grid, words)) = grid(&numbers, &sizes, is_marked) else { continue };
        for ((index, _), rect) in members.into_iter().zip(grid.rects) {
            tiles[index].place = Some(Place { scene: scene.clone(), rect: Some(rect) });
            read[index] = Some(words);
        }
    }
    read
}

/// The scene and the cell that a tile's short id names. Folders of a split divide no scene.
fn scene_and_cell(short_id: &str) -> Option<(String, Cell<'_>)> {
    let (folders, stem) = short_id.rsplit_once('/').unwrap_or(("", short_id));
    let cell = naming::cell_of(stem)?;
    let folders = folders.split('/').filter(|folder| naming::split_named(folder).is_none());
    let parts: Vec<&str> = folders.chain([cell.before]).filter(|part| !part.is_empty()).collect();
    let scene = if parts.is_empty() { "all tiles".to_owned() } else { parts.join("/") };
    Some((scene, cell))
}

/// The grid of tiles with these numbers in their names, and how they were read. Numbers without letters count rows and columns of a
/// complete rectangle, as `gdal_retile` writes them, or pixels to the right and down; the other way round where sizes say so.
fn grid(numbers: &[[u32; 2]], sizes: &[[u32; 2]], is_marked: bool) -> Option<(Grid, &'static str)> {
    if is_marked {
        return Some((Grid::of(numbers, sizes)?, "row and column in their names say"));
    }
    let turned: Vec<[u32; 2]> = numbers.iter().map(|[first, second]| [*second, *first]).collect();
    let may = |grid: &Grid| grid.in_pixels || is_complete(numbers);
    let by_row = Grid::of(numbers, sizes).filter(may);
    let by_column = Grid::of(&turned, sizes).filter(may);
    match (by_row, by_column) {
        (Some(grid), None) if grid.in_pixels => {
            Some((grid, "the two numbers in their names say, read as y and x in pixels"))
        }
        (_, Some(grid)) if grid.in_pixels => {
            Some((grid, "the two numbers in their names say, read as x and y in pixels (…_y512_x0 says another order)"))
        }
        (Some(grid), _) => {
            Some((grid, "the two numbers in their names say, read as row and column (…_c7_r3 says another order)"))
        }
        (None, Some(grid)) => Some((grid, "the two numbers in their names say, read as column and row")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::geometry::PixelRect;

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
    fn numbers_alone_count_rows_and_columns_only_of_a_complete_rectangle() {
        let ids = ["tile_0_0", "tile_0_1", "tile_1_0", "tile_1_1"];
        assert_eq!(corners(&ids, 16), [Some([0, 0]), Some([16, 0]), Some([0, 16]), Some([16, 16])]);
        assert_eq!(corners(&ids[..3], 16), [None; 3]);
        assert_eq!(corners(&["a_2019_1", "a_2019_2", "a_2020_1", "a_2020_2"], 16), [None; 4]);
    }

    #[test]
    fn numbers_alone_that_count_pixels_go_right_and_down() {
        assert_eq!(corners(&["x_512_1024", "x_0_512"], 512), [Some([512, 1024]), Some([0, 512])]);
        assert_eq!(corners(&["x_512_1000", "x_0_512"], 512), [None; 2], "another step than the size");
    }

    #[test]
    fn sizes_tell_which_number_is_the_row() {
        let named = [("t_0_0", [16, 16]), ("t_1_0", [5, 16]), ("t_0_1", [16, 9]), ("t_1_1", [5, 9])];
        let (tiles, read) = placed(&named);
        let rect = PixelRect { x: 16, y: 0, width: 5, height: 16 };
        assert_eq!(tiles[1].rect_in_scene(), Some(rect), "the first number is the column");
        assert!(read[1].is_some_and(|words| words.contains("column and row")));
        let (tiles, _) = placed(&[("t_0_0", [16, 16]), ("t_0_1", [9, 16]), ("t_1_0", [7, 16]), ("t_1_1", [9, 16])]);
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
