//! Half the size.

use rayon::prelude::*;

use crate::kernels::blur::Plane;

/// The mean of 2×2 pixels; an odd border is repeated.
pub(super) fn halved(plane: &Plane) -> Plane {
    let mut out = Plane::zeros(plane.width.div_ceil(2), plane.height.div_ceil(2));
    let width = out.width;
    out.values.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
        let (above, below) = (plane.row(2 * y), plane.row((2 * y + 1).min(plane.height - 1)));
        for (x, value) in row.iter_mut().enumerate() {
            let (left, right) = (2 * x, (2 * x + 1).min(plane.width - 1));
            *value = (above[left] + above[right] + below[left] + below[right]) / 4.0;
        }
    });
    out
}
