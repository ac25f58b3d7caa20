//! Gated conditional random field: near pixels of like colour should be predicted alike, whether they have labels or not.

use rayon::prelude::*;

use super::crf_cells::{COLOURS, Cells, whole_cells};
use super::exponential::exp_or_zero;
use super::softmax_rows::{self, in_planes};
use crate::kernels::memory::Buffer;
use crate::kernels::shape::Shape;
use crate::kernels::simd::simd_fn;

/// How much neighbours have to agree (Obukhov et al. 2019, "Gated CRF Loss for Weakly Supervised Semantic Image Segmentation").
///
/// It is computed on a coarse grid. A cell is `grid`×`grid` pixels, all of which exist; its p is the mean of their softmax over the
/// competing classes, its colour the mean of theirs. With `K_ij = exp(−½(|xy_i − xy_j|²/σ_xy² + |rgb_i − rgb_j|²/σ_rgb²))` and D the
/// number of cells, the loss is `grid²/D Σ_i Σ_j K_ij (1 − Σ_c p_i(c) p_j(c))` over the cells j ≠ i that are at most `radius` away along
/// each axis, in any case the next ones. Each neighbour weighs as much as its pixels would; on a grid of 1 it is the published loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GatedCrf {
    /// How far a cell looks along each axis, 1 pixel or more.
    pub radius: usize,
    /// σ_xy in pixels.
    pub sigma_xy: f64,
    /// σ_rgb in the units of the colours.
    pub sigma_rgb: f64,
    /// The side of a cell in pixels, 1 or more.
    pub grid: usize,
}

impl GatedCrf {
    /// What squared distances in cells and in colours are multiplied with.
    pub fn factors(&self) -> [f32; 2] {
        [self.sigma_xy / self.grid as f64, self.sigma_rgb].map(|sigma| (-0.5 / (sigma * sigma)) as f32)
    }

    /// How many cells a cell looks along each axis.
    pub fn reach(&self) -> usize {
        (self.radius / self.grid).max(1)
    }

    /// Pixels of a cell.
    pub fn area(&self) -> usize {
        self.grid * self.grid
    }

    /// Which cells of the images of a batch count: those of which every pixel exists. Pixels at the right and at the bottom that fill no
    /// cell are left out.
    ///
    /// # Shapes
    /// - `exists`: `[batch, height, width]`
    /// - result: `[batch, height / grid, width / grid]`
    pub fn cells(&self, exists: &[bool], size: [usize; 2]) -> Vec<bool> {
        whole_cells(exists, size, self.grid)
    }

    /// The D of the loss.
    pub fn count(&self, exists: &[bool], size: [usize; 2]) -> usize {
        self.cells(exists, size).into_iter().filter(|counts| *counts).count()
    }
}

/// What a batch shows.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Colours of the pixels: `[batch, 3, height, width]`.
    pub colours: &'a [f32],
    /// Which pixels exist: `[batch, height, width]`.
    pub exists: &'a [bool],
    /// Which classes are in the softmax.
    pub competes: &'a [bool],
}

/// Returns the loss and its gradient: by p_i(c) of a pixel it is −2/D Σ_j K_ij p_j(c) of its cell. Both are 0 where no cell counts.
/// Neither the number of threads nor the instruction set changes anything.
///
/// # Shapes
/// - `logits` and the gradient: `shape`
///
/// # Panics
/// When the sizes do not match.
pub fn gated_crf(logits: &[f32], shape: Shape, scene: Scene<'_>, crf: &GatedCrf) -> (f32, Buffer) {
    let plane = shape.plane();
    assert_eq!(scene.exists.len(), shape.batch * plane, "each pixel exists or not");
    assert_eq!(scene.colours.len(), COLOURS * shape.batch * plane, "each pixel needs a colour");
    assert_eq!(scene.competes.len(), shape.channels, "each class competes or not");
    let counts = crf.cells(scene.exists, [shape.height, shape.width]);
    let count = counts.iter().filter(|counts| **counts).count();
    if count == 0 {
        return (0.0, Buffer::zeros(shape.len()));
    }
    let mut by_row = softmax_rows::of(logits, shape, scene.competes);
    let cells = Cells::new((&by_row[..], shape), (scene.colours, &counts[..]), crf.grid, crf.reach());
    let (loss, slopes) = loss_and_slopes(&cells, crf, count);
    softmax_rows::to_gradient(&mut by_row, shape, &slopes, crf.grid);
    ((loss * crf.area() as f64 / count as f64) as f32, in_planes(&by_row, shape))
}

