//! The gated CRF against its definition in `f64`.

use super::reference::{values, wide};
use crate::kernels::loss::{GatedCrf, Scene, gated_crf};
use crate::kernels::shape::Shape;

/// On a grid of 1 or 2 pixels, two cells to each side.
fn crf(grid: usize) -> GatedCrf {
    GatedCrf { radius: 2 * grid, sigma_xy: 6.0, sigma_rgb: 0.3, grid }
}

/// A batch to look at.
struct Case {
    shape: Shape,
    logits: Vec<f32>,
    colours: Vec<f32>,
    exists: Vec<bool>,
    competes: Vec<bool>,
    crf: GatedCrf,
}

impl Case {
    fn new(dims: [usize; 4], grid: usize) -> Self {
        let shape = Shape::new(dims);
        let pixels = shape.batch * shape.plane();
        let logits = values(shape.len(), 1).into_iter().map(|value| 6.0 * value).collect();
        let exists = values(pixels, 3).into_iter().map(|value| value > -0.4).collect();
        let (colours, competes) = (values(3 * pixels, 2), vec![true; shape.channels]);
        Self { shape, logits, colours, exists, competes, crf: crf(grid) }
    }

    fn scene(&self) -> Scene<'_> {
        Scene { colours: &self.colours, exists: &self.exists, competes: &self.competes }
    }

    fn loss(&self) -> (f32, Vec<f32>) {
        let (loss, gradient) = gated_crf(&self.logits, self.shape, self.scene(), &self.crf);
        (loss, gradient.to_vec())
    }

    /// The pixels of a cell, if all of them exist.
    fn cell(&self, image: usize, y: usize, x: usize) -> Option<Vec<usize>> {
        let (Shape { height, width, .. }, grid) = (self.shape, self.crf.grid);
        if y >= height / grid || x >= width / grid {
            return None;
        }
        let places = (0..grid).flat_map(|v| (0..grid).map(move |u| (y * grid + v, x * grid + u)));
        let pixels: Vec<usize> = places.map(|(y, x)| (image * height + y) * width + x).collect();
        pixels.iter().all(|pixel| self.exists[*pixel]).then_some(pixels)
    }

    /// Probabilities of a pixel.
    fn probabilities(&self, logits: &[f64], pixel: usize) -> Vec<f64> {
        let (plane, classes) = (self.shape.plane(), self.shape.channels);
        let power = |class: usize| {
            let logit = logits[(pixel / plane * classes + class) * plane + pixel % plane];
            if self.competes[class] { logit.exp() } else { 0.0 }
        };
        let powers: Vec<f64> = (0..classes).map(power).collect();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(|power| power / sum).collect()
    }

    fn colours(&self, pixel: usize) -> Vec<f64> {
        let plane = self.shape.plane();
        (0..3).map(|band| f64::from(self.colours[(pixel / plane * 3 + band) * plane + pixel % plane])).collect()
    }

    /// K of two cells that are this far apart in pixels, squared.
    fn kernel(&self, cells: [&[usize]; 2], distance: usize) -> f64 {
        let [here, there] = cells.map(|cell| mean(cell, |pixel| self.colours(pixel)));
        let difference: f64 = here.iter().zip(there).map(|(here, there)| (here - there).powi(2)).sum();
        let GatedCrf { sigma_xy, sigma_rgb, .. } = self.crf;
        (-0.5 * (distance as f64 / sigma_xy.powi(2) + difference / sigma_rgb.powi(2))).exp()
    }

    /// The loss as it is defined.
    fn defined(&self, logits: &[f64]) -> f64 {
        let (Shape { batch, height, width, .. }, grid) = (self.shape, self.crf.grid);
        let places = (0..batch).flat_map(|image| (0..height).flat_map(move |y| (0..width).map(move |x| (image, y, x))));
        let (mut sum, mut count) = (0.0, 0);
        for (image, y, x) in places {
            let Some(i) = self.cell(image, y, x) else { continue };
            count += 1;
            let p = mean(&i, |pixel| self.probabilities(logits, pixel));
            for (v, u) in (0..5).flat_map(|v| (0..5).map(move |u| (v, u))) {
                // Two rows and columns to each side; those before the first are far beyond the last.
                let (down, right) = ((y + v).wrapping_sub(2), (x + u).wrapping_sub(2));
                let Some(j) = self.cell(image, down, right).filter(|j| *j != i) else { continue };
                let q = mean(&j, |pixel| self.probabilities(logits, pixel));
                let alike: f64 = p.iter().zip(q).map(|(a, b)| a * b).sum();
                let distance = grid * grid * (down.abs_diff(y).pow(2) + right.abs_diff(x).pow(2));
                sum += self.kernel([&i, &j], distance) * (1.0 - alike);
            }
        }
        (grid * grid) as f64 * sum / f64::from(count)
    }
}

