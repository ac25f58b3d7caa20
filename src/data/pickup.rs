//! Classes picked up from the masks themselves, where no file names them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::classes_file::{OWN_FILE, hex};
use super::legend::{IGNORE_VALUES, Legend, palette};
use super::mask_raster::{MaskRaster, NO_VALUE, Pixels};
use super::picked_up::PickedUp;
use super::{DataError, Tile, images, masks, soft};
use crate::domain::class::MAX_CLASSES;
use crate::domain::{ClassDef, Classes, Validity};

/// Most masks that are read.
const MAX_MASKS: usize = 64;

/// Most colours that are believed to be drawn; of more, most must be met in runs.
const MAX_DRAWN: usize = 32;

/// Smallest share of pixels that makes a class of a colour.
const MIN_SHARE: f64 = 1e-4;

/// The boundary in the masks of Pascal VOC.
const VOC_BOUNDARY: [u8; 3] = [224, 224, 192];

type Counts<K> = BTreeMap<K, u64>;

/// What a look at one mask tells.
struct Look<'a> {
    path: &'a Path,
    found: Found,
}

enum Found {
    /// Values of one channel, or of three equal ones.
    Values {
        counts: Counts<i32>,
        /// The file has three channels: its values may be colours.
        channels: bool,
    },
    /// Colours, and those of them that are met in runs of three and more.
    Colors { counts: Counts<[u8; 3]>, solid: BTreeSet<[u8; 3]>, lossy: bool },
}

/// Reads masks spread evenly over the tiles and makes a class of every colour or value that is frequent enough. Classes
/// picked up before keep their places. `None` if there are no masks, or less than two classes in them.
pub(super) fn pick_up(tiles: &[Tile], notes: &mut Vec<String>, root: &Path) -> Result<Option<Legend>, DataError> {
    let paths = mask_paths(tiles);
    let looks = looks(&paths, MAX_MASKS)?;
    let before = PickedUp::read(root);
    let legend = if looks.iter().any(|look| matches!(look.found, Found::Colors { .. })) {
        by_color(&colors(&looks, root)?, &before)
    } else {
        by_value(&values(&looks, root)?, &before)
    };
    if let Some(legend) = &legend {
        notes.push(format!(
            "{} classes were picked up from {} of {} masks: name them in the window or in {OWN_FILE}",
            legend.classes.len(),
            looks.len(),
            paths.len()
        ));
    }
    Ok(legend)
}

/// Colours of the masks that are not DeepGlobe's, most frequent first; empty if they are (nearly) all DeepGlobe's, or if
/// the masks hold no colours.
pub(super) fn strangers_to_deepglobe(tiles: &[Tile]) -> Vec<[u8; 3]> {
    const LOOKS: usize = 8;
    let paths = mask_paths(tiles);
    let classes = Classes::deepglobe();
    let mut strangers = Counts::new();
    let mut total = 0;
    for look in looks(&paths, LOOKS).unwrap_or_default() {
        let Found::Colors { counts, .. } = look.found else { continue };
        total += counts.values().sum::<u64>();
        let is_strange = |color| masks::cut(color).is_none_or(|color| classes.index_of_color(color).is_none());
        counts.into_iter().filter(|(color, _)| is_strange(*color)).for_each(|(color, n)| {
            *strangers.entry(color).or_insert(0) += n;
        });
    }
    if strangers.values().sum::<u64>() * 2 <= total {
        return Vec::new();
    }
    most_frequent(strangers)
}

/// Whether the masks hold values rather than colours, as far as a look at some of them tells.
pub(super) fn hold_values(tiles: &[Tile]) -> bool {
    let looks = looks(&mask_paths(tiles), 8).unwrap_or_default();
    let is_gray = |look: &Look<'_>| matches!(look.found, Found::Values { channels: false, .. });
    !looks.is_empty() && looks.iter().all(is_gray)
}

/// Two classes to start from where nothing is known.
pub(super) fn starter() -> Legend {
    let class = |i: usize| ClassDef { name: format!("class {}", i + 1), color: palette(i), ignored: false };
    Legend::of(Classes::new(vec![class(0), class(1)]).unwrap_or_default())
}

fn mask_paths(tiles: &[Tile]) -> Vec<&Path> {
    tiles.iter().filter(|tile| tile.fault.is_none()).filter_map(|tile| tile.mask.as_deref()).collect()
}

/// Looks at masks spread evenly. One that cannot be decoded is reported when its tile is read.
fn looks<'a>(paths: &[&'a Path], most: usize) -> Result<Vec<Look<'a>>, DataError> {
    let read = paths.len().min(most);
    let chosen: Vec<&Path> = (0..read).map(|i| paths[i * paths.len() / read]).collect();
    let looked: Vec<Result<Option<Look<'a>>, DataError>> = chosen
        .into_par_iter()
        .map(|path| images::decode_mask(path).ok().map(|raster| look(path, raster)).transpose())
        .collect();
    looked.into_iter().filter_map(Result::transpose).collect()
}

