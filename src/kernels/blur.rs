//! Separable Gaussian blur of a plane. Beyond its border the border repeats.

use super::simd::simd_fn;

/// One value per pixel, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Pixels a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `[height, width]`
    pub values: Vec<f32>,
}

impl Plane {
    /// All zero.
    pub fn zeros(width: usize, height: usize) -> Self {
        Self { width, height, values: vec![0.0; width * height] }
    }

    /// A row of pixels.
    pub fn row(&self, y: usize) -> &[f32] {
        &self.values[y * self.width..(y + 1) * self.width]
    }

    /// A plane of `f(self, other)`, pixel by pixel.
    pub fn zip_with(&self, other: &Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let values = self.values.iter().zip(&other.values).map(|(&a, &b)| f(a, b)).collect();
        Self { values, ..*self }
    }

    /// The row at `y`, or the nearest one.
    pub fn nearest_row(&self, y: isize) -> &[f32] {
        self.row(y.clamp(0, self.height as isize - 1) as usize)
    }
}

/// Pixels on each side that a blur reads: the Gaussian is cut off at 4 σ.
pub fn reach(sigma: f32) -> usize {
    (4.0 * sigma).ceil() as usize
}

/// Half of a Gaussian's weights, the middle one first. With the other half they sum to 1.
fn half_kernel(sigma: f32) -> Vec<f32> {
    let weights: Vec<f32> = (0..=reach(sigma)).map(|i| (-0.5 * (i as f32 / sigma).powi(2)).exp()).collect();
    let total = weights[0] + 2.0 * weights[1..].iter().sum::<f32>();
    weights.into_iter().map(|weight| weight / total).collect()
}

/// The plane blurred with a standard deviation of `sigma` pixels.
pub fn blur(plane: &Plane, sigma: f32) -> Plane {
    let kernel = half_kernel(sigma);
    let (radius, width) = (kernel.len() - 1, plane.width);
    let mut out = Plane::zeros(width, plane.height);
    let mut padded = vec![0.0; width + 2 * radius];
    for (y, to) in out.values.chunks_mut(width).enumerate() {
        let y = y as isize;
        let pairs: Vec<[&[f32]; 2]> =
            (1..=radius as isize).map(|i| [plane.nearest_row(y - i), plane.nearest_row(y + i)]).collect();
        symmetric_sum(&mut padded[radius..radius + width], plane.nearest_row(y), &pairs, &kernel);
        let (first, last) = (padded[radius], padded[radius + width - 1]);
        padded[..radius].fill(first);
        padded[radius + width..].fill(last);
        let pairs: Vec<[&[f32]; 2]> =
            (1..=radius).map(|i| [&padded[radius - i..][..width], &padded[radius + i..][..width]]).collect();
        symmetric_sum(to, &padded[radius..][..width], &pairs, &kernel);
    }
    out
}

simd_fn! {
    /// `to = kernel[0]·middle + Σ kernel[i]·(a + b)` over the pairs at distance i = 1, 2, …
    fn symmetric_sum<'a, 'b, 'c>(
        simd: S,
        to: &'a mut [f32],
        middle: &'b [f32],
        pairs: &'b [[&'b [f32]; 2]],
        kernel: &'c [f32],
    ) {
        let len = to.len();
        let (vectors, tail) = S::as_mut_simd_f32s(to);
        let whole = vectors.len();
        for (x, to) in vectors.iter_mut().enumerate() {
            let at = |row: &[f32]| S::as_simd_f32s(row).0[x];
            let mut sum = simd.mul_f32s(simd.splat_f32s(kernel[0]), at(middle));
            for ([a, b], &weight) in pairs.iter().zip(&kernel[1..]) {
                sum = simd.mul_add_f32s(simd.splat_f32s(weight), simd.add_f32s(at(a), at(b)), sum);
            }
            *to = sum;
        }
        let start = whole * S::F32_LANES;
        for (to, x) in tail.iter_mut().zip(start..len) {
            let sides = pairs.iter().zip(&kernel[1..]).map(|([a, b], weight)| weight * (a[x] + b[x]));
            *to = kernel[0] * middle[x] + sides.sum::<f32>();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_spreads_into_a_gaussian_of_the_same_sum() {
        let mut plane = Plane::zeros(41, 35);
        plane.values[17 * 41 + 20] = 1.0;
        let blurred = blur(&plane, 2.0);
        assert!((blurred.values.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        let at = |x: usize, y: usize| blurred.values[y * 41 + x];
        assert!((at(22, 17) / at(20, 17) - (-0.5_f32).exp()).abs() < 1e-4);
        assert!((at(20, 21) / at(20, 17) - (-2.0_f32).exp()).abs() < 1e-4);
    }

    #[test]
    fn a_constant_plane_stays_so_up_to_its_border() {
        let plane = Plane { width: 19, height: 3, values: vec![0.75; 57] };
        assert!(blur(&plane, 4.0).values.iter().all(|value| (value - 0.75).abs() < 1e-5));
    }
}
