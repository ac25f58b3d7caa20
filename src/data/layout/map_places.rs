//! The scenes that tiles form where some are georeferenced: tiles that touch on a map or that their names hold together, and where in it
//! each lies. No ground is in two scenes, so none is learned from in one and scored in the other.

use std::collections::{BTreeMap, HashMap};

use super::tile::{Place, Tile};
use crate::data::raster::georeference::Georeference;
use crate::domain::geometry::PixelRect;

/// No map has more pixels along a side.
const MOST: f64 = (1 << 30) as f64;
/// Pixel sizes that differ by a smaller part are those of one map: files of one mosaic differ in the last digits.
const NEARLY: f64 = 1e-6;

/// What the pixels of a tile's place are counted on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame<'a> {
    /// A scene that names tell.
    Named(&'a str),
    /// The map with this number.
    Map(usize),
    /// It is not known where the tile lies.
    Unknown,
}

/// Where a tile lies: the number of its map, and its pixels there.
type OnMap = Option<(usize, PixelRect)>;

/// Gives each tile its place in the scene that it forms with those it touches and those of its group. A scene of which it is not known
/// where every tile lies, on one map, has no places. Tiles whose names told their place keep it, as long as all of their scene have one.
pub(super) fn assign(tiles: &mut [Tile], georeferences: &[Option<Georeference>]) {
    let on_maps = on_maps(tiles, georeferences);
    let mut leaders: Vec<usize> = (0..tiles.len()).collect();
    join_by_name(tiles, &mut leaders);
    join_on_maps(&on_maps, &mut leaders);
    let mut scenes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for index in (0..tiles.len()).filter(|index| tiles[*index].fault.is_none()) {
        scenes.entry(leader(&mut leaders, index)).or_default().push(index);
    }
    scenes.into_values().for_each(|members| place(tiles, &on_maps, &members));
}

/// Gives the tiles of a scene their places. Its name is that of its first tile's group, which no other scene has.
fn place(tiles: &mut [Tile], on_maps: &[OnMap], members: &[usize]) {
    let frame = |index: usize| match (on_maps[index], &tiles[index].place) {
        (Some((map, _)), _) => Frame::Map(map),
        (None, Some(place)) => Frame::Named(&place.scene),
        (None, None) => Frame::Unknown,
    };
    let first = frame(members[0]);
    let is_one = members.iter().all(|index| frame(*index) == first);
    if is_one && (matches!(first, Frame::Named(_)) || members.len() == 1 && first == Frame::Unknown) {
        return;
    }
    let is_mapped = is_one && first != Frame::Unknown;
    let scene = tiles[members[0]].scene().to_owned();
    for &index in members {
        let rect = on_maps[index].map(|(_, rect)| rect).filter(|_| is_mapped);
        tiles[index].place = Some(Place { scene: scene.clone(), rect });
    }
}

/// Where the tiles lie of which a georeference tells, and not a name.
fn on_maps(tiles: &[Tile], georeferences: &[Option<Georeference>]) -> Vec<OnMap> {
    let sizes = [0, 1].map(|axis| distinct(georeferences.iter().flatten().map(|at| at.pixel[axis])));
    let nearly = |at: &Georeference| [0, 1].map(|axis| sizes[axis].partition_point(|size| *size <= at.pixel[axis]));
    let mut maps: BTreeMap<(u64, [usize; 2]), Vec<usize>> = BTreeMap::new();
    for (index, georeference) in georeferences.iter().enumerate() {
        if let Some(at) = georeference.filter(|_| tiles[index].place.is_none() && tiles[index].fault.is_none()) {
            maps.entry((at.map, nearly(&at))).or_default().push(index);
        }
    }
    let mut places = vec![None; tiles.len()];
    for (map, members) in maps.into_values().enumerate() {
        let on_map: Vec<Georeference> = members.iter().filter_map(|index| georeferences[*index]).collect();
        let Some(rects) = rects(&on_map, members.iter().map(|index| tiles[*index].size)) else { continue };
        members.into_iter().zip(rects).for_each(|(index, rect)| places[index] = Some((map, rect)));
    }
    places
}

/// The least of numbers that are nearly equal, in rising order.
fn distinct(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup_by(|next, first| *next <= *first * (1.0 + NEARLY));
    sorted
}

