//! Samples the content of masks, to derive classes from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::colors::LOSSY_REACH;
use super::edges;
use super::faults::{indices_in_jpeg, too_many_classes};
use super::tally::{gray_tally, tally};
use crate::data::DataError;
use crate::data::raster::images;
use crate::data::raster::mask_raster::{MaskRaster, NO_VALUE, Pixels};
use crate::domain::Validity;

/// Colour of object boundaries in Pascal VOC masks.
pub(super) const VOC_BOUNDARY: [u8; 3] = [224, 224, 192];

pub(super) type Counts<K> = BTreeMap<K, u64>;

/// The content of one mask.
pub(super) struct MaskSample<'a> {
    pub(super) path: &'a Path,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// Values of one channel or of three equal ones.
    Values {
        counts: Counts<i32>,
        /// The file has three channels, so its values may be colours.
        channels: bool,
    },
    /// Colours.
    Colors {
        counts: Counts<[u8; 3]>,
        /// Colours that occur in runs of at least three pixels.
        solid: BTreeSet<[u8; 3]>,
        lossy: bool,
        /// [`VOC_BOUNDARY`] occurred and was left out.
        boundary: bool,
    },
}

/// Samples up to `most` masks spread evenly. A mask that cannot be decoded is reported when its tile is read.
pub(super) fn sample_masks<'a>(paths: &[&'a Path], most: usize) -> Result<Vec<MaskSample<'a>>, DataError> {
    let read = paths.len().min(most);
    let chosen: Vec<&Path> = (0..read).map(|i| paths[i * paths.len() / read]).collect();
    let sampled: Vec<Result<Option<MaskSample<'a>>, DataError>> = chosen
        .into_par_iter()
        .map(|path| images::decode_mask(path).ok().map(|raster| sample(path, raster)).transpose())
        .collect();
    sampled.into_iter().filter_map(Result::transpose).collect()
}

fn sample(path: &Path, raster: MaskRaster) -> Result<MaskSample<'_>, DataError> {
    // If pixels are missing, the rest have new neighbours: edges are not sampled for.
    let width = raster.valid.as_ref().map_or(raster.size[0] as usize, |_| usize::MAX);
    let content = match existing(raster.pixels, raster.valid.as_ref().map(Validity::flags)) {
        Pixels::Values8(values) => grays(path, &values, width, raster.lossy, false)?,
        Pixels::Values(values) => {
            let mut counts: Counts<i32> = tally(&values, |value| value).into_iter().collect();
            counts.remove(&NO_VALUE);
            check_deep_edges(path, &values, &counts, width)?;
            Content::Values { counts, channels: false }
        }
        Pixels::Indices { indices, colors, transparent } => {
            let color = |index: u8| colors.get(usize::from(index)).copied().unwrap_or([0; 3]);
            check_soft_colors(path, indices.iter().map(|index| color(*index)), width)?;
            let indices: Vec<u8> = indices.into_iter().filter(|index| !transparent.contains(index)).collect();
            let mut counts = Counts::new();
            tally(&indices, color).into_iter().for_each(|(color, n)| *counts.entry(color).or_insert(0) += n);
            let boundary = counts.remove(&VOC_BOUNDARY).is_some();
            Content::Colors { solid: counts.keys().copied().collect(), counts, lossy: false, boundary }
        }
        Pixels::Colors(colors) => match gray_tally(&colors) {
            Some(_) => {
                let values: Vec<u8> = colors.iter().map(|color| color[0]).collect();
                grays(path, &values, width, raster.lossy, true)?
            }
            None => {
                if !raster.lossy {
                    check_soft_colors(path, colors.iter().copied(), width)?;
                }
                Content::Colors {
                    counts: tally(&colors, |color| color).into_iter().collect(),
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

/// Drops missing pixels. Where any are missing, the rest form one row with new neighbours.
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

/// 8-bit values without the levels that JPEG compression or smoothing has added.
fn grays(path: &Path, values: &[u8], width: usize, lossy: bool, channels: bool) -> Result<Content, DataError> {
    let mut counts: Counts<i32> = tally(values, i32::from).into_iter().collect();
    if lossy {
        if counts.len() > 1 && counts.keys().all(|value| *value < 64) {
            return Err(DataError::content(indices_in_jpeg(), path));
        }
        counts = gather(counts, |a: i32, b: i32| a.abs_diff(b) <= u32::from(LOSSY_REACH));
    } else if counts.len() > 3 {
        if let Some(levels) = edges::binary_levels(values, width) {
            counts.retain(|value, _| levels.map(i32::from).contains(value));
        } else if edges::is_interpolated(values, width) {
            return Err(DataError::content(too_many_classes(counts.len(), "gray levels"), path));
        }
    }
    Ok(Content::Values { counts, channels })
}

/// Refuses colours with soft edges, judged by brightness: the blended colours are not classes.
fn check_soft_colors(path: &Path, colors: impl Iterator<Item = [u8; 3]>, width: usize) -> Result<(), DataError> {
    /// Up to this many colours may be classes.
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
        return Err(DataError::content(too_many_classes(seen.len(), "colours"), path));
    }
    Ok(())
}

/// Refuses deep values with soft edges: the file alone does not tell which levels are classes.
fn check_deep_edges(path: &Path, values: &[i32], counts: &Counts<i32>, width: usize) -> Result<(), DataError> {
    let Some((most, _)) = counts.last_key_value().filter(|_| counts.len() > 3) else { return Ok(()) };
    let level = |value: &i32| (i64::from((*value).max(0)) * 255 / i64::from((*most).max(1))) as u8;
    let levels: Vec<u8> = values.iter().map(level).collect();
    if edges::binary_levels(&levels, width).is_some() || edges::is_interpolated(&levels, width) {
        return Err(DataError::content(too_many_classes(counts.len(), "values"), path));
    }
    Ok(())
}

/// Undoes JPEG noise: each key joins a more frequent one that is near.
pub(super) fn gather<K: Copy + Ord>(counts: Counts<K>, near: impl Fn(K, K) -> bool) -> Counts<K> {
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
