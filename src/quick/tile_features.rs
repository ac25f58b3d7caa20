//! All features of a tile: the stages of an ImageNet encoder at several sizes of the image, and a filter bank.

use std::ops::Range;

use image::RgbImage;
use rayon::prelude::*;

use super::bank::{Colors, bank};
use super::feature_map::{FeatureMap, Moments, Source};
use super::shrink::halved;
use crate::kernels::blur::Plane;
use crate::pretrained::lite0::{self, Encoder, Rows};

/// Which features are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds {
    /// The filter bank.
    pub bank: bool,
    /// Sizes of the image the encoder sees: the full one, then half, then a quarter. 0: no encoder.
    pub scales: u32,
}

impl Kinds {
    /// The filter bank alone.
    pub const BANK: Self = Self { bank: true, scales: 0 };
    /// Filter bank and encoder at full, half and quarter size.
    pub const ALL: Self = Self { bank: true, scales: 3 };
}

/// The features of one map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FeatureGroup {
    /// Where they lie among all features.
    pub(super) values: Range<usize>,
    pub(super) source: Source,
}

/// Features of a tile. About 350 MB for 2448² pixels.
#[derive(Clone, Debug)]
pub struct TileFeatures {
    size: [usize; 2],
    maps: Vec<FeatureMap>,
    moments: Vec<Moments>,
}

impl TileFeatures {
    /// Computes them. Without an encoder only the bank.
    pub fn compute(image: &RgbImage, encoder: Option<&Encoder>, kinds: Kinds) -> Self {
        Self::compute_while(image, encoder, kinds, &|| true).expect("nothing stops it")
    }

    /// The same; `None` once `go_on` says that they are no longer wanted. It is asked every tenth of a second or so.
    pub fn compute_while(
        image: &RgbImage,
        encoder: Option<&Encoder>,
        kinds: Kinds,
        go_on: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let colors = planes(image);
        let mut maps = match encoder {
            Some(encoder) => stages(&colors, encoder, kinds.scales, go_on)?,
            None => Vec::new(),
        };
        if !go_on() {
            return None;
        }
        if kinds.bank {
            maps.extend(bank(&colors));
        }
        let moments = maps.par_iter().flat_map_iter(FeatureMap::moments).collect();
        Some(Self { size: [colors[0].width, colors[0].height], maps, moments })
    }

    /// The outputs of an encoder's stages at strides 2, 4, 8, …, computed elsewhere, as the features of a tile of `[width,
    /// height]` pixels.
    pub fn of_stages(size: [usize; 2], stages: &[Rows]) -> Self {
        let map = |(stage, rows): (usize, &Rows)| {
            FeatureMap::of([rows.width, rows.height], rows.channels, 2 << stage, &rows.values)
        };
        let maps: Vec<FeatureMap> = stages.iter().enumerate().map(map).collect();
        let moments = maps.iter().flat_map(FeatureMap::moments).collect();
        Self { size, maps, moments }
    }

    /// Width and height of the tile.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// Features of a pixel.
    pub fn count(&self) -> usize {
        self.moments.len()
    }

    /// Memory they take.
    pub fn bytes(&self) -> usize {
        self.maps.iter().map(FeatureMap::bytes).sum()
    }

    /// Pixels of the tile.
    pub(super) fn pixels(&self) -> f64 {
        (self.size[0] * self.size[1]) as f64
    }

    pub(super) fn maps(&self) -> &[FeatureMap] {
        &self.maps
    }

    /// Moments of each feature over the tile.
    pub(super) fn moments(&self) -> &[Moments] {
        &self.moments
    }

    /// One group a map.
    pub(super) fn groups(&self) -> Vec<FeatureGroup> {
        let mut end = 0;
        let group = |map: &FeatureMap| {
            end += map.channels;
            FeatureGroup { values: end - map.channels..end, source: map.source }
        };
        self.maps.iter().map(group).collect()
    }

    /// The features at a pixel.
    pub(super) fn at_pixel(&self, pixel: [usize; 2], out: &mut [f32]) {
        at_pixel(self.maps.iter(), pixel, out);
    }

    /// The features of the filter bank at a pixel.
    pub(super) fn bank_at_pixel(&self, pixel: [usize; 2], out: &mut [f32]) {
        at_pixel(self.maps.iter().filter(|map| map.source == Source::Bank), pixel, out);
    }
}

