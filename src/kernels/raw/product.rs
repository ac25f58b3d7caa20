//! Calls the matrix product of the `gemm` crate, which takes pointers.

use crate::kernels::layout::Layout;

/// `product (+)= left · right`, on the calling thread. The layouts must have been checked against the slices.
///
/// # Panics
/// If a matrix reaches past its slice, or the shapes do not fit.
pub(crate) fn matrix_product(
    (product, to): (&mut [f32], Layout),
    (left, a): (&[f32], Layout),
    (right, b): (&[f32], Layout),
    accumulate: bool,
) {
    assert!(to.rows == a.rows && to.columns == b.columns && a.columns == b.rows, "shapes {to:?} {a:?} {b:?}");
    assert!(to.span() <= product.len() && a.span() <= left.len() && b.span() <= right.len(), "within the slices");
    let signed = |stride: usize| isize::try_from(stride).expect("a slice is no longer than isize::MAX");
    // SAFETY: the largest index of each matrix lies within its slice, `product` is borrowed exclusively, and all three are
    // plain f32.
    unsafe {
        gemm::gemm(
            to.rows,
            to.columns,
            a.columns,
            product.as_mut_ptr(),
            signed(to.column_stride),
            signed(to.row_stride),
            accumulate,
            left.as_ptr(),
            signed(a.column_stride),
            signed(a.row_stride),
            right.as_ptr(),
            signed(b.column_stride),
            signed(b.row_stride),
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
