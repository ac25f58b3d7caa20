//! Noise for landscapes. Uses only arithmetic that rounds equally on every machine, so the scenes are the same everywhere.

use crate::domain::hash;

/// A random number in 0..1 for a lattice point.
pub(super) fn cell(seed: u64, x: i64, y: i64) -> f64 {
    let place = (x as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    (hash::mix(hash::mix(seed) ^ place) >> 40) as f64 / f64::from(1_u32 << 24)
}

/// Smooth value noise, 0..1.
pub(super) fn value(seed: u64, x: f64, y: f64) -> f64 {
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (ease(x - x0), ease(y - y0));
    let (i, j) = (x0 as i64, y0 as i64);
    let top = mix(cell(seed, i, j), cell(seed, i + 1, j), fx);
    let bottom = mix(cell(seed, i, j + 1), cell(seed, i + 1, j + 1), fx);
    mix(top, bottom, fy)
}

/// Sum of octaves of value noise, each with twice the frequency and half the amplitude; 0..1, mostly near 0.5.
pub(super) fn fractal(seed: u64, x: f64, y: f64, octaves: u64) -> f64 {
    let (mut sum, mut weight, mut total, mut scale) = (0.0, 1.0, 0.0, 1.0);
    for octave in 0..octaves {
        // Each octave is shifted so that the lattices do not line up.
        let shift = octave as f64 * 17.37;
        sum += weight * value(seed + octave, x * scale + shift, y * scale - shift);
        total += weight;
        weight *= 0.5;
        scale *= 2.0;
    }
    sum / total
}

/// The nearest of random points, one per unit cell: the offset to it and its own random number.
pub(super) fn nearest_point(seed: u64, x: f64, y: f64) -> ([f64; 2], f64) {
    let (i, j) = (x.floor() as i64, y.floor() as i64);
    let mut best = ([9.0, 9.0], 0.0);
    for cy in j - 1..=j + 1 {
        for cx in i - 1..=i + 1 {
            let to = [cx as f64 + cell(seed, cx, cy) - x, cy as f64 + cell(seed + 1, cx, cy) - y];
            if to[0] * to[0] + to[1] * to[1] < best.0[0] * best.0[0] + best.0[1] * best.0[1] {
                best = (to, cell(seed + 2, cx, cy));
            }
        }
    }
    best
}

/// Linear interpolation from `a` to `b`.
pub(super) fn mix(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

/// Smoothstep: 0 below `low`, 1 above `high`.
pub(super) fn step(low: f64, high: f64, v: f64) -> f64 {
    let t = ((v - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn ease(t: f64) -> f64 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}
