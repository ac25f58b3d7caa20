//! Matrix product of slices, on the calling thread.

use super::gate::GATE;
use super::raw;

pub use super::layout::Layout;

/// `product = left · right`, or `product += left · right` with `accumulate`.
///
/// # Panics
/// If the shapes do not fit, or a matrix reaches past its slice.
pub fn multiply(product: (&mut [f32], Layout), left: (&[f32], Layout), right: (&[f32], Layout), accumulate: bool) {
    GATE.pass();
    if product.1.span() > 0 {
        raw::matrix_product(product, left, right, accumulate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_plain_loops_in_any_layout() {
        let left: Vec<f32> = (0..12).map(|i| i as f32 - 5.0).collect();
        let right: Vec<f32> = (0..40).map(|i| ((i * 7) % 11) as f32).collect();
        // 3×4 · 4×5 where every second column of `right` is left out.
        let a = Layout::row_major(3, 4);
        let b = Layout { rows: 4, columns: 5, row_stride: 10, column_stride: 2 };
        let mut product = vec![1.0; 15];
        multiply((&mut product, Layout::row_major(3, 5)), (&left, a), (&right, b), true);
        for row in 0..3 {
            for column in 0..5 {
                let sum: f32 = (0..4).map(|k| left[row * 4 + k] * right[k * 10 + column * 2]).sum();
                assert!((product[row * 5 + column] - sum - 1.0).abs() < 1e-4);
            }
        }
        let mut swapped = vec![f32::NAN; 15];
        let to = Layout::row_major(5, 3);
        multiply((&mut swapped, to), (&right, b.transposed()), (&left, a.transposed()), false);
        assert!((swapped[3] - (product[1] - 1.0)).abs() < 1e-4);
    }

    #[test]
    #[should_panic(expected = "within the slices")]
    fn a_matrix_past_its_slice_is_refused() {
        multiply(
            (&mut [0.0; 4], Layout::row_major(2, 2)),
            (&[0.0; 3], Layout::row_major(2, 2)),
            (&[0.0; 4], Layout::row_major(2, 2)),
            false,
        );
    }
}