fn look(path: &Path, raster: MaskRaster) -> Result<Look<'_>, DataError> {
    // Where pixels are missing, those left have other neighbours than in the picture: edges are not looked for.
    let width = raster.valid.as_ref().map_or(raster.size[0] as usize, |_| usize::MAX);
    let found = match existing(raster.pixels, raster.valid.as_ref().map(Validity::flags)) {
        Pixels::Values8(values) => grays(path, &values, width, raster.lossy, false)?,
        Pixels::Values(values) => {
            let mut counts: Counts<i32> = masks::tally(&values, |value| value).into_iter().collect();
            counts.remove(&NO_VALUE);
            Found::Values { counts, channels: false }
        }
        Pixels::Indices { indices, colors, transparent } => {
            let color = |index: u8| colors.get(usize::from(index)).copied().unwrap_or([0; 3]);
            let indices: Vec<u8> = indices.into_iter().filter(|index| !transparent.contains(index)).collect();
            let mut counts = Counts::new();
            masks::tally(&indices, color).into_iter().for_each(|(color, n)| *counts.entry(color).or_insert(0) += n);
            counts.remove(&VOC_BOUNDARY);
            Found::Colors { solid: counts.keys().copied().collect(), counts, lossy: false }
        }
        Pixels::Colors(colors) => match masks::gray_tally(&colors) {
            Some(_) => {
                let values: Vec<u8> = colors.iter().map(|color| color[0]).collect();
                grays(path, &values, width, raster.lossy, true)?
            }
            None => Found::Colors {
                counts: masks::tally(&colors, |color| color).into_iter().collect(),
                solid: colors.chunk_by(|a, b| a == b).filter(|run| run.len() > 2).map(|run| run[0]).collect(),
                lossy: raster.lossy,
            },
        },
    };
    let found = match (found, raster.no_data) {
        (Found::Values { mut counts, channels }, Some(no_data)) => {
            counts.remove(&no_data);
            Found::Values { counts, channels }
        }
        (found, _) => found,
    };
    Ok(Look { path, found })
}

/// The pixels that exist, in a row: neighbours are not what they were, but only where some are missing.
fn existing(pixels: Pixels, flags: Option<&[bool]>) -> Pixels {
    fn keep<T: Copy>(list: Vec<T>, flags: &[bool]) -> Vec<T> {
        list.into_iter().zip(flags).filter(|(_, exists)| **exists).map(|(pixel, _)| pixel).collect()
    }
    let Some(flags) = flags else { return pixels };
    match pixels {
        Pixels::Values8(values) => Pixels::Values8(keep(values, flags)),
        Pixels::Values(values) => Pixels::Values(keep(values, flags)),
        Pixels::Colors(colors) => Pixels::Colors(keep(colors, flags)),
        Pixels::Indices { indices, colors, transparent } => {
            Pixels::Indices { indices: keep(indices, flags), colors, transparent }
        }
    }
}

/// Values of 8 bits, freed of what a JPEG or smoothing has added.
fn grays(path: &Path, values: &[u8], width: usize, lossy: bool, channels: bool) -> Result<Found, DataError> {
    let mut counts: Counts<i32> = masks::tally(values, i32::from).into_iter().collect();
    if lossy {
        if counts.len() > 1 && counts.keys().all(|value| *value < 64) {
            return Err(DataError::content(masks::indices_in_jpeg(), path));
        }
        counts = gather(counts, |a: i32, b: i32| a.abs_diff(b) <= u32::from(masks::LOSSY_REACH));
    } else if counts.len() > 3 {
        if let Some(levels) = soft::binary_levels(values, width) {
            counts.retain(|value, _| levels.map(i32::from).contains(value));
        } else if soft::is_interpolated(values, width) {
            return Err(DataError::content(interpolated(counts.len(), "gray levels"), path));
        }
    }
    Ok(Found::Values { counts, channels })
}