/// The pixels of tiles of one map, counted from its most western and its most northern one. `None` if the map is too large for that.
fn rects(on_map: &[Georeference], sizes: impl Iterator<Item = [u32; 2]>) -> Option<Vec<PixelRect>> {
    let west = on_map.iter().map(|at| at.corner[0]).fold(f64::INFINITY, f64::min);
    let north = on_map.iter().map(|at| at.corner[1]).fold(f64::NEG_INFINITY, f64::max);
    let [pixel_width, pixel_height] = on_map.first()?.pixel;
    let rect = |(at, [width, height]): (&Georeference, [u32; 2])| {
        let offset = [(at.corner[0] - west) / pixel_width, (north - at.corner[1]) / pixel_height].map(f64::round);
        let fits = offset.iter().all(|pixels| (0.0..MOST).contains(pixels));
        fits.then_some(PixelRect { x: offset[0] as u32, y: offset[1] as u32, width, height })
    };
    on_map.iter().zip(sizes).map(rect).collect()
}

/// Makes one group of the tiles of each scene, so that none of them is scored while one that it touches is learned from.
pub(super) fn join_groups(tiles: &mut [Tile]) {
    let mut leaders: Vec<usize> = (0..tiles.len()).collect();
    join_by_name(tiles, &mut leaders);
    for index in 0..tiles.len() {
        let first = leader(&mut leaders, index);
        tiles[index].group = tiles[first].group.clone();
    }
}

/// Joins the tiles of one group, those whose names tell the same scene, and the formats of one image.
fn join_by_name(tiles: &[Tile], leaders: &mut [usize]) {
    let mut first: HashMap<(bool, &str), usize> = HashMap::new();
    for (index, tile) in tiles.iter().enumerate().filter(|(_, tile)| tile.fault.is_none()) {
        for name in [(true, tile.group.as_str()), (true, tile.scene()), (false, tile.short_id.as_str())] {
            join(leaders, *first.entry(name).or_insert(index), index);
        }
    }
}

/// Joins tiles that touch or overlap on a map.
fn join_on_maps(on_maps: &[OnMap], leaders: &mut [usize]) {
    let mut maps: BTreeMap<usize, (Vec<usize>, Vec<PixelRect>)> = BTreeMap::new();
    for (index, (map, rect)) in on_maps.iter().enumerate().filter_map(|(index, at)| Some((index, (*at)?))) {
        let (members, rects) = maps.entry(map).or_default();
        members.push(index);
        rects.push(rect);
    }
    for (members, rects) in maps.into_values() {
        touching(&rects, |one, other| join(leaders, members[one], members[other]));
    }
}

/// Calls `found` with the places of rectangles that touch or overlap.
fn touching(rects: &[PixelRect], mut found: impl FnMut(usize, usize)) {
    for near in neighbourhoods(rects).into_values() {
        for (place, &one) in near.iter().enumerate() {
            let beside = near[place + 1..].iter().filter(|other| rects[one].grown(1).meets(rects[**other]));
            beside.for_each(|other| found(one, *other));
        }
    }
}

/// Makes one group of those of two members.
fn join(leaders: &mut [usize], one: usize, other: usize) {
    let (one, other) = (leader(leaders, one), leader(leaders, other));
    leaders[one.max(other)] = one.min(other);
}

/// The first member of the group that a member belongs to.
fn leader(leaders: &mut [usize], member: usize) -> usize {
    let mut at = member;
    while leaders[at] != at {
        leaders[at] = leaders[leaders[at]]; // Halves the way for the next one.
        at = leaders[at];
    }
    at
}

