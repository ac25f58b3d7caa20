//! Exact Euclidean distance transform (Felzenszwalb, Huttenlocher: "Distance transforms of sampled functions", 2012).

use rayon::prelude::*;

/// Larger than any squared distance in a picture.
const FAR: f32 = 1e20;

/// For each pixel of a region its squared distance to the nearest pixel outside, in pixels; pixels beyond the border count as
/// outside. 0 outside the region.
///
/// `inside`: `[height, width]`, row by row.
pub(super) fn squared_depth(inside: &[bool], width: usize) -> Vec<f32> {
    let height = inside.len() / width;
    let mut columns = vec![0.0; inside.len()];
    columns.par_chunks_mut(height).enumerate().for_each(|(x, out)| {
        let mut run = 0.0_f32;
        for (y, value) in out.iter_mut().enumerate() {
            run = if inside[y * width + x] { run + 1.0 } else { 0.0 };
            *value = run;
        }
        run = 0.0;
        for value in out.iter_mut().rev() {
            run = if *value > 0.0 { run + 1.0 } else { 0.0 };
            *value = value.min(run);
        }
    });
    let mut depth = vec![0.0; inside.len()];
    depth.par_chunks_mut(width).enumerate().for_each_init(
        || Envelope::new(width + 2),
        |envelope, (y, out)| {
            // A pixel outside on either side stands for what lies beyond the border.
            let at = |x: usize| if x == 0 || x > width { 0.0 } else { columns[(x - 1) * height + y].powi(2) };
            envelope.build((0..width + 2).map(at));
            envelope.read(1, out);
        },
    );
    depth
}

/// Lower envelope of parabolas `(x − q)² + f(q)`.
struct Envelope {
    centers: Vec<usize>,
    bounds: Vec<f32>,
    values: Vec<f32>,
}

impl Envelope {
    fn new(len: usize) -> Self {
        Self { centers: Vec::with_capacity(len), bounds: Vec::with_capacity(len), values: Vec::with_capacity(len) }
    }

    fn build(&mut self, values: impl Iterator<Item = f32>) {
        self.values.clear();
        self.values.extend(values);
        self.centers.clear();
        self.bounds.clear();
        for q in 0..self.values.len() {
            let mut bound = -FAR;
            while let (Some(&last), Some(&start)) = (self.centers.last(), self.bounds.last()) {
                let height = |i: usize| self.values[i] + (i * i) as f32;
                bound = (height(q) - height(last)) / (2 * (q - last)) as f32;
                if bound > start {
                    break;
                }
                self.centers.pop();
                self.bounds.pop();
                bound = -FAR;
            }
            self.centers.push(q);
            self.bounds.push(bound);
        }
    }

    /// The envelope at `first`, `first + 1`, …
    fn read(&self, first: usize, out: &mut [f32]) {
        let mut at = 0;
        for (i, value) in out.iter_mut().enumerate() {
            let x = first + i;
            while self.bounds.get(at + 1).is_some_and(|&bound| bound < x as f32) {
                at += 1;
            }
            let center = self.centers[at];
            *value = (x as f32 - center as f32).powi(2) + self.values[center];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_the_distance_to_the_nearest_pixel_outside() {
        let (width, height) = (23_usize, 17_usize);
        let inside: Vec<bool> = (0..width * height).map(|i| (i * 7919) % 11 > 1 && i % width > 3).collect();
        let got = squared_depth(&inside, width);
        for y in 0..height as i32 {
            for x in 0..width as i32 {
                let is_inside = |x: i32, y: i32| {
                    (0..width as i32).contains(&x)
                        && (0..height as i32).contains(&y)
                        && inside[y as usize * width + x as usize]
                };
                let mut want = i32::MAX;
                for v in -1..=height as i32 {
                    for u in -1..=width as i32 {
                        if !is_inside(u, v) {
                            want = want.min((u - x).pow(2) + (v - y).pow(2));
                        }
                    }
                }
                assert_eq!(got[y as usize * width + x as usize] as i32, want, "{x} {y}");
            }
        }
    }
}