/// The mean of what the pixels of a cell have.
fn mean(cell: &[usize], of: impl Fn(usize) -> Vec<f64>) -> Vec<f64> {
    let all: Vec<Vec<f64>> = cell.iter().map(|pixel| of(*pixel)).collect();
    (0..all[0].len()).map(|at| all.iter().map(|values| values[at]).sum::<f64>() / all.len() as f64).collect()
}

#[test]
fn loss_and_gradient_are_those_of_the_definition() {
    let fine = [([1, 2, 1, 3], None), ([2, 3, 5, 19], None), ([1, 4, 6, 7], Some(2))].map(|case| (case, 1));
    let coarse = [([2, 3, 7, 13], None), ([1, 4, 8, 6], Some(2))].map(|case| (case, 2));
    for ((dims, absent), grid) in fine.into_iter().chain(coarse) {
        let mut case = Case::new(dims, grid);
        absent.iter().for_each(|class: &usize| case.competes[*class] = false);
        let (loss, gradient) = case.loss();
        let exact = wide(&case.logits);
        let defined = case.defined(&exact);
        assert!(grid == 1 || defined > 0.1, "{defined}, {dims:?}");
        assert!((f64::from(loss) - defined).abs() < 1e-5 * defined.max(1.0), "{loss} for {defined}, {dims:?}");
        for at in 0..exact.len() {
            let moved = |step: f64| {
                let mut moved = exact.clone();
                moved[at] += step;
                case.defined(&moved)
            };
            let slope = (moved(1e-4) - moved(-1e-4)) / 2e-4;
            assert!((f64::from(gradient[at]) - slope).abs() < 2e-6, "{} for {slope} at {at}, {dims:?}", gradient[at]);
        }
    }
}

#[test]
fn one_certain_class_costs_nothing() {
    for grid in [1, 2] {
        let mut case = Case::new([1, 3, 6, 9], grid);
        case.logits = (0..3 * 54).map(|at| if at < 54 { 60.0 } else { -60.0 }).collect();
        let (loss, gradient) = case.loss();
        assert!(loss == 0.0 && gradient.iter().all(|value| *value == 0.0), "{loss}");
    }
}

/// All pixels of one colour and without any preference: (1 − 1/C) Σ exp(−½ |Δxy|²/σ²), the sum over all pairs of the image. It is the
/// product of one over columns and one over rows, without the pixels themselves.
#[test]
fn uncertainty_over_one_colour_costs_what_the_closed_form_says_with_no_wrap_at_borders() {
    let mut case = Case::new([1, 4, 7, 10], 1);
    case.logits.fill(0.3);
    case.colours.fill(0.7);
    case.exists.fill(true);
    let along = |length: usize| -> f64 {
        let pairs = (0..length).flat_map(|i| (0..length).map(move |j| i.abs_diff(j))).filter(|apart| *apart <= 2);
        pairs.map(|apart| (-0.5 * (apart * apart) as f64 / 36.0).exp()).sum()
    };
    let want = 0.75 * (along(7) * along(10) - 70.0) / 70.0;
    let (loss, gradient) = case.loss();
    assert!((f64::from(loss) / want - 1.0).abs() < 3e-6, "{loss} for {want}");
    assert!(gradient.iter().all(|value| value.abs() < 1e-6), "no class is better than another");
}