/// Rectangles by the squares of a grid that they lie in or beside: only these can touch. The squares are as large as the largest rectangle.
fn neighbourhoods(rects: &[PixelRect]) -> HashMap<[u32; 2], Vec<usize>> {
    let side = rects.iter().map(|rect| rect.width.max(rect.height)).max().unwrap_or(1).max(1);
    let mut squares: HashMap<[u32; 2], Vec<usize>> = HashMap::new();
    for (index, rect) in rects.iter().enumerate() {
        let beside = rect.grown(1);
        let span = |first: u32, length: u32| first / side..=(first + length) / side;
        for y in span(beside.y, beside.height) {
            span(beside.x, beside.width).for_each(|x| squares.entry([x, y]).or_default().push(index));
        }
    }
    squares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
        PixelRect { x, y, width, height }
    }

    fn at(east: f64, north: f64, pixel: f64) -> Option<Georeference> {
        Some(Georeference { corner: [east, north], pixel: [pixel; 2], map: 1 })
    }

    /// Tiles of 10×10 pixels: short id, group and georeference of each. Returns their places.
    fn placed(tiles: &[(&str, &str, Option<Georeference>)]) -> Vec<Option<Place>> {
        let tile = |(id, group, _): &(&str, &str, _)| Tile {
            group: (*group).to_owned(),
            size: [10, 10],
            ..Tile::new((*id).to_owned(), format!("{id}.tif"), "image.tif".into())
        };
        let georeferences: Vec<Option<Georeference>> = tiles.iter().map(|(_, _, at)| *at).collect();
        let mut tiles: Vec<Tile> = tiles.iter().map(tile).collect();
        assign(&mut tiles, &georeferences);
        tiles.into_iter().map(|tile| tile.place).collect()
    }

    fn place(scene: &str, rect: Option<PixelRect>) -> Option<Place> {
        Some(Place { scene: scene.to_owned(), rect })
    }

    #[test]
    fn tiles_that_touch_form_a_scene() {
        let joined = |rects: &[PixelRect]| {
            let mut leaders: Vec<usize> = (0..rects.len()).collect();
            touching(rects, |one, other| join(&mut leaders, one, other));
            (0..rects.len()).map(|index| leader(&mut leaders, index)).collect::<Vec<_>>()
        };
        let rects =
            [rect(0, 0, 10, 10), rect(40, 0, 10, 10), rect(10, 0, 10, 10), rect(30, 10, 10, 10), rect(0, 22, 4, 4)];
        assert_eq!(joined(&rects), [0, 1, 0, 1, 4], "corners touch as well");
        let row: Vec<PixelRect> = (0..50).rev().map(|x| rect(7 * x, 3, 7, 2)).collect();
        assert!(joined(&row).iter().all(|leader| *leader == 0));
    }

    #[test]
    fn scenes_of_different_maps_share_no_name() {
        let got =
            placed(&[("a", "a", at(0.0, 50.0, 0.5)), ("b", "b", at(5.0, 50.0, 0.25)), ("c", "c", at(9.0, 9.0, 0.5))]);
        let alone = |scene: &str| place(scene, Some(rect(0, 0, 10, 10)));
        assert_eq!(got[..2], [alone("a"), alone("b")], "each has the corner of its own map");
        assert_eq!(got[2], place("c", Some(rect(18, 82, 10, 10))));
    }

    #[test]
    fn neighbours_whose_pixels_differ_in_the_last_digit_are_neighbours() {
        let got = placed(&[("a", "a", at(0.0, 50.0, 0.5)), ("b", "b", at(5.0, 50.0, 0.5f64.next_up()))]);
        assert_eq!(got, [place("a", Some(rect(0, 0, 10, 10))), place("a", Some(rect(10, 0, 10, 10)))]);
    }

    #[test]
    fn a_scene_of_which_a_tile_lies_nobody_knows_where_has_no_places() {
        let got = placed(&[
            ("area_1", "area", at(0.0, 50.0, 0.5)),
            ("area_2", "area", None),
            ("beside", "beside", at(5.0, 50.0, 0.5)),
            ("far", "far", at(90.0, 50.0, 0.5)),
        ]);
        assert_eq!(got[..3], [place("area", None), place("area", None), place("area", None)]);
        assert_eq!(got[3], place("far", Some(rect(180, 0, 10, 10))));
    }

    #[test]
    fn formats_of_an_image_and_its_crops_are_one_scene() {
        let got = placed(&[("a", "a", at(0.0, 50.0, 0.5)), ("a", "other", None), ("b", "b", None)]);
        assert_eq!(got, [place("a", None), place("a", None), None]);
        let mut tiles =
            ["ortho", "ortho_0_0_10_10"].map(|id| Tile::new(id.to_owned(), format!("{id}.tif"), "i".into()));
        tiles[1].place = place("ortho", Some(rect(0, 0, 10, 10)));
        assign(&mut tiles, &[at(0.0, 50.0, 0.5), None]);
        assert_eq!(tiles.map(|tile| tile.place), [place("ortho", None), place("ortho", None)]);
    }

    #[test]
    fn a_scene_that_names_tell_keeps_its_places() {
        let mut tiles = ["s_0_0_9_9", "s_9_0_18_9"].map(|id| Tile::new(id.to_owned(), format!("{id}.tif"), "i".into()));
        tiles[0].place = place("s", Some(rect(0, 0, 9, 9)));
        tiles[1].place = place("s", Some(rect(9, 0, 9, 9)));
        let before = tiles.clone().map(|tile| tile.place);
        assign(&mut tiles, &[None, at(7.0, 50.0, 0.5)]);
        assert_eq!(tiles.map(|tile| tile.place), before);
    }

    #[test]
    fn places_are_counted_in_pixels_from_the_north_west() {
        let at = |east: f64, north: f64| Georeference { corner: [east, north], pixel: [0.5, 0.25], map: 1 };
        let on_map = [at(100.0, 50.0), at(105.0001, 47.5), at(100.0, 47.5)];
        let got = rects(&on_map, [[10, 10]; 3].into_iter()).unwrap();
        assert_eq!(got, [rect(0, 0, 10, 10), rect(10, 10, 10, 10), rect(0, 10, 10, 10)]);
        assert_eq!(rects(&[at(0.0, 0.0), at(1e12, 0.0)], [[10, 10]; 2].into_iter()), None);
    }
}
