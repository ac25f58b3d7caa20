//! Doubling of height and width by bilinear interpolation between the centres of cells. Beyond the outermost centres the
//! outermost cell counts alone.

use rayon::prelude::*;

use super::memory::Buffer;
use super::output::Output;
use super::shape::Shape;
use super::simd::simd_fn;

/// Share of the cell that a pixel lies in; the rest is its nearest neighbour's.
const NEAR: f32 = 0.75;
const FAR: f32 = 1.0 - NEAR;

/// The shape of the result.
pub fn output_shape(shape: Shape) -> Shape {
    Shape { height: 2 * shape.height, width: 2 * shape.width, ..shape }
}

/// Forward pass.
pub fn forward(x: &[f32], shape: Shape) -> Buffer {
    let doubled = output_shape(shape);
    let mut out = Buffer::new(doubled.len());
    if shape.plane() > 0 {
        let planes = out.par_chunks_mut(doubled.plane()).zip(x.par_chunks(shape.plane()));
        planes.for_each(|(out, x)| double_plane(x, shape.width, out));
    }
    out
}

/// Backward pass from `upstream`, the gradient of the result; `shape` is that of the input.
///
/// # Panics
/// When the sizes do not match.
pub fn backward(upstream: &[f32], shape: Shape, of_input: Output<'_>) {
    let Output { values, accumulate } = of_input;
    assert_eq!(values.len(), shape.len(), "the gradient has another size than the input");
    if !accumulate {
        values.par_chunks_mut(shape.plane().max(1)).for_each(|plane| plane.fill(0.0));
    }
    if shape.plane() > 0 {
        let planes = values.par_chunks_mut(shape.plane()).zip(upstream.par_chunks(4 * shape.plane()));
        planes.for_each(|(values, upstream)| halve_plane(upstream, shape.width, values));
    }
}

/// The row a row of the result lies in, and its nearest neighbour.
fn rows_of(y: usize, height: usize) -> [usize; 2] {
    let near = y / 2;
    [near, if y.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(height - 1) }]
}

simd_fn! {
    fn double_plane<'a>(_simd: S, x: &'a [f32], width: usize, out: &'a mut [f32]) {
        let height = x.len() / width;
        let mut between = vec![0.0; width];
        for (y, out) in out.chunks_exact_mut(2 * width).enumerate() {
            let [near, far] = rows_of(y, height).map(|row| &x[row * width..(row + 1) * width]);
            for ((between, near), far) in between.iter_mut().zip(near).zip(far) {
                *between = near * NEAR + far * FAR;
            }
            let mut left = between[0];
            for (at, pair) in out.chunks_exact_mut(2).enumerate() {
                let here = between[at];
                let right = if at + 1 < width { between[at + 1] } else { here };
                pair[0] = here * NEAR + left * FAR;
                pair[1] = here * NEAR + right * FAR;
                left = here;
            }
        }
    }
}

simd_fn! {
    fn halve_plane<'a>(_simd: S, upstream: &'a [f32], width: usize, values: &'a mut [f32]) {
        let height = values.len() / width;
        let mut gathered = vec![0.0; width];
        for (y, upstream) in upstream.chunks_exact(2 * width).enumerate() {
            let last = 2 * width - 1;
            for (at, gathered) in gathered.iter_mut().enumerate() {
                let (left, right) = (2 * at, 2 * at + 1);
                // What lies beyond the border repeats it, and its gradient comes back to it.
                let far = upstream[left.saturating_sub(1)] + upstream[(right + 1).min(last)];
                *gathered = (upstream[left] + upstream[right]) * NEAR + far * FAR;
            }
            for (row, share) in rows_of(y, height).into_iter().zip([NEAR, FAR]) {
                let row = &mut values[row * width..(row + 1) * width];
                row.iter_mut().zip(&gathered).for_each(|(value, gathered)| *value += gathered * share);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { batch: 1, channels: 2, height: 3, width: 4 };

    fn numbers(len: usize, step: usize) -> Vec<f32> {
        (0..len).map(|at| ((at * step) % 23) as f32 / 7.0 - 1.0).collect()
    }

    #[test]
    fn a_ramp_stays_a_ramp_and_the_border_repeats() {
        let x: Vec<f32> = (0..24).map(|at| (at % 4) as f32).collect();
        let out = forward(&x, SHAPE);
        for row in out.chunks(8) {
            assert_eq!(row, [0.0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.0]);
        }
        assert_eq!(output_shape(SHAPE).dims(), [1, 2, 6, 8]);
    }

    /// ⟨Ax, g⟩ = ⟨x, Aᵀg⟩
    #[test]
    fn the_backward_pass_is_the_transpose_and_adds_to_what_is_there() {
        let (x, upstream) = (numbers(24, 5), numbers(96, 7));
        let out = forward(&x, SHAPE);
        let mut gradient = vec![9.0; 24];
        backward(&upstream, SHAPE, Output { values: &mut gradient, accumulate: false });
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        assert!((dot(&out, &upstream) - dot(&x, &gradient)).abs() < 1e-4);
        let mut more = gradient.clone();
        backward(&upstream, SHAPE, Output { values: &mut more, accumulate: true });
        assert!(more.iter().zip(&gradient).all(|(twice, once)| (twice - 2.0 * once).abs() < 1e-5));
    }
}
