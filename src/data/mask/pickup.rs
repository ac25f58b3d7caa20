//! Derives classes from the masks themselves, where no file names them.

use std::collections::BTreeSet;
use std::path::Path;

use super::class_order::ClassOrder;
use super::colors::{LOSSY_REACH, distance, snap};
use super::faults::too_many_classes;
use super::sample::{Content, Counts, MaskSample, VOC_BOUNDARY, gather, sample_masks};
use crate::data::DataError;
use crate::data::classes::classes_file::OWN_FILE;
use crate::data::classes::known::{KnownDataset, name_of_color, name_of_value};
use crate::data::classes::legend::Legend;
use crate::data::classes::palette::palette;
use crate::domain::class::{ClassError, MAX_CLASSES};
use crate::domain::{ClassDef, Classes};

/// Maximum number of masks that are read.
const MAX_MASKS: usize = 64;

/// Maximum number of masks that are read where the names tell the dataset already: its scenes are large.
const MASKS_TO_RECOGNISE: usize = 8;

/// Up to this many colours are accepted as classes. Of more, at least half must occur in runs.
const MAX_DRAWN: usize = 32;

/// Minimum share of pixels of a class.
const MIN_SHARE: f64 = 1e-4;

/// Classes that were derived from masks.
pub(crate) struct PickedUp {
    /// The classes.
    pub(crate) legend: Legend,
    /// They are those of a known dataset.
    pub(crate) known: Option<KnownDataset>,
}

/// The classes of masks: those stored for the project, and what the masks add to them. Where nothing is stored, and the masks can
/// be those of `named`, the dataset that the files are named like, its classes are taken instead. A dataset that was recognised
/// stays so, whatever masks are added. `None` if there are no masks or fewer than two classes in them.
pub(crate) fn pick_up(
    paths: &[&Path],
    named: Option<KnownDataset>,
    notes: &mut Vec<String>,
    root: &Path,
) -> Result<Option<PickedUp>, DataError> {
    let stored = ClassOrder::read(root);
    let known = match named.filter(|_| stored.is_empty()) {
        Some(known) => recognise(known, paths, root)?.map(|legend| (known, legend)),
        None => stored.recognised(),
    };
    if let Some((known, legend)) = known {
        notes.push(known.note(&legend.classes));
        return Ok(Some(PickedUp { legend, known: Some(known) }));
    }
    let legend = from_masks(paths, &stored, notes, root)?;
    Ok(legend.map(|legend| PickedUp { legend, known: None }))
}

/// Samples masks spread evenly and makes a class of every colour or value that is frequent enough, after those of `before`. `None`
/// if that gives fewer than two classes.
pub(crate) fn from_masks(
    paths: &[&Path],
    before: &ClassOrder,
    notes: &mut Vec<String>,
    root: &Path,
) -> Result<Option<Legend>, DataError> {
    let samples = sample_masks(paths, MAX_MASKS)?;
    let has_boundary = samples.iter().any(|sample| matches!(sample.content, Content::Colors { boundary: true, .. }));
    let legend = match are_colors(&samples) {
        true => by_color(&before.order_colors(&colors(&samples, root)?)),
        false => by_value(&before.order_values(&values(&samples, root)?)),
    };
    let too_many = |count: usize| DataError::content(too_many_classes(count, "colours and values"), root);
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

/// The classes of a dataset, if the masks can be its own.
fn recognise(known: KnownDataset, paths: &[&Path], root: &Path) -> Result<Option<Legend>, DataError> {
    let samples = sample_masks(paths, MASKS_TO_RECOGNISE)?;
    Ok(match are_colors(&samples) {
        true => {
            let (total, _) = color_counts(&samples);
            known.of_colors(&with_counts(colors(&samples, root)?, |color| total.get(&color)))
        }
        false => {
            let total = value_counts(&samples);
            known.of_values(&with_counts(values(&samples, root)?, |value| total.get(&i32::from(value))))
        }
    })
}

fn with_counts<'a, K: Copy>(found: Vec<K>, count: impl Fn(K) -> Option<&'a u64>) -> Vec<(K, u64)> {
    found.into_iter().map(|code| (code, count(code).copied().unwrap_or(0))).collect()
}

fn are_colors(samples: &[MaskSample<'_>]) -> bool {
    samples.iter().any(|sample| matches!(sample.content, Content::Colors { .. }))
}

/// How the content of masks that are named like DeepGlobe's compares to DeepGlobe.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resemblance {
    /// DeepGlobe's colours, or there are no masks.
    DeepGlobe,
    /// Other colours, most frequent first.
    Foreign(Vec<[u8; 3]>),
    /// Only grays, which decides nothing: masks of DeepGlobe's road task are white on black.
    Grays,
}

