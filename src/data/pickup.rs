//! Classes picked up from the masks themselves, where no file names them.

use std::collections::HashMap;
use std::path::Path;

use image::DynamicImage;
use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::classes_file::{OWN_FILE, hex};
use super::legend::{IGNORE_VALUES, Legend, palette};
use super::{DataError, Tile, images, masks};
use crate::domain::{ClassDef, Classes};

/// Most masks that are read.
const MAX_MASKS: usize = 64;

/// Most classes that are believed; more are taken for interpolation or JPEG noise.
const MAX_FOUND: usize = 32;

/// Smallest share of pixels that makes a class.
const MIN_SHARE: f64 = 1e-4;

type Counts = HashMap<[u8; 3], u64>;

/// Reads masks spread evenly over the tiles and makes a class of every colour or value that is frequent enough.
/// `None` if there are no masks, or less than two classes in them.
pub(super) fn pick_up(
    tiles: &[Tile],
    gray: bool,
    notes: &mut Vec<String>,
    root: &Path,
) -> Result<Option<Legend>, DataError> {
    let paths: Vec<&Path> =
        tiles.iter().filter(|tile| tile.fault.is_none()).filter_map(|tile| tile.mask.as_deref()).collect();
    let read = paths.len().min(MAX_MASKS);
    let chosen: Vec<&Path> = (0..read).map(|i| paths[i * paths.len() / read]).collect();
    // A mask that cannot be decoded is reported when its tile is read.
    let counted: Vec<(&Path, Counts)> =
        chosen.into_par_iter().filter_map(|path| count(path).ok().map(|counts| (path, counts))).collect();
    let mut total = Counts::new();
    for (color, n) in counted.iter().flat_map(|(_, counts)| counts) {
        *total.entry(*color).or_insert(0) += n;
    }
    let found = frequent(&total);
    if found.len() > MAX_FOUND {
        let worst = counted.iter().max_by_key(|(_, counts)| counts.len()).map_or(root, |(path, _)| path);
        let what = format!(
            "the masks hold {} colours, more than {MAX_FOUND} classes: they were saved as JPEG or resized with \
             interpolation; name the classes and their colours in {OWN_FILE}. The most colours are in",
            found.len()
        );
        return Err(DataError::content(what, worst));
    }
    // Gray values saved with three channels are values all the same.
    let gray = gray || found.iter().all(|[r, g, b]| r == g && g == b);
    let legend = if gray { by_value(&found) } else { by_color(&found) };
    if legend.is_some() {
        notes.push(format!(
            "{} classes were picked up from {read} of {} masks: name them in the window or in {OWN_FILE}",
            found.len(),
            paths.len()
        ));
    }
    Ok(legend)
}

/// Two classes to start from where nothing is known.
pub(super) fn starter() -> Legend {
    let class = |i: usize| ClassDef { name: format!("class {}", i + 1), color: palette(i), ignored: false };
    Legend::of(Classes::new(vec![class(0), class(1)]).unwrap_or_default())
}

fn by_color(found: &[[u8; 3]]) -> Option<Legend> {
    let class = |color: &[u8; 3]| ClassDef { name: format!("class {}", hex(*color)), color: *color, ignored: false };
    Legend::new(found.iter().map(class).collect()).ok()
}

/// 255 is unlabelled, unless there would be nothing left to tell apart (masks of 0 and 255).
fn by_value(found: &[[u8; 3]]) -> Option<Legend> {
    let mut values: Vec<u16> = found.iter().map(|color| u16::from(color[0])).collect();
    values.sort_unstable();
    if values.len() > 2 {
        values.retain(|value| !IGNORE_VALUES.contains(&i64::from(*value)));
    }
    let class =
        |(i, value): (usize, &u16)| ClassDef { name: format!("value {value}"), color: palette(i), ignored: false };
    let mut legend = Legend::new(values.iter().enumerate().map(class).collect()).ok()?;
    legend.values = values.into_iter().map(Some).collect();
    Some(legend)
}

/// Colours with enough pixels, most frequent first.
fn frequent(total: &Counts) -> Vec<[u8; 3]> {
    let pixels: u64 = total.values().sum();
    let mut list: Vec<([u8; 3], u64)> =
        total.iter().map(|(color, n)| (*color, *n)).filter(|(_, n)| *n as f64 >= pixels as f64 * MIN_SHARE).collect();
    list.sort_unstable_by_key(|(color, n)| (std::cmp::Reverse(*n), *color));
    list.into_iter().map(|(color, _)| color).collect()
}

fn count(path: &Path) -> Result<Counts, DataError> {
    let header = images::read_header(path)?;
    let scale = header.gray_scale.max(1);
    let image = images::decode_mask(path, false)?;
    let counts = match &image {
        // Values beyond 8 bits can only be "unlabelled" (65535), which is 255 here.
        DynamicImage::ImageLuma16(_) | DynamicImage::ImageLumaA16(_) => {
            count_runs(image.to_luma16().as_raw(), |value| [u8::try_from(value).unwrap_or(u8::MAX); 3])
        }
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageLumaA8(_) => {
            count_runs(image.to_luma8().as_raw(), |value| [value / scale; 3])
        }
        _ => count_runs(image.to_rgb8().as_raw().as_chunks::<3>().0, |color| color),
    };
    Ok(if header.lossy { gather(counts) } else { counts })
}

fn count_runs<P: Copy + PartialEq>(pixels: &[P], color: impl Fn(P) -> [u8; 3]) -> Counts {
    let mut counts = Counts::new();
    for run in pixels.chunk_by(|a, b| a == b) {
        *counts.entry(color(run[0])).or_insert(0) += run.len() as u64;
    }
    counts
}

/// Undoes what JPEG does to flat colours: each joins a more frequent one within reach.
fn gather(counts: Counts) -> Counts {
    let mut list: Vec<([u8; 3], u64)> = counts.into_iter().collect();
    list.sort_unstable_by_key(|(color, n)| (std::cmp::Reverse(*n), *color));
    let mut centres: Vec<([u8; 3], u64)> = Vec::new();
    for (color, n) in list {
        match centres.iter_mut().find(|(centre, _)| masks::distance(*centre, color) <= masks::LOSSY_REACH) {
            Some((_, count)) => *count += n,
            None => centres.push((color, n)),
        }
    }
    centres.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(list: &[([u8; 3], u64)]) -> Counts {
        list.iter().copied().collect()
    }

    #[test]
    fn rare_colours_make_no_class_and_the_order_is_stable() {
        let total = counts(&[([1, 2, 3], 50_000), ([9, 9, 9], 50_000), ([4, 4, 4], 2), ([7, 0, 0], 60_000)]);
        assert_eq!(frequent(&total), [[7, 0, 0], [1, 2, 3], [9, 9, 9]]);
    }

    #[test]
    fn value_255_is_unlabelled_but_not_in_a_binary_mask() {
        let several = by_value(&[[0; 3], [255; 3], [3; 3]]).unwrap();
        assert_eq!(several.values, [Some(0), Some(3)]);
        assert_eq!(several.classes.name(1), "value 3");
        assert_eq!(by_value(&[[0; 3], [255; 3]]).unwrap().values, [Some(0), Some(255)]);
        assert!(by_value(&[[0; 3]]).is_none());
    }

    #[test]
    fn jpeg_noise_joins_the_colour_it_came_from() {
        let gathered = gather(counts(&[([0; 3], 900), ([3; 3], 40), ([255; 3], 100), ([250; 3], 9)]));
        assert_eq!(gathered, counts(&[([0; 3], 940), ([255; 3], 109)]));
    }
}
