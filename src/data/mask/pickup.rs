//! Classes picked up from the masks themselves, where no file names them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::class_order::ClassOrder;
use super::{edges, reader};
use crate::data::DataError;
use crate::data::classes::classes_file::OWN_FILE;
use crate::data::classes::hex::hex;
use crate::data::classes::legend::Legend;
use crate::data::classes::palette::palette;
use crate::data::raster::images;
use crate::data::raster::mask_raster::{MaskRaster, NO_VALUE, Pixels};
use crate::domain::class::{ClassError, MAX_CLASSES};
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

/// What a sample at one mask tells.
struct MaskSample<'a> {
    path: &'a Path,
    content: Content,
}

enum Content {
    /// Values of one channel, or of three equal ones.
    Values {
        counts: Counts<i32>,
        /// The file has three channels: its values may be colours.
        channels: bool,
    },
    /// Colours, and those of them that are met in runs of three and more.
    Colors {
        counts: Counts<[u8; 3]>,
        solid: BTreeSet<[u8; 3]>,
        lossy: bool,
        /// VOC's boundary was among them, and is left out.
        boundary: bool,
    },
}

/// Reads masks spread evenly over the tiles and makes a class of every colour or value that is frequent enough. Classes
/// picked up before keep their places. `None` if there are no masks, or less than two classes in them.
pub(crate) fn pick_up(paths: &[&Path], notes: &mut Vec<String>, root: &Path) -> Result<Option<Legend>, DataError> {
    let samples = sample_masks(paths, MAX_MASKS)?;
    let before = ClassOrder::read(root);
    let by_colors = samples.iter().any(|sample| matches!(sample.content, Content::Colors { .. }));
    let has_boundary = samples.iter().any(|sample| matches!(sample.content, Content::Colors { boundary: true, .. }));
    let legend = match by_colors {
        true => by_color(&before.order_colors(&colors(&samples, root)?)),
        false => by_value(&before.order_values(&values(&samples, root)?)),
    };
    let too_many = |count: usize| DataError::content(interpolated(count, "colours and values"), root);
    let legend = match legend {
        Err(ClassError::TooMany(count)) => return Err(too_many(count)),
        legend => legend.ok().map(|legend| match has_boundary {
            true => Legend { unlabelled: vec![VOC_BOUNDARY], ..legend },
            false => legend,
        }),
    };
    if let Some(legend) = &legend {
        notes.push(format!(
            "{} classes were picked up from {} of {} masks: name them in the window or in {OWN_FILE}",
            legend.classes.len(),
            samples.len(),
            paths.len()
        ));
    }
    Ok(legend)
}

/// What masks that are named as DeepGlobe names them hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resemblance {
    /// DeepGlobe's colours; or there are no masks to say otherwise.
    DeepGlobe,
    /// Other colours, most frequent first.
    Foreign(Vec<[u8; 3]>),
    /// Black, white and grays alone, which say nothing: DeepGlobe's roads are white on black.
    Grays,
}

/// Looks at some of the masks.
pub(crate) fn resemblance(paths: &[&Path]) -> Resemblance {
    const SAMPLES: usize = 8;
    let samples = sample_masks(paths, SAMPLES).unwrap_or_default();
    if samples.is_empty() {
        return Resemblance::DeepGlobe;
    }
    let classes = Classes::deepglobe();
    let (mut foreign, mut own) = (Counts::new(), 0);
    for sample in samples {
        let Content::Colors { counts, .. } = sample.content else { continue };
        for (color, n) in counts.into_iter().filter(|([r, g, b], _)| r != g || g != b) {
            let is_own = reader::snap(color).is_some_and(|color| classes.index_of_color(color).is_some());
            if is_own { own += n } else { *foreign.entry(color).or_insert(0) += n }
        }
    }
    match (own, foreign.values().sum::<u64>()) {
        (0, 0) => Resemblance::Grays,
        (own, foreign) if own >= foreign => Resemblance::DeepGlobe,
        _ => Resemblance::Foreign(most_frequent(foreign)),
    }
}

/// Two classes to start from where nothing is known.
pub(crate) fn starter() -> Legend {
    let class = |i: usize| ClassDef { name: format!("class {}", i + 1), color: palette(i), ignored: false };
    Legend::of(Classes::new(vec![class(0), class(1)]).unwrap_or_default())
}

/// Looks at masks spread evenly. One that cannot be decoded is reported when its tile is read.
fn sample_masks<'a>(paths: &[&'a Path], most: usize) -> Result<Vec<MaskSample<'a>>, DataError> {
    let read = paths.len().min(most);
    let chosen: Vec<&Path> = (0..read).map(|i| paths[i * paths.len() / read]).collect();
    let sampled: Vec<Result<Option<MaskSample<'a>>, DataError>> = chosen
        .into_par_iter()
        .map(|path| images::decode_mask(path).ok().map(|raster| sample(path, raster)).transpose())
        .collect();
    sampled.into_iter().filter_map(Result::transpose).collect()
}