/// The loss times D over the pixels of a cell, and its gradient by the probabilities of a pixel of each cell, row by row: `[batch · height,
/// classes, width]` of the cells.
fn loss_and_slopes(cells: &Cells, crf: &GatedCrf, count: usize) -> (f64, Buffer) {
    let mut slopes = Buffer::new(cells.shape.len());
    let of_rows = slopes.par_chunks_mut(cells.shape.channels * cells.shape.width).enumerate();
    let losses: Vec<f64> = of_rows.map(|(row, slopes)| row_loss(cells, crf, row, count as f32, slopes)).collect();
    (losses.into_iter().sum(), slopes)
}

simd_fn! {
    /// The part of the loss that the cells of a row have, times D over the pixels of a cell. Writes its gradient by the probabilities of a
    /// pixel of each, `[classes, width]`.
    fn row_loss<'a>(
        _simd: S,
        cells: &'a Cells,
        crf: &'a GatedCrf,
        row: usize,
        count: f32,
        slopes: &'a mut [f32],
    ) -> f64 {
        let (reach, Shape { width, .. }) = (cells.reach, cells.shape);
        let (mut total, mut agreement) = (vec![0.0; width], vec![0.0; width]);
        slopes.fill(0.0);
        gather(cells, crf, row, &mut total, slopes);
        for (class, messages) in slopes.chunks_exact(width).enumerate() {
            add_product(&mut agreement, messages, cells.plane(row, class, reach));
        }
        let counts = cells.counts(row, reach);
        let losses = total.iter().zip(&agreement).zip(counts);
        let loss: f64 = losses.map(|((total, agreement), counts)| f64::from(counts * (total - agreement))).sum();
        let factor = -2.0 / count;
        for messages in slopes.chunks_exact_mut(width) {
            messages.iter_mut().zip(counts).for_each(|(message, counts)| *message *= factor * counts);
        }
        loss
    }
}

/// For each cell of a row, adds K over its neighbours to `total`, and K times their probabilities to `messages`.
#[inline(always)]
fn gather(cells: &Cells, crf: &GatedCrf, row: usize, total: &mut [f32], messages: &mut [f32]) {
    let (reach, Shape { height, width, .. }) = (cells.reach, cells.shape);
    let (y, [by_distance, by_colour]) = (row % height, crf.factors());
    let mut kernel = vec![0.0; width];
    for down in y.saturating_sub(reach)..(y + reach + 1).min(height) {
        let other = row - y + down;
        for shift in (0..=2 * reach).filter(|shift| (other, *shift) != (row, reach)) {
            let distance = down.abs_diff(y).pow(2) + shift.abs_diff(reach).pow(2);
            let there = (cells.colours(other, shift), cells.counts(other, shift));
            alike(cells.colours(row, reach), there, by_distance * distance as f32, by_colour, &mut kernel);
            total.iter_mut().zip(&kernel).for_each(|(total, kernel)| *total += *kernel);
            for (class, messages) in messages.chunks_exact_mut(width).enumerate() {
                add_product(messages, &kernel, cells.plane(other, class, shift));
            }
        }
    }
}

/// K of the cells of a row and their neighbours at one distance.
#[inline(always)]
fn alike(
    here: [&[f32]; COLOURS],
    (there, counts): ([&[f32]; COLOURS], &[f32]),
    of_distance: f32,
    by_colour: f32,
    kernel: &mut [f32],
) {
    let width = kernel.len();
    let ([r, g, b], [u, v, w], counts) =
        (here.map(|band| &band[..width]), there.map(|band| &band[..width]), &counts[..width]);
    for (x, kernel) in kernel.iter_mut().enumerate() {
        let [red, green, blue] = [r[x] - u[x], g[x] - v[x], b[x] - w[x]];
        let difference = red * red + green * green + blue * blue;
        *kernel = counts[x] * exp_or_zero(of_distance + by_colour * difference);
    }
}

/// `sum += a · b`
#[inline(always)]
fn add_product(sum: &mut [f32], a: &[f32], b: &[f32]) {
    sum.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
}