/// All values, in order.
fn values(looks: &[Look<'_>], root: &Path) -> Result<Vec<i32>, DataError> {
    let counts = looks.iter().filter_map(|look| match &look.found {
        Found::Values { counts, .. } => Some(counts),
        Found::Colors { .. } => None,
    });
    let all: BTreeSet<i32> = counts.flat_map(BTreeMap::keys).copied().collect();
    let classes: Vec<i32> = all.into_iter().filter(|value| (0..65_535).contains(value)).collect();
    if classes.len() > MAX_CLASSES {
        let path = looks.first().map_or(root, |look| look.path);
        return Err(DataError::content(interpolated(classes.len(), "values"), path));
    }
    Ok(classes)
}

/// All colours with enough pixels, in order.
fn colors(looks: &[Look<'_>], root: &Path) -> Result<Vec<[u8; 3]>, DataError> {
    let mut total = Counts::new();
    let mut drawn = BTreeSet::new();
    for look in looks {
        match &look.found {
            Found::Colors { counts, solid, lossy } => {
                let near = |a, b| masks::distance(a, b) <= masks::LOSSY_REACH;
                let counts = if *lossy { gather(counts.clone(), near) } else { counts.clone() };
                counts.into_iter().for_each(|(color, n)| *total.entry(color).or_insert(0) += n);
                drawn.extend(solid.iter().copied());
            }
            // A picture of colours may be all gray; a single channel beside colours holds values.
            Found::Values { counts, channels: true } => counts.iter().for_each(|(gray, n)| {
                let color = [*gray as u8; 3];
                drawn.insert(color);
                *total.entry(color).or_insert(0) += n;
            }),
            Found::Values { .. } => {}
        }
    }
    let found = frequent(&total);
    let undrawn = found.iter().filter(|color| !drawn.contains(*color)).count();
    if found.len() > MAX_CLASSES || (found.len() > MAX_DRAWN && undrawn * 2 > found.len()) {
        let most = |look: &&Look<'_>| match &look.found {
            Found::Colors { counts, .. } => counts.len(),
            Found::Values { .. } => 0,
        };
        let worst = looks.iter().max_by_key(most).map_or(root, |look| look.path);
        return Err(DataError::content(interpolated(found.len(), "colours"), worst));
    }
    Ok(found)
}

fn interpolated(count: usize, what: &str) -> String {
    format!(
        "the masks hold {count} {what}, more than classes: they were saved as JPEG or resized with interpolation; export \
         them anew, or name the classes and their colours in {OWN_FILE}. The first is"
    )
}

fn by_color(found: &[[u8; 3]], before: &PickedUp) -> Option<Legend> {
    let class = |color: &[u8; 3]| ClassDef { name: format!("class {}", hex(*color)), color: *color, ignored: false };
    Legend::new(before.order_colors(found).iter().map(class).collect()).ok()
}

/// 255 is unlabelled, unless there would be nothing left to tell apart (masks of 0 and 255).
fn by_value(found: &[i32], before: &PickedUp) -> Option<Legend> {
    let mut values: Vec<u16> = found.iter().filter_map(|value| u16::try_from(*value).ok()).collect();
    if values.len() > 2 {
        values.retain(|value| !IGNORE_VALUES.contains(&i64::from(*value)));
    }
    let values = before.order_values(&values);
    let class =
        |(i, value): (usize, &u16)| ClassDef { name: format!("value {value}"), color: palette(i), ignored: false };
    let mut legend = Legend::new(values.iter().enumerate().map(class).collect()).ok()?;
    legend.values = values.into_iter().map(Some).collect();
    Some(legend)
}

/// Colours with enough pixels, in the order of the colours themselves: what lies beside a mask does not change it.
fn frequent(total: &Counts<[u8; 3]>) -> Vec<[u8; 3]> {
    let pixels: u64 = total.values().sum();
    let enough = |n: u64| n as f64 >= pixels as f64 * MIN_SHARE;
    total.iter().filter(|(_, n)| enough(**n)).map(|(color, _)| *color).collect()
}

fn most_frequent(counts: Counts<[u8; 3]>) -> Vec<[u8; 3]> {
    let mut list: Vec<([u8; 3], u64)> = counts.into_iter().collect();
    list.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    list.into_iter().map(|(color, _)| color).collect()
}

/// Undoes what JPEG does to flat colours: each joins a more frequent one within reach.
fn gather<K: Copy + Ord>(counts: Counts<K>, near: impl Fn(K, K) -> bool) -> Counts<K> {
    let mut list: Vec<(K, u64)> = counts.into_iter().collect();
    list.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let mut centres: Vec<(K, u64)> = Vec::new();
    for (key, n) in list {
        match centres.iter_mut().find(|(centre, _)| near(*centre, key)) {
            Some((_, count)) => *count += n,
            None => centres.push((key, n)),
        }
    }
    centres.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts<K: Ord + Copy>(list: &[(K, u64)]) -> Counts<K> {
        list.iter().copied().collect()
    }

    #[test]
    fn rare_colours_make_no_class_and_frequency_is_no_order() {
        let total = counts(&[([1, 2, 3], 50_000), ([9, 9, 9], 50_000), ([4, 4, 4], 2), ([7, 0, 0], 60_000)]);
        assert_eq!(frequent(&total), [[1, 2, 3], [7, 0, 0], [9, 9, 9]]);
    }

    #[test]
    fn value_255_is_unlabelled_but_not_in_a_binary_mask() {
        let nothing = PickedUp::default();
        let several = by_value(&[0, 3, 255], &nothing).unwrap();
        assert_eq!(several.values, [Some(0), Some(3)]);
        assert_eq!(several.classes.name(1), "value 3");
        assert_eq!(by_value(&[0, 255], &nothing).unwrap().values, [Some(0), Some(255)]);
        assert!(by_value(&[0], &nothing).is_none());
        assert_eq!(by_value(&[111, 311, 523], &nothing).unwrap().values, [Some(111), Some(311), Some(523)]);
    }

    #[test]
    fn jpeg_noise_joins_the_colour_it_came_from() {
        let near = |a, b| masks::distance(a, b) <= masks::LOSSY_REACH;
        let gathered = gather(counts(&[([0; 3], 900), ([3; 3], 40), ([255; 3], 100), ([250; 3], 9)]), near);
        assert_eq!(gathered, counts(&[([0; 3], 940), ([255; 3], 109)]));
    }
}
