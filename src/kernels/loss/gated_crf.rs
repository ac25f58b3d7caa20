//! Gated conditional random field: near pixels of like colour should be predicted alike, whether they have labels or not.

use rayon::prelude::*;

use super::exponential::exp_or_zero;
use crate::kernels::memory::Buffer;
use crate::kernels::shape::Shape;
use crate::kernels::simd::simd_fn;

/// How much two pixels have to agree (Obukhov et al. 2019, "Gated CRF Loss for Weakly Supervised Semantic Image Segmentation").
///
/// With p the softmax of the competing classes, `K_ij = exp(−½(|xy_i − xy_j|²/σ_xy² + |rgb_i − rgb_j|²/σ_rgb²))` and D the pixels that
/// exist, the loss is `1/D Σ_i Σ_j K_ij (1 − Σ_c p_i(c) p_j(c))` over the pixels j ≠ i that are at most `radius` away along each
/// axis. Pixels that do not exist are neither i nor j.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GatedCrf {
    /// How far a pixel looks along each axis, 1 or more.
    pub radius: usize,
    /// σ_xy in pixels.
    pub sigma_xy: f64,
    /// σ_rgb in the units of the colours.
    pub sigma_rgb: f64,
}

impl GatedCrf {
    /// What squared distances in pixels and in colours are multiplied with.
    pub fn factors(&self) -> [f32; 2] {
        [self.sigma_xy, self.sigma_rgb].map(|sigma| (-0.5 / (sigma * sigma)) as f32)
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

impl Scene<'_> {
    /// The D of [`GatedCrf`].
    pub fn existing(&self) -> usize {
        self.exists.iter().filter(|exists| **exists).count()
    }
}

/// Returns the loss and its gradient: −2/D Σ_j K_ij p_j(c) by p_i(c). Both are 0 where nothing exists. Neither the number of
/// threads nor the instruction set changes anything.
///
/// # Shapes
/// - `logits` and the gradient: `shape`
///
/// # Panics
/// When the sizes do not match.
pub fn gated_crf(logits: &[f32], shape: Shape, scene: Scene<'_>, crf: &GatedCrf) -> (f32, Buffer) {
    let (plane, width, existing) = (shape.plane(), shape.width, scene.existing());
    assert_eq!(scene.exists.len(), shape.batch * plane, "each pixel exists or not");
    assert_eq!(scene.colours.len(), COLOURS * shape.batch * plane, "each pixel needs a colour");
    assert_eq!(scene.competes.len(), shape.channels, "each class competes or not");
    let mut gradient = Buffer::new(shape.len());
    if existing == 0 {
        gradient.fill(0.0);
        return (0.0, gradient);
    }
    let values = padded_rows(logits, shape, scene, crf.radius);
    let rows = Rows { values: &values, shape, radius: crf.radius };
    let mut by_row = Buffer::new(shape.len());
    let of_rows = by_row.par_chunks_mut(shape.channels * width).enumerate();
    let losses: Vec<f64> =
        of_rows.map(|(row, gradient)| row_loss(&rows, crf, row, existing as f32, gradient)).collect();
    gradient.par_chunks_mut(plane).enumerate().for_each(|(place, gradient)| {
        let (image, class) = (place / shape.channels, place % shape.channels);
        for (y, gradient) in gradient.chunks_mut(width).enumerate() {
            let start = ((image * shape.height + y) * shape.channels + class) * width;
            gradient.copy_from_slice(&by_row[start..start + width]);
        }
    });
    ((losses.into_iter().sum::<f64>() / existing as f64) as f32, gradient)
}

/// Bands of a picture.
const COLOURS: usize = 3;

/// A batch row by row. Each row has a plane for every class and band, and a last one that is 1 where a pixel exists; at both ends of
/// each plane there are `radius` pixels that do not.
struct Rows<'a> {
    values: &'a [f32],
    shape: Shape,
    radius: usize,
}

impl<'a> Rows<'a> {
    /// A plane of a row, from `shift` pixels on; its first pixel is at `radius`.
    #[inline(always)]
    fn plane(&self, row: usize, plane: usize, shift: usize) -> &'a [f32] {
        let (planes, padded) = (self.shape.channels + COLOURS + 1, self.shape.width + 2 * self.radius);
        &self.values[(row * planes + plane) * padded + shift..][..self.shape.width]
    }

    #[inline(always)]
    fn colours(&self, row: usize, shift: usize) -> [&'a [f32]; COLOURS] {
        std::array::from_fn(|band| self.plane(row, self.shape.channels + band, shift))
    }

    #[inline(always)]
    fn exists(&self, row: usize, shift: usize) -> &'a [f32] {
        self.plane(row, self.shape.channels + COLOURS, shift)
    }
}

/// The values of [`Rows`].
fn padded_rows(logits: &[f32], shape: Shape, scene: Scene<'_>, radius: usize) -> Buffer {
    let Shape { channels, width, height, .. } = shape;
    let (padded, planes) = (width + 2 * radius, channels + COLOURS + 1);
    let mut values = Buffer::zeros(shape.batch * height * planes * padded);
    values.par_chunks_mut(planes * padded).enumerate().for_each(|(row, values)| {
        let (image, y) = (row / height, row % height);
        let row_of = |planes: usize, plane: usize| {
            let start = (image * planes + plane) * shape.plane() + y * width;
            start..start + width
        };
        let mut to: Vec<&mut [f32]> =
            values.chunks_mut(padded).map(|plane| &mut plane[radius..radius + width]).collect();
        let (classes, others) = to.split_at_mut(channels);
        let of_classes: Vec<&[f32]> = (0..channels).map(|class| &logits[row_of(channels, class)]).collect();
        softmax(&of_classes, scene.competes, classes);
        let (bands, exists) = others.split_at_mut(COLOURS);
        for (band, to) in bands.iter_mut().enumerate() {
            to.copy_from_slice(&scene.colours[row_of(COLOURS, band)]);
        }
        let flags = &scene.exists[row * width..(row + 1) * width];
        exists[0].iter_mut().zip(flags).for_each(|(to, exists)| *to = f32::from(u8::from(*exists)));
    });
    values
}

