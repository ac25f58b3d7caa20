//! The innermost loops. They do two fused multiply-adds a cycle on sums held in registers (24 to 27 where there are 32),
//! and read through pointers because a bounds check for each load would take the cycles the arithmetic needs. Each function
//! checks once, before its loop, the furthest place the loop will read, so all are safe to call.

use pulp::Simd;

use super::super::conv::pack::Packed;

/// Sums of products for `B` output channels at `P` vectors of neighbouring pixels: over every channel of `input` and
/// every tap of a `H`×`W` window that starts at each of `at`.
///
/// `weights` holds `[channel][tap][B]`.
#[inline(always)]
pub(crate) fn correlate<S: Simd, const B: usize, const P: usize, const H: usize, const W: usize>(
    simd: S,
    input: &Packed<'_>,
    at: [usize; P],
    weights: &[f32],
) -> [[S::f32s; P]; B] {
    let (pitch, plane) = (input.pitch, input.plane);
    let furthest = at.into_iter().max().unwrap_or(0) + (input.channels - 1) * plane + (H - 1) * pitch + W - 1;
    assert!(furthest + S::F32_LANES <= input.data.len(), "a window reaches past the packed pixels");
    assert!(weights.len() >= input.channels * H * W * B, "too few weights");
    let mut sums = [[simd.splat_f32s(0.0); P]; B];
    let (mut x, mut w) = (input.data.as_ptr(), weights.as_ptr());
    for _ in 0..input.channels {
        for ky in 0..H {
            for kx in 0..W {
                // SAFETY: the furthest window was checked against the end of the data, all others start before it; the
                // weights advance by B for each of the channels·H·W taps checked above.
                unsafe {
                    let mut pixels = [simd.splat_f32s(0.0); P];
                    for (pixels, at) in pixels.iter_mut().zip(at) {
                        *pixels = x.add(at + ky * pitch + kx).cast::<S::f32s>().read_unaligned();
                    }
                    for (b, sums) in sums.iter_mut().enumerate() {
                        let weight = simd.splat_f32s(*w.add(b));
                        for (sum, pixels) in sums.iter_mut().zip(pixels) {
                            *sum = simd.mul_add_e_f32s(weight, pixels, *sum);
                        }
                    }
                    w = w.add(B);
                }
            }
        }
        // Stepping past the last channel makes a pointer that is never read.
        x = x.wrapping_add(plane);
    }
    sums
}

/// Sums over all pixels of `C` channels of `input` from `from` on, at each tap of a `K`×`K` window, times `B` channels of
/// `gradient` from `to` on: the gradient of `B`·`C`·`K`·`K` weights, one lane's share in each lane.
#[inline(always)]
pub(crate) fn correlate_planes<S: Simd, const B: usize, const C: usize, const K: usize>(
    simd: S,
    input: &Packed<'_>,
    from: usize,
    gradient: &Packed<'_>,
    to: usize,
) -> [[[[S::f32s; K]; K]; C]; B] {
    let lanes = S::F32_LANES;
    let vectors = input.width.div_ceil(lanes);
    let pitch = input.pitch;
    let stride = (input.rows + K - 1) * pitch;
    let geometry =
        |packed: &Packed<'_>| [packed.pitch, packed.plane, packed.rows, packed.images, packed.width, packed.border];
    assert!(
        geometry(gradient) == geometry(input) && input.border == K / 2 && input.pad == K / 2,
        "pixels and gradients are packed alike"
    );
    let (window, pixel) = (input.first_window(), gradient.first_pixel());
    let last_row = input.images * stride - K * pitch;
    let furthest = last_row + (window + (K - 1) * (pitch + 1)).max(pixel) + vectors * lanes;
    assert!(furthest <= input.plane, "a window reaches past its plane");
    assert!(input.data.len() >= (from + C) * input.plane && gradient.data.len() >= (to + B) * gradient.plane);
    let mut sums = [[[[simd.splat_f32s(0.0); K]; K]; C]; B];
    for image in 0..input.images {
        for row in 0..input.rows {
            let at = image * stride + row * pitch;
            // SAFETY: `furthest`, checked against the plane, is what the last row of the last image reads; all other rows
            // come before it. The planes themselves lie within the data, by the last check.
            unsafe {
                let x = input.data.as_ptr().add(from * input.plane + at + window);
                let g = gradient.data.as_ptr().add(to * gradient.plane + at + pixel);
                for vector in 0..vectors {
                    let (x, g) = (x.add(vector * lanes), g.add(vector * lanes));
                    let mut gradients = [simd.splat_f32s(0.0); B];
                    for (b, gradients) in gradients.iter_mut().enumerate() {
                        *gradients = g.add(b * gradient.plane).cast::<S::f32s>().read_unaligned();
                    }
                    for c in 0..C {
                        for tap in 0..K * K {
                            let (ky, kx) = (tap / K, tap % K);
                            let pixels = x.add(c * input.plane + ky * pitch + kx).cast::<S::f32s>().read_unaligned();
                            for (sums, gradients) in sums.iter_mut().zip(gradients) {
                                sums[c][ky][kx] = simd.mul_add_e_f32s(gradients, pixels, sums[c][ky][kx]);
                            }
                        }
                    }
                }
            }
        }
    }
    sums
}

/// Neighbouring pixels, each a vector of channels: rows of `columns` results need `columns + P - 1` of them.
pub(crate) struct Pixels<'a> {
    pub(crate) data: &'a [f32],
    /// From a row to the next.
    pub(crate) pitch: usize,
}

/// Planes of single values.
pub(crate) struct Planes<'a> {
    pub(crate) data: &'a [f32],
    /// From a row to the next.
    pub(crate) pitch: usize,
    /// From a plane to the next.
    pub(crate) plane: usize,
}

/// Sums over `rows` × `columns` pixels of `B` values each, one from every plane, times the vectors at the pixel and its next
/// `P - 1` neighbours.
#[inline(always)]
pub(crate) fn correlate_pixels<S: Simd, const B: usize, const P: usize>(
    simd: S,
    pixels: &Pixels<'_>,
    planes: &Planes<'_>,
    rows: usize,
    columns: usize,
) -> [[S::f32s; P]; B] {
    let lanes = S::F32_LANES;
    assert!((rows - 1) * pixels.pitch + (columns + P - 1) * lanes <= pixels.data.len(), "more pixels than there are");
    assert!(
        (B - 1) * planes.plane + (rows - 1) * planes.pitch + columns <= planes.data.len(),
        "more values than there are"
    );
    let mut sums = [[simd.splat_f32s(0.0); P]; B];
    for row in 0..rows {
        // SAFETY: the last pixel's last neighbour and the last plane's last value, both of the last row, were checked above;
        // all others come before them.
        unsafe {
            let x = pixels.data.as_ptr().add(row * pixels.pitch);
            let g = planes.data.as_ptr().add(row * planes.pitch);
            for column in 0..columns {
                let (x, g) = (x.add(column * lanes), g.add(column));
                let mut vectors = [simd.splat_f32s(0.0); P];
                for (p, vector) in vectors.iter_mut().enumerate() {
                    *vector = x.add(p * lanes).cast::<S::f32s>().read_unaligned();
                }
                for (b, sums) in sums.iter_mut().enumerate() {
                    let value = simd.splat_f32s(*g.add(b * planes.plane));
                    for (sum, vector) in sums.iter_mut().zip(vectors) {
                        *sum = simd.mul_add_e_f32s(value, vector, *sum);
                    }
                }
            }
        }
    }
    sums
}