fn sample(path: &Path, raster: MaskRaster) -> Result<MaskSample<'_>, DataError> {
    // Where pixels are missing, those left have other neighbours than in the picture: edges are not sampled for.
    let width = raster.valid.as_ref().map_or(raster.size[0] as usize, |_| usize::MAX);
    let content = match existing(raster.pixels, raster.valid.as_ref().map(Validity::flags)) {
        Pixels::Values8(values) => grays(path, &values, width, raster.lossy, false)?,
        Pixels::Values(values) => {
            let mut counts: Counts<i32> = reader::tally(&values, |value| value).into_iter().collect();
            counts.remove(&NO_VALUE);
            check_deep_edges(path, &values, &counts, width)?;
            Content::Values { counts, channels: false }
        }
        Pixels::Indices { indices, colors, transparent } => {
            let color = |index: u8| colors.get(usize::from(index)).copied().unwrap_or([0; 3]);
            check_soft_colors(path, indices.iter().map(|index| color(*index)), width)?;
            let indices: Vec<u8> = indices.into_iter().filter(|index| !transparent.contains(index)).collect();
            let mut counts = Counts::new();
            reader::tally(&indices, color).into_iter().for_each(|(color, n)| *counts.entry(color).or_insert(0) += n);
            let boundary = counts.remove(&VOC_BOUNDARY).is_some();
            Content::Colors { solid: counts.keys().copied().collect(), counts, lossy: false, boundary }
        }
        Pixels::Colors(colors) => match reader::gray_tally(&colors) {
            Some(_) => {
                let values: Vec<u8> = colors.iter().map(|color| color[0]).collect();
                grays(path, &values, width, raster.lossy, true)?
            }
            None => {
                if !raster.lossy {
                    check_soft_colors(path, colors.iter().copied(), width)?;
                }
                Content::Colors {
                    counts: reader::tally(&colors, |color| color).into_iter().collect(),
                    solid: colors.chunk_by(|a, b| a == b).filter(|run| run.len() > 2).map(|run| run[0]).collect(),
                    lossy: raster.lossy,
                    boundary: false,
                }
            }
        },
    };
    let content = match (content, raster.no_data) {
        (Content::Values { mut counts, channels }, Some(no_data)) => {
            counts.remove(&no_data);
            Content::Values { counts, channels }
        }
        (content, _) => content,
    };
    Ok(MaskSample { path, content })
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
fn grays(path: &Path, values: &[u8], width: usize, lossy: bool, channels: bool) -> Result<Content, DataError> {
    let mut counts: Counts<i32> = reader::tally(values, i32::from).into_iter().collect();
    if lossy {
        if counts.len() > 1 && counts.keys().all(|value| *value < 64) {
            return Err(DataError::content(reader::indices_in_jpeg(), path));
        }
        counts = gather(counts, |a: i32, b: i32| a.abs_diff(b) <= u32::from(reader::LOSSY_REACH));
    } else if counts.len() > 3 {
        if let Some(levels) = edges::binary_levels(values, width) {
            counts.retain(|value, _| levels.map(i32::from).contains(value));
        } else if edges::is_interpolated(values, width) {
            return Err(DataError::content(interpolated(counts.len(), "gray levels"), path));
        }
    }
    Ok(Content::Values { counts, channels })
}

/// Colours with soft edges are refused, as far as their brightness tells: classes were drawn, what lies between them was not.
fn check_soft_colors(path: &Path, colors: impl Iterator<Item = [u8; 3]>, width: usize) -> Result<(), DataError> {
    /// So many colours may well be drawn.
    const FEW: usize = 8;
    let mut seen = BTreeSet::new();
    let mut last = None;
    let brightness = |color: [u8; 3]| {
        if last != Some(color) {
            (last, _) = (Some(color), seen.insert(color));
        }
        (color.iter().map(|channel| u16::from(*channel)).sum::<u16>() / 3) as u8
    };
    let levels: Vec<u8> = colors.map(brightness).collect();
    let is_soft = || edges::binary_levels(&levels, width).is_some() || edges::is_interpolated(&levels, width);
    if seen.len() > FEW && is_soft() {
        return Err(DataError::content(interpolated(seen.len(), "colours"), path));
    }
    Ok(())
}