/// On a coarse grid with all pixels of their cells, and with those that fill no cell.
#[test]
fn missing_pixels_neither_give_nor_take() {
    for grid in [1, 2] {
        let mut case = Case::new([1, 2, 5, 8], grid);
        let (plane, before) = (case.shape.plane(), case.loss());
        let cells = (0..5).flat_map(|y| (0..8).map(move |x| (y, x))).filter_map(|(y, x)| case.cell(0, y, x));
        let counted: Vec<usize> = cells.flatten().collect();
        let missing: Vec<usize> = (0..plane).filter(|pixel| !counted.contains(pixel)).collect();
        assert!(!missing.is_empty() && !counted.is_empty() && before.0 > 0.0);
        for pixel in &missing {
            (case.logits[*pixel], case.colours[*pixel]) = (9.0, -7.0);
            assert_eq!([before.1[*pixel].to_bits() << 1, before.1[plane + pixel].to_bits() << 1], [0; 2]);
        }
        assert_eq!(case.loss(), before);
    }
}

/// Four pixels of the same colour and opinion are one cell, whose neighbours are two pixels away and weigh four.
#[test]
fn a_picture_of_cells_costs_four_times_what_one_of_pixels_does_with_half_the_distances() {
    let small = Case::new([1, 3, 5, 7], 1);
    let mut large = Case::new([1, 3, 10, 14], 2);
    let doubled = |plane: &[f32]| -> Vec<f32> {
        let twice = |row: &[f32]| row.iter().flat_map(|value| [*value; 2]).collect::<Vec<_>>();
        plane.chunks(7).flat_map(|row| [twice(row), twice(row)].concat()).collect()
    };
    large.logits = small.logits.chunks(35).flat_map(doubled).collect();
    large.colours = small.colours.chunks(35).flat_map(doubled).collect();
    let exists: Vec<f32> = small.exists.iter().map(|exists| f32::from(u8::from(*exists))).collect();
    large.exists = doubled(&exists).into_iter().map(|exists| exists > 0.5).collect();
    large.crf.sigma_xy = 2.0 * small.crf.sigma_xy;
    let ((want, of_pixels), (loss, gradient)) = (small.loss(), large.loss());
    assert!((loss - 4.0 * want).abs() < 1e-5 * want, "{loss} for four times {want}");
    let of_pixels = of_pixels.chunks(35).flat_map(doubled);
    assert!(gradient.iter().zip(of_pixels).all(|(got, want)| (got - want).abs() < 1e-6), "a quarter of four times it");
}

#[test]
fn a_mirrored_batch_has_the_mirrored_gradient() {
    let mut case = Case::new([1, 3, 6, 9], 1);
    let (loss, gradient) = case.loss();
    case.logits.chunks_mut(9).for_each(<[f32]>::reverse);
    case.colours.chunks_mut(9).for_each(<[f32]>::reverse);
    case.exists.chunks_mut(9).for_each(<[bool]>::reverse);
    let (mirrored, mut its_gradient) = case.loss();
    its_gradient.chunks_mut(9).for_each(<[f32]>::reverse);
    assert!((loss - mirrored).abs() < 1e-6);
    assert!(gradient.iter().zip(&its_gradient).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn a_nan_logit_makes_the_loss_nan() {
    let mut case = Case::new([1, 2, 3, 4], 1);
    case.exists.fill(true);
    case.logits[5] = f32::NAN;
    assert!(case.loss().0.is_nan());
}

#[test]
fn threads_and_instruction_sets_change_nothing() {
    let case = Case::new([2, 5, 17, 41], 2);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| case.loss())
    };
    let want = on(1);
    assert!(on(3) == want);
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        use crate::kernels::simd::{InstructionSet, with_at_most};
        assert!(
            [InstructionSet::Scalar, InstructionSet::Avx2]
                .into_iter()
                .all(|set| with_at_most(set, || case.loss()) == want)
        );
    }
}
