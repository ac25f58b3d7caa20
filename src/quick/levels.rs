//! Logits of the pixels of a part of a tile. A linear map commutes with interpolation, so the logits of a coarse map are
//! computed cell by cell, and those of maps with the same stride are added before they are interpolated.

use std::ops::Range;

use half::slice::HalfFloatSliceExt as _;
use rayon::prelude::*;

use super::feature_map::{FeatureMap, Neighbours};
use super::logistic::Linear;
use super::scaling::Scaling;
use super::tile_features::TileFeatures;
use crate::domain::geometry::PixelRect;
use crate::kernels::matrix::{Layout, multiply};

/// What a head says of a part of a tile.
pub(super) struct Levels<'a> {
    classes: usize,
    /// Columns of pixels.
    columns: Range<usize>,
    intercepts: Vec<f32>,
    coarse: Vec<Level>,
    /// The map with a cell a pixel is too large for logits of its own: they are computed row by row.
    full: Option<(&'a FeatureMap, Vec<f32>)>,
}

/// Logits on the cells of a stride, as far as the part needs them.
pub(super) struct Level {
    stride: usize,
    /// Columns and rows of cells of the whole map.
    size: [usize; 2],
    columns: Range<usize>,
    rows: Range<usize>,
    runs: Vec<Run>,
    /// For each column of pixels: the share of the second cell of its run.
    shares: Vec<f32>,
    /// `[rows, classes, columns]`
    logits: Vec<f32>,
}

/// Neighbouring columns of pixels between the same two cells.
struct Run {
    pixels: Range<usize>,
    /// Places in a row of logits.
    cells: [usize; 2],
}

impl<'a> Levels<'a> {
    /// What is known at the cells of one stride alone.
    pub(super) fn of_cells(level: Level, classes: usize, part: PixelRect) -> Self {
        let [columns, _] = ranges(part);
        Self { classes, columns, intercepts: vec![0.0; classes], coarse: vec![level], full: None }
    }