/// Deep values with soft edges are refused: which levels were meant cannot be told from the file alone.
fn check_deep_edges(path: &Path, values: &[i32], counts: &Counts<i32>, width: usize) -> Result<(), DataError> {
    let Some((most, _)) = counts.last_key_value().filter(|_| counts.len() > 3) else { return Ok(()) };
    let level = |value: &i32| (i64::from((*value).max(0)) * 255 / i64::from((*most).max(1))) as u8;
    let levels: Vec<u8> = values.iter().map(level).collect();
    if edges::binary_levels(&levels, width).is_some() || edges::is_interpolated(&levels, width) {
        return Err(DataError::content(interpolated(counts.len(), "values"), path));
    }
    Ok(())
}

/// All values, in order.
fn values(samples: &[MaskSample<'_>], root: &Path) -> Result<Vec<u16>, DataError> {
    let counts = samples.iter().filter_map(|sample| match &sample.content {
        Content::Values { counts, .. } => Some(counts),
        Content::Colors { .. } => None,
    });
    let all: BTreeSet<i32> = counts.flat_map(BTreeMap::keys).copied().collect();
    let mut classes: Vec<u16> = all.into_iter().filter_map(|value| u16::try_from(value).ok()).collect();
    // Unlabelled, unless there would be nothing left to tell apart: masks of 0 and 255, or of 0 and 65535.
    for unlabelled in [u16::MAX, 255] {
        if classes.len() > 2 {
            classes.retain(|value| *value != unlabelled);
        }
    }
    if classes.len() > MAX_CLASSES {
        let path = samples.first().map_or(root, |sample| sample.path);
        return Err(DataError::content(interpolated(classes.len(), "values"), path));
    }
    Ok(classes)
}

/// All colours with enough pixels, in order.
fn colors(samples: &[MaskSample<'_>], root: &Path) -> Result<Vec<[u8; 3]>, DataError> {
    let mut total = Counts::new();
    let mut drawn = BTreeSet::new();
    for sample in samples {
        match &sample.content {
            Content::Colors { counts, solid, lossy, .. } => {
                let near = |a, b| reader::distance(a, b) <= reader::LOSSY_REACH;
                let counts = if *lossy { gather(counts.clone(), near) } else { counts.clone() };
                counts.into_iter().for_each(|(color, n)| *total.entry(color).or_insert(0) += n);
                drawn.extend(solid.iter().copied());
            }
            // A picture of colours may be all gray; a single channel beside colours holds values.
            Content::Values { counts, channels: true } => counts.iter().for_each(|(gray, n)| {
                let color = [*gray as u8; 3];
                drawn.insert(color);
                *total.entry(color).or_insert(0) += n;
            }),
            Content::Values { .. } => {}
        }
    }
    let found = frequent(&total);
    let undrawn = found.iter().filter(|color| !drawn.contains(*color)).count();
    if found.len() > MAX_CLASSES || (found.len() > MAX_DRAWN && undrawn * 2 > found.len()) {
        let most = |sample: &&MaskSample<'_>| match &sample.content {
            Content::Colors { counts, .. } => counts.len(),
            Content::Values { .. } => 0,
        };
        let worst = samples.iter().max_by_key(most).map_or(root, |sample| sample.path);
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

fn by_color(colors: &[[u8; 3]]) -> Result<Legend, ClassError> {
    let class = |color: &[u8; 3]| ClassDef { name: format!("class {}", hex(*color)), color: *color, ignored: false };
    Legend::new(colors.iter().map(class).collect())
}

fn by_value(values: &[u16]) -> Result<Legend, ClassError> {
    let class =
        |(i, value): (usize, &u16)| ClassDef { name: format!("value {value}"), color: palette(i), ignored: false };
    let legend = Legend::new(values.iter().enumerate().map(class).collect())?;
    Ok(Legend { values: values.iter().copied().map(Some).collect(), ..legend })
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
        let of = |list: &[i32]| {
            let counts = list.iter().map(|value| (*value, 9)).collect();
            let sample = MaskSample { path: Path::new("m"), content: Content::Values { counts, channels: false } };
            values(&[sample], Path::new("")).unwrap()
        };
        assert_eq!(of(&[0, 3, 255]), [0, 3]);
        assert_eq!(of(&[0, 255]), [0, 255]);
        assert_eq!(of(&[0, 65_535]), [0, 65_535]);
        assert_eq!(of(&[111, 311, 255, 65_535, 523]), [111, 311, 523]);
        assert_eq!(by_value(&[1, 3]).unwrap().classes.name(1), "value 3");
        assert!(by_value(&[0]).is_err());
    }

    #[test]
    fn jpeg_noise_joins_the_colour_it_came_from() {
        let near = |a, b| reader::distance(a, b) <= reader::LOSSY_REACH;
        let gathered = gather(counts(&[([0; 3], 900), ([3; 3], 40), ([255; 3], 100), ([250; 3], 9)]), near);
        assert_eq!(gathered, counts(&[([0; 3], 940), ([255; 3], 109)]));
    }
}
