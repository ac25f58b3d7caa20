//! Logits of all pixels of a tile. A linear map commutes with interpolation, so the logits of a coarse map are computed
//! cell by cell, and those of maps with the same stride are added before they are interpolated.

use std::ops::Range;

use half::slice::HalfFloatSliceExt as _;
use rayon::prelude::*;

use super::feature_map::{FeatureMap, Neighbours};
use super::logistic::Linear;
use super::scaling::Scaling;
use super::tile_features::TileFeatures;
use crate::kernels::matrix::{Layout, multiply};

/// What a linear head says of a tile's maps.
pub(super) struct Levels<'a> {
    classes: usize,
    width: usize,
    intercepts: Vec<f32>,
    coarse: Vec<Level>,
    /// The map with a cell a pixel is too large for logits of its own: they are computed row by row.
    full: Option<(&'a FeatureMap, Vec<f32>)>,
}

/// Logits on the cells of a stride, as far as they are needed.
struct Level {
    stride: usize,
    width: usize,
    /// Rows of cells of the map.
    height: usize,
    /// The first row that is kept.
    first: usize,
    /// `[rows, classes, width]`
    logits: Vec<f32>,
}

impl<'a> Levels<'a> {
    /// Logits for some rows of pixels.
    pub(super) fn new(features: &'a TileFeatures, linear: &Linear, scaling: &[Scaling], rows: &Range<usize>) -> Self {
        let classes = linear.classes();
        let intercepts = linear.intercepts().to_vec();
        let mut levels = Self { classes, width: features.size()[0], intercepts, coarse: Vec::new(), full: None };
        for (map, group) in features.maps().iter().zip(features.groups()) {
            let weights = levels.unscaled(linear, scaling, &group.values);
            if map.stride == 1 {
                levels.full = Some((map, weights));
            } else {
                levels.level_of(map, rows).add(map, &weights, classes);
            }
        }
        levels
    }

    /// The weights of a map's channels on its stored values, `[classes, channels]`; their means go into the intercepts.
    fn unscaled(&mut self, linear: &Linear, scaling: &[Scaling], group: &Range<usize>) -> Vec<f32> {
        let mut weights = Vec::with_capacity(self.classes * group.len());
        for (row, intercept) in linear.weights().chunks(linear.features()).zip(&mut self.intercepts) {
            for (&weight, scaling) in row[group.clone()].iter().zip(&scaling[group.clone()]) {
                let weight = weight * scaling.factor;
                *intercept -= weight * scaling.mean;
                weights.push(weight);
            }
        }
        weights
    }

    fn level_of(&mut self, map: &FeatureMap, rows: &Range<usize>) -> &mut Level {
        let fits = |level: &Level| [level.stride, level.width, level.height] == [map.stride, map.width, map.height];
        let place = self.coarse.iter().position(fits).unwrap_or_else(|| {
            let cells_of = |y: usize| Neighbours::of_pixel(y, map.stride, map.height).cells;
            let [first, last] = [cells_of(rows.start)[0], cells_of(rows.end.saturating_sub(1))[1]];
            let logits = vec![0.0; self.classes * map.width * (last + 1 - first)];
            self.coarse.push(Level { stride: map.stride, width: map.width, height: map.height, first, logits });
            self.coarse.len() - 1
        });
        &mut self.coarse[place]
    }

    /// Logits of a row of pixels: `[classes, width]`.
    pub(super) fn row(&self, y: usize, logits: &mut [f32]) {
        match &self.full {
            Some((map, weights)) => add_row(map, weights, self.classes, y, logits, false),
            None => logits.fill(0.0),
        }
        for (row, &intercept) in logits.chunks_mut(self.width).zip(&self.intercepts) {
            row.iter_mut().for_each(|logit| *logit += intercept);
        }
        self.coarse.iter().for_each(|level| level.add_to_pixels(y, self.classes, self.width, logits));
    }
}

/// Logits of a row of cells: `[classes, width]`.
fn add_row(map: &FeatureMap, weights: &[f32], classes: usize, y: usize, logits: &mut [f32], accumulate: bool) {
    let mut row = vec![0.0; map.channels * map.width];
    map.row(y).convert_to_f32_slice(&mut row);
    let row = (&row[..], Layout::row_major(map.channels, map.width));
    let weights = (weights, Layout::row_major(classes, map.channels));
    multiply((logits, Layout::row_major(classes, map.width)), weights, row, accumulate);
}

impl Level {
    fn add(&mut self, map: &FeatureMap, weights: &[f32], classes: usize) {
        let rows = self.logits.par_chunks_mut(classes * map.width).enumerate();
        rows.for_each(|(y, logits)| add_row(map, weights, classes, self.first + y, logits, true));
    }

    /// Adds this level to a row of pixels, interpolated as in [`FeatureMap::at_pixel`].
    fn add_to_pixels(&self, y: usize, classes: usize, width: usize, logits: &mut [f32]) {
        let row = Neighbours::of_pixel(y, self.stride, self.height);
        let len = classes * self.width;
        let [above, below] = row.cells.map(|cell| &self.logits[(cell - self.first) * len..][..len]);
        let between: Vec<f32> = above.iter().zip(below).map(|(&a, &b)| (b - a).mul_add(row.share, a)).collect();
        let lead = (self.stride / 2).min(width);
        let shares: Vec<f32> = (0..self.stride).map(|i| (i as f32 + 0.5) / self.stride as f32).collect();
        for (row, cells) in logits.chunks_mut(width).zip(between.chunks(self.width)) {
            row[..lead].iter_mut().for_each(|logit| *logit += cells[0]);
            for (left, pixels) in row[lead..].chunks_mut(self.stride).enumerate() {
                let [here, next] = [left, left + 1].map(|cell| cells[cell.min(self.width - 1)]);
                pixels.iter_mut().zip(&shares).for_each(|(logit, share)| *logit += (next - here) * share + here);
            }
        }
    }
}