/// The features of some maps at a pixel, one after the other.
fn at_pixel<'a>(maps: impl Iterator<Item = &'a FeatureMap>, pixel: [usize; 2], mut out: &mut [f32]) {
    for map in maps {
        let (of_map, rest) = out.split_at_mut(map.channels);
        map.at_pixel(pixel, of_map);
        out = rest;
    }
}

/// Where the features of the filter bank lie among all.
pub(super) fn bank_values(groups: &[FeatureGroup]) -> Range<usize> {
    let mut of_bank = groups.iter().filter(|group| group.source == Source::Bank).map(|group| &group.values);
    let first = of_bank.next().map_or(0..0, Clone::clone);
    first.start..of_bank.next_back().map_or(first.end, |last| last.end)
}

/// Values from 0 to 1.
fn planes(image: &RgbImage) -> Colors {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let bytes = image.as_raw();
    [0, 1, 2].map(|channel| {
        let values = bytes.par_chunks(3).map(|pixel| f32::from(pixel[channel]) / 255.0).collect();
        Plane { width, height, values }
    })
}

fn stages(colors: &Colors, encoder: &Encoder, scales: u32, go_on: &dyn Fn() -> bool) -> Option<Vec<FeatureMap>> {
    let mut maps = Vec::new();
    let mut image = padded(colors, lite0::STRIDE << scales.saturating_sub(1));
    for scale in 0..scales {
        if scale > 0 {
            image = image.each_ref().map(halved);
        }
        let stages = encoder.stages_while(&normalised(&image), go_on)?;
        maps.extend(stages.into_iter().enumerate().map(|(stage, rows)| {
            let map = FeatureMap::of([rows.width, rows.height], rows.channels, 2 << stage << scale, &rows.values);
            FeatureMap { source: Source::Encoder(scale), ..map }
        }));
    }
    Some(maps)
}

/// The picture with its right and lower border repeated up to a multiple of `multiple` pixels.
fn padded(colors: &Colors, multiple: usize) -> Colors {
    colors.each_ref().map(|plane| {
        let (width, height) = (plane.width.next_multiple_of(multiple), plane.height.next_multiple_of(multiple));
        let mut values = Vec::with_capacity(width * height);
        for y in 0..height {
            let row = plane.row(y.min(plane.height - 1));
            values.extend_from_slice(row);
            values.extend(std::iter::repeat_n(row[plane.width - 1], width - plane.width));
        }
        Plane { width, height, values }
    })
}

/// As the encoder was trained: (x − 127) / 128 of values up to 255.
fn normalised(colors: &Colors) -> Rows {
    let mut rows = Rows::zeros(3, colors[0].width, colors[0].height);
    let width = rows.width;
    rows.values.par_chunks_mut(3 * width).enumerate().for_each(|(y, row)| {
        for (row, plane) in row.chunks_mut(width).zip(colors) {
            row.iter_mut().zip(plane.row(y)).for_each(|(to, &value)| *to = (value * 255.0 - 127.0) / 128.0);
        }
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoder_sees_what_it_was_trained_on_and_the_border_repeats() {
        let image = RgbImage::from_raw(2, 1, vec![255, 127, 0, 0, 255, 127]).expect("two pixels");
        let rows = normalised(&padded(&planes(&image), 4));
        assert_eq!((rows.width, rows.height), (4, 4));
        let red = &rows.row(3)[..4];
        for (got, want) in red.iter().zip([1.0, -127.0 / 128.0, -127.0 / 128.0, -127.0 / 128.0]) {
            assert!((got - want).abs() < 1e-5, "{red:?}");
        }
    }

    #[test]
    fn the_bank_has_43_values_a_pixel() {
        let features = TileFeatures::compute(&RgbImage::new(9, 7), None, Kinds::BANK);
        assert_eq!(features.groups().last().map(|group| group.values.end), Some(43));
        assert_eq!(features.size(), [9, 7]);
    }

    #[test]
    fn the_bank_is_found_among_all_features() {
        let image = RgbImage::from_fn(40, 36, |x, y| image::Rgb([(x * 5) as u8, (y * 7) as u8, 30]));
        let all = TileFeatures::compute(&image, Some(crate::pretrained::built_in()), Kinds::ALL);
        let (groups, bank) = (all.groups(), bank_values(&all.groups()));
        let (mut of_all, mut of_bank) = (vec![0.0; groups.last().expect("groups").values.end], vec![0.0; bank.len()]);
        all.at_pixel([17, 9], &mut of_all);
        all.bank_at_pixel([17, 9], &mut of_bank);
        assert_eq!((bank.len(), of_all[bank].to_vec()), (43, of_bank));
    }
}