    /// Logits of a linear head for a part of a tile.
    pub(super) fn new(features: &'a TileFeatures, linear: &Linear, scaling: &[Scaling], part: PixelRect) -> Self {
        let [columns, rows] = ranges(part);
        let (classes, intercepts) = (linear.classes(), linear.intercepts().to_vec());
        let mut levels = Self { classes, columns, intercepts, coarse: Vec::new(), full: None };
        for (map, group) in features.maps().iter().zip(features.groups()) {
            let weights = levels.unscaled(linear, scaling, &group.values);
            if map.stride == 1 {
                levels.full = Some((map, weights));
            } else {
                levels.level_of(map, &rows).add(map, &weights, classes);
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
        let fits = |level: &Level| (level.stride, level.size) == (map.stride, [map.width, map.height]);
        let place = self.coarse.iter().position(fits).unwrap_or_else(|| {
            self.coarse.push(Level::empty((map.stride, [map.width, map.height]), self.classes, &self.columns, rows));
            self.coarse.len() - 1
        });
        &mut self.coarse[place]
    }

    /// Logits of the part of a row of pixels: `[classes, columns]`.
    pub(super) fn row(&self, y: usize, logits: &mut [f32]) {
        match &self.full {
            Some((map, weights)) => add_row(map, weights, y, &self.columns, logits, false),
            None => logits.fill(0.0),
        }
        for (row, &intercept) in logits.chunks_mut(self.columns.len()).zip(&self.intercepts) {
            row.iter_mut().for_each(|logit| *logit += intercept);
        }
        self.coarse.iter().for_each(|level| level.add_to_pixels(y, self.classes, logits));
    }
}

/// Columns and rows of a rectangle.
fn ranges(part: PixelRect) -> [Range<usize>; 2] {
    let range = |start: u32, len: u32| start as usize..(start + len) as usize;
    [range(part.x, part.width), range(part.y, part.height)]
}

/// Logits of some columns of a row of cells: `[classes, columns]`. `weights`: `[classes, channels]`.
fn add_row(map: &FeatureMap, weights: &[f32], y: usize, columns: &Range<usize>, logits: &mut [f32], accumulate: bool) {
    let (count, classes) = (columns.len(), weights.len() / map.channels);
    let mut cells = vec![0.0; map.channels * count];
    for (to, channel) in cells.chunks_mut(count).zip(map.row(y).chunks(map.width)) {
        channel[columns.clone()].convert_to_f32_slice(to);
    }
    let cells = (&cells[..], Layout::row_major(map.channels, count));
    let weights = (weights, Layout::row_major(classes, map.channels));
    multiply((logits, Layout::row_major(classes, count)), weights, cells, accumulate);
}

impl Level {
    /// What `row` writes, `[classes, columns]`, for some columns of each row of the `size` cells of a stride.
    pub(super) fn of_rows(
        (stride, size): (usize, [usize; 2]),
        classes: usize,
        part: PixelRect,
        row: impl Fn(usize, &Range<usize>, &mut [f32]) + Sync,
    ) -> Self {
        let [columns, rows] = ranges(part);
        let mut level = Self::empty((stride, size), classes, &columns, &rows);
        let (first, columns) = (level.rows.start, level.columns.clone());
        let logits = level.logits.par_chunks_mut(classes * columns.len()).enumerate();
        logits.for_each(|(y, logits)| row(first + y, &columns, logits));
        level
    }

    /// Zeros for the cells around some pixels.
    fn empty(
        (stride, size @ [width, height]): (usize, [usize; 2]),
        classes: usize,
        columns: &Range<usize>,
        rows: &Range<usize>,
    ) -> Self {
        let around = |pixels: &Range<usize>, cells: usize| {
            let of = |at: usize| Neighbours::of_pixel(at, stride, cells).cells;
            of(pixels.start)[0]..of(pixels.end.saturating_sub(1))[1] + 1
        };
        let (kept, rows) = (around(columns, width), around(rows, height));
        let neighbours: Vec<Neighbours> = columns.clone().map(|x| Neighbours::of_pixel(x, stride, width)).collect();
        let mut end = 0;
        let run = |same: &[Neighbours]| {
            end += same.len();
            Run { pixels: end - same.len()..end, cells: same[0].cells.map(|cell| cell - kept.start) }
        };
        let runs = neighbours.chunk_by(|a, b| a.cells == b.cells).map(run).collect();
        let shares = neighbours.iter().map(|pixel| pixel.share).collect();
        let logits = vec![0.0; classes * kept.len() * rows.len()];
        Self { stride, size, columns: kept, rows, runs, shares, logits }
    }

    fn add(&mut self, map: &FeatureMap, weights: &[f32], classes: usize) {
        let (first, columns) = (self.rows.start, &self.columns);
        let rows = self.logits.par_chunks_mut(classes * columns.len()).enumerate();
        rows.for_each(|(y, logits)| add_row(map, weights, first + y, columns, logits, true));
    }

    /// Adds this level to the part of a row of pixels, interpolated as in [`FeatureMap::at_pixel`].
    fn add_to_pixels(&self, y: usize, classes: usize, logits: &mut [f32]) {
        let (row, width) = (Neighbours::of_pixel(y, self.stride, self.size[1]), self.columns.len());
        let len = classes * width;
        let [above, below] = row.cells.map(|cell| &self.logits[(cell - self.rows.start) * len..][..len]);
        let between: Vec<f32> = above.iter().zip(below).map(|(&a, &b)| (b - a).mul_add(row.share, a)).collect();
        for (row, cells) in logits.chunks_mut(self.shares.len()).zip(between.chunks(width)) {
            for Run { pixels, cells: [here, next] } in &self.runs {
                let (here, rise) = (cells[*here], cells[*next] - cells[*here]);
                let pixels = row[pixels.clone()].iter_mut().zip(&self.shares[pixels.clone()]);
                pixels.for_each(|(logit, share)| *logit += rise * share + here);
            }
        }
    }
}
