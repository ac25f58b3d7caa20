//! The scenes that georeferenced tiles form: tiles that touch on a map, and where in it each lies.

use std::collections::{BTreeMap, HashMap};

use super::tile::{Place, Tile};
use crate::data::raster::georeference::Georeference;
use crate::domain::geometry::PixelRect;

/// No map has more pixels along a side.
const MOST: f64 = (1 << 30) as f64;

/// Gives each tile its place in the scene that it forms with those it touches. Tiles whose names told it, and those without a
/// georeference, stay as they are.
pub(super) fn assign(tiles: &mut [Tile], georeferences: &[Option<Georeference>]) {
    let mut maps: BTreeMap<(u64, [u64; 2]), Vec<usize>> = BTreeMap::new();
    for (index, georeference) in georeferences.iter().enumerate() {
        if let Some(at) = georeference.filter(|_| tiles[index].place.is_none()) {
            maps.entry((at.map, at.pixel.map(f64::to_bits))).or_default().push(index);
        }
    }
    for members in maps.into_values() {
        let on_map: Vec<Georeference> = members.iter().filter_map(|index| georeferences[*index]).collect();
        let Some(rects) = rects(&on_map, members.iter().map(|index| tiles[*index].size)) else { continue };
        let names = scene_names(&rects);
        for ((index, rect), scene) in members.into_iter().zip(rects).zip(names) {
            tiles[index].place = Some(Place { scene, rect });
        }
    }
}

/// The pixels of tiles of one map, counted from its most western and its most northern one. `None` if the map is too large for that.
fn rects(on_map: &[Georeference], sizes: impl Iterator<Item = [u32; 2]>) -> Option<Vec<PixelRect>> {
    let west = on_map.iter().map(|at| at.corner[0]).fold(f64::INFINITY, f64::min);
    let north = on_map.iter().map(|at| at.corner[1]).fold(f64::NEG_INFINITY, f64::max);
    let rect = |(at, [width, height]): (&Georeference, [u32; 2])| {
        let offset = [(at.corner[0] - west) / at.pixel[0], (north - at.corner[1]) / at.pixel[1]].map(f64::round);
        let fits = offset.iter().all(|pixels| (0.0..MOST).contains(pixels));
        fits.then_some(PixelRect { x: offset[0] as u32, y: offset[1] as u32, width, height })
    };
    on_map.iter().zip(sizes).map(rect).collect()
}

/// The scene of each rectangle: rectangles that touch or overlap, also by way of others, have one name. It is that of their first pixel.
fn scene_names(rects: &[PixelRect]) -> Vec<String> {
    let mut leaders: Vec<usize> = (0..rects.len()).collect();
    for near in neighbourhoods(rects).into_values() {
        for (place, &one) in near.iter().enumerate() {
            for &other in &near[place + 1..] {
                if rects[one].grown(1).meets(rects[other]) {
                    let (one, other) = (leader(&mut leaders, one), leader(&mut leaders, other));
                    leaders[one.max(other)] = one.min(other);
                }
            }
        }
    }
    let mut bounds: BTreeMap<usize, PixelRect> = BTreeMap::new();
    let of: Vec<usize> = (0..rects.len()).map(|index| leader(&mut leaders, index)).collect();
    for (index, rect) in rects.iter().enumerate() {
        bounds.entry(of[index]).and_modify(|all| *all = all.union(*rect)).or_insert(*rect);
    }
    of.iter().map(|leader| format!("map {},{}", bounds[leader].x, bounds[leader].y)).collect()
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

    #[test]
    fn tiles_that_touch_form_a_scene() {
        let rects =
            [rect(0, 0, 10, 10), rect(40, 0, 10, 10), rect(10, 0, 10, 10), rect(30, 10, 10, 10), rect(0, 22, 4, 4)];
        let names = scene_names(&rects);
        assert_eq!(names, ["map 0,0", "map 30,0", "map 0,0", "map 30,0", "map 0,22"], "corners touch as well");
        let row: Vec<PixelRect> = (0..50).rev().map(|x| rect(7 * x, 3, 7, 2)).collect();
        assert!(scene_names(&row).iter().all(|name| name == "map 0,3"));
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