/// Compares a sample of the masks to DeepGlobe.
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
            let is_own = snap(color).is_some_and(|color| classes.index_of_color(color).is_some());
            if is_own { own += n } else { *foreign.entry(color).or_insert(0) += n }
        }
    }
    match (own, foreign.values().sum::<u64>()) {
        (0, 0) => Resemblance::Grays,
        (own, foreign) if own >= foreign => Resemblance::DeepGlobe,
        _ => Resemblance::Foreign(most_frequent(foreign)),
    }
}

/// Two placeholder classes for projects where nothing is known.
pub(crate) fn starter() -> Legend {
    let class = |i: usize| ClassDef { name: format!("class {}", i + 1), color: palette(i), ignored: false };
    Legend::of(Classes::new(vec![class(0), class(1)]).unwrap_or_default())
}

/// Pixels of each value.
fn value_counts(samples: &[MaskSample<'_>]) -> Counts<i32> {
    let mut total = Counts::new();
    for sample in samples {
        if let Content::Values { counts, .. } = &sample.content {
            counts.iter().for_each(|(value, n)| *total.entry(*value).or_insert(0) += n);
        }
    }
    total
}

/// All values in ascending order.
fn values(samples: &[MaskSample<'_>], root: &Path) -> Result<Vec<u16>, DataError> {
    let all = value_counts(samples).into_keys();
    let mut classes: Vec<u16> = all.filter_map(|value| u16::try_from(value).ok()).collect();
    // These mean "unlabelled", except in binary masks of 0 and 255, or of 0 and 65535.
    for unlabelled in [u16::MAX, 255] {
        if classes.len() > 2 {
            classes.retain(|value| *value != unlabelled);
        }
    }
    if classes.len() > MAX_CLASSES {
        let path = samples.first().map_or(root, |sample| sample.path);
        return Err(DataError::content(too_many_classes(classes.len(), "values"), path));
    }
    Ok(classes)
}

/// Pixels of each colour, and the colours that occur in runs.
fn color_counts(samples: &[MaskSample<'_>]) -> (Counts<[u8; 3]>, BTreeSet<[u8; 3]>) {
    let mut total = Counts::new();
    let mut drawn = BTreeSet::new();
    for sample in samples {
        match &sample.content {
            Content::Colors { counts, solid, lossy, .. } => {
                let near = |a, b| distance(a, b) <= LOSSY_REACH;
                let counts = if *lossy { gather(counts.clone(), near) } else { counts.clone() };
                counts.into_iter().for_each(|(color, n)| *total.entry(color).or_insert(0) += n);
                drawn.extend(solid.iter().copied());
            }
            // A colour mask may happen to be all gray. One-channel masks beside colour masks hold values.
            Content::Values { counts, channels: true } => counts.iter().for_each(|(gray, n)| {
                let color = [*gray as u8; 3];
                drawn.insert(color);
                *total.entry(color).or_insert(0) += n;
            }),
            Content::Values { .. } => {}
        }
    }
    (total, drawn)
}

/// All colours with enough pixels in ascending order.
fn colors(samples: &[MaskSample<'_>], root: &Path) -> Result<Vec<[u8; 3]>, DataError> {
    let (total, drawn) = color_counts(samples);
    let found = frequent(&total);
    let undrawn = found.iter().filter(|color| !drawn.contains(*color)).count();
    if found.len() > MAX_CLASSES || (found.len() > MAX_DRAWN && undrawn * 2 > found.len()) {
        let most = |sample: &&MaskSample<'_>| match &sample.content {
            Content::Colors { counts, .. } => counts.len(),
            Content::Values { .. } => 0,
        };
        let worst = samples.iter().max_by_key(most).map_or(root, |sample| sample.path);
        return Err(DataError::content(too_many_classes(found.len(), "colours"), worst));
    }
    Ok(found)
}

fn by_color(colors: &[[u8; 3]]) -> Result<Legend, ClassError> {
    let class = |color: &[u8; 3]| ClassDef { name: name_of_color(*color), color: *color, ignored: false };
    Legend::new(colors.iter().map(class).collect())
}

fn by_value(values: &[u16]) -> Result<Legend, ClassError> {
    let class = |(i, value): (usize, &u16)| ClassDef { name: name_of_value(*value), color: palette(i), ignored: false };
    let legend = Legend::new(values.iter().enumerate().map(class).collect())?;
    Ok(Legend { values: values.iter().copied().map(Some).collect(), ..legend })
}

/// Colours with enough pixels, ordered by colour so that the order does not depend on other masks.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn counts<K: Ord + Copy>(list: &[(K, u64)]) -> Counts<K> {
        list.iter().copied().collect()
    }

    #[test]
    fn rare_colours_are_dropped_and_the_order_is_by_colour() {
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
        let near = |a, b| distance(a, b) <= LOSSY_REACH;
        let gathered = gather(counts(&[([0; 3], 900), ([3; 3], 40), ([255; 3], 100), ([250; 3], 9)]), near);
        assert_eq!(gathered, counts(&[([0; 3], 940), ([255; 3], 109)]));
    }
}