simd_fn! {
    /// Probabilities of the competing classes along a row; those of the others are 0. NaN is kept.
    fn softmax<'a, 'b, 'c>(_simd: S, logits: &'a [&'b [f32]], competes: &'a [bool], to: &'a mut [&'c mut [f32]]) {
        let width = to.first().map_or(0, |to| to.len());
        let (mut largest, mut sum) = (vec![f32::NEG_INFINITY; width], vec![0.0; width]);
        for (logits, _) in logits.iter().zip(competes).filter(|(_, competes)| **competes) {
            for (largest, logit) in largest.iter_mut().zip(*logits) {
                *largest = if *logit > *largest { *logit } else { *largest };
            }
        }
        for ((to, logits), _) in to.iter_mut().zip(logits).zip(competes).filter(|(_, competes)| **competes) {
            for (((to, logit), largest), sum) in to.iter_mut().zip(*logits).zip(&largest).zip(&mut sum) {
                *to = exp_or_zero(*logit - *largest);
                *sum += *to;
            }
        }
        for (to, _) in to.iter_mut().zip(competes).filter(|(_, competes)| **competes) {
            to.iter_mut().zip(&sum).for_each(|(to, sum)| *to /= *sum);
        }
    }
}

simd_fn! {
    /// The part of the loss that the pixels of a row have, times D. Writes its gradient, `[classes, width]`.
    fn row_loss<'a, 'b>(
        _simd: S,
        rows: &'a Rows<'b>,
        crf: &'a GatedCrf,
        row: usize,
        existing: f32,
        gradient: &'a mut [f32],
    ) -> f64 {
        let (radius, Shape { width, .. }) = (rows.radius, rows.shape);
        let (mut total, mut agreement) = (vec![0.0; width], vec![0.0; width]);
        gradient.fill(0.0);
        gather(rows, crf, row, &mut total, gradient);
        for (class, messages) in gradient.chunks_exact(width).enumerate() {
            add_product(&mut agreement, messages, rows.plane(row, class, radius));
        }
        let exists = rows.exists(row, radius);
        let losses = total.iter().zip(&agreement).zip(exists);
        let loss: f64 = losses.map(|((total, agreement), exists)| f64::from(exists * (total - agreement))).sum();
        for (class, messages) in gradient.chunks_exact_mut(width).enumerate() {
            let probabilities = rows.plane(row, class, radius);
            for (((message, agreement), exists), probability) in
                messages.iter_mut().zip(&agreement).zip(exists).zip(probabilities)
            {
                *message = -2.0 / existing * exists * probability * (*message - agreement);
            }
        }
        loss
    }
}

/// For each pixel of a row, adds K over its neighbours to `total`, and K times their probabilities to `messages`.
#[inline(always)]
fn gather(rows: &Rows<'_>, crf: &GatedCrf, row: usize, total: &mut [f32], messages: &mut [f32]) {
    let (radius, Shape { height, width, .. }) = (rows.radius, rows.shape);
    let (y, [by_distance, by_colour]) = (row % height, crf.factors());
    let mut kernel = vec![0.0; width];
    for down in y.saturating_sub(radius)..(y + radius + 1).min(height) {
        let other = row - y + down;
        for shift in (0..=2 * radius).filter(|shift| (other, *shift) != (row, radius)) {
            let distance = down.abs_diff(y).pow(2) + shift.abs_diff(radius).pow(2);
            let there = (rows.colours(other, shift), rows.exists(other, shift));
            alike(rows.colours(row, radius), there, by_distance * distance as f32, by_colour, &mut kernel);
            total.iter_mut().zip(&kernel).for_each(|(total, kernel)| *total += *kernel);
            for (class, messages) in messages.chunks_exact_mut(width).enumerate() {
                add_product(messages, &kernel, rows.plane(other, class, shift));
            }
        }
    }
}

/// K of the pixels of a row and their neighbours at one distance.
#[inline(always)]
fn alike(
    here: [&[f32]; COLOURS],
    (there, exists): ([&[f32]; COLOURS], &[f32]),
    of_distance: f32,
    by_colour: f32,
    kernel: &mut [f32],
) {
    let width = kernel.len();
    let ([r, g, b], [u, v, w], exists) =
        (here.map(|band| &band[..width]), there.map(|band| &band[..width]), &exists[..width]);
    for (x, kernel) in kernel.iter_mut().enumerate() {
        let [red, green, blue] = [r[x] - u[x], g[x] - v[x], b[x] - w[x]];
        let difference = red * red + green * green + blue * blue;
        *kernel = exists[x] * exp_or_zero(of_distance + by_colour * difference);
    }
}

/// `sum += a · b`
#[inline(always)]
fn add_product(sum: &mut [f32], a: &[f32], b: &[f32]) {
    sum.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
}
