//! Random changes of a crop's colours: brightness, contrast, saturation and hue.

use super::normalize::{MEAN, STD};
use crate::domain::hash::Stream;

/// Weights of red, green and blue in the luminance (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];
/// Turn of the hue in radians at strength 1.
const HUE: f32 = 0.3;

/// One change of colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jitter {
    /// Factor of all colours.
    brightness: f32,
    /// Factor of the distance from the crop's mean luminance.
    contrast: f32,
    /// Factor of the distance from the pixel's own luminance.
    saturation: f32,
    /// Angle about the gray axis, radians.
    hue: f32,
}

impl Jitter {
    /// Draws factors from 1 − `strength` to 1 + `strength` and a turn of the hue in proportion.
    pub fn draw(random: &mut Stream, strength: f32) -> Self {
        let mut around = |middle: f32, reach: f32| middle + reach * (2.0 * random.unit() - 1.0);
        let [brightness, contrast, saturation] = [0; 3].map(|_| around(1.0, strength));
        Self { brightness, contrast, saturation, hue: around(0.0, strength * HUE) }
    }

    /// Changes a crop of side `size`, in normalised colours. Cells that are not `inside` the tile stay as they are.
    ///
    /// # Shapes
    /// - `bands`: `[3, size, size]`
    pub fn apply(&self, bands: &mut [f32], inside: impl Fn(u32, u32) -> bool, size: u32) {
        let cells: Vec<usize> =
            (0..size * size).filter(|at| inside(at % size, at / size)).map(|at| at as usize).collect();
        let area = (size * size) as usize;
        let colour = |bands: &[f32], at: usize| [0, 1, 2].map(|band| bands[band * area + at] * STD[band] + MEAN[band]);
        let sum: f64 = cells.iter().map(|&at| f64::from(luminance(colour(bands, at)))).sum();
        let gray = self.brightness * (1.0 - self.contrast) * (sum / cells.len().max(1) as f64) as f32;
        let matrix = self.matrix();
        for at in cells {
            let from = colour(bands, at);
            for (band, row) in matrix.iter().enumerate() {
                let level = gray + (0..3).map(|from_band| row[from_band] * from[from_band]).sum::<f32>();
                bands[band * area + at] = (level.clamp(0.0, 1.0) - MEAN[band]) / STD[band];
            }
        }
    }

    /// Brightness, contrast, saturation and hue without the part of the mean: hue · saturation · brightness · contrast.
    fn matrix(&self) -> [[f32; 3]; 3] {
        let (factor, keep) = (self.brightness * self.contrast, self.saturation);
        let saturate =
            |row: usize, column: usize| f32::from(u8::from(row == column)) * keep + (1.0 - keep) * LUMA[column];
        let turn = self.turn();
        std::array::from_fn(|row| {
            std::array::from_fn(|column| factor * (0..3).map(|k| turn[row][k] * saturate(k, column)).sum::<f32>())
        })
    }

    /// Rotation about the gray axis (Rodrigues): grays stay as they are.
    fn turn(&self) -> [[f32; 3]; 3] {
        let (sine, cosine) = (self.hue.sin() / 3.0_f32.sqrt(), self.hue.cos());
        let third = (1.0 - cosine) / 3.0;
        std::array::from_fn(|row| {
            std::array::from_fn(|column| match (column + 3 - row) % 3 {
                0 => cosine + third,
                1 => third - sine,
                _ => third + sine,
            })
        })
    }
}

fn luminance(colour: [f32; 3]) -> f32 {
    colour.iter().zip(LUMA).map(|(level, weight)| level * weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pixels, red then gray, changed; the third lies outside.
    fn changed(jitter: Jitter) -> [[f32; 3]; 4] {
        let colours = [[0.6, 0.2, 0.2], [0.4, 0.4, 0.4], [0.485, 0.456, 0.406], [0.2, 0.2, 0.2]];
        let mut bands: Vec<f32> =
            (0..3).flat_map(|band| colours.map(|colour| (colour[band] - MEAN[band]) / STD[band])).collect();
        jitter.apply(&mut bands, |x, y| (x, y) != (0, 1), 2);
        std::array::from_fn(|at| std::array::from_fn(|band| bands[band * 4 + at] * STD[band] + MEAN[band]))
    }

    fn assert_close(got: [f32; 3], want: [f32; 3]) {
        assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-5), "{got:?} for {want:?}");
    }

    const NONE: Jitter = Jitter { brightness: 1.0, contrast: 1.0, saturation: 1.0, hue: 0.0 };

    #[test]
    fn each_change_equals_the_one_worked_out_by_hand() {
        assert_close(changed(NONE)[0], [0.6, 0.2, 0.2]);
        assert_close(changed(Jitter { brightness: 1.5, ..NONE })[0], [0.9, 0.3, 0.3]);
        assert_close(changed(Jitter { brightness: 2.0, ..NONE })[0], [1.0, 0.4, 0.4]);
        // Luminances 0.3196, 0.4 and 0.2; their mean is 0.306533.
        assert_close(changed(Jitter { contrast: 0.5, ..NONE })[1], [0.353_266_7; 3]);
        assert_close(changed(Jitter { saturation: 0.0, ..NONE })[0], [0.3196; 3]);
        // A third of a turn moves red to green.
        let third = Jitter { hue: 2.0 * std::f32::consts::PI / 3.0, ..NONE };
        assert_close(changed(third)[0], [0.2, 0.6, 0.2]);
        assert_close(changed(third)[1], [0.4; 3]);
    }

    #[test]
    fn what_lies_outside_stays() {
        assert_close(changed(Jitter { brightness: 2.0, ..NONE })[2], MEAN);
    }

    #[test]
    fn factors_stay_within_the_strength_and_repeat() {
        let draw = |seed| Jitter::draw(&mut Stream::new(seed), 0.3);
        assert_eq!(draw(4), draw(4));
        let drawn: Vec<Jitter> = (0..1000).map(draw).collect();
        let spread =
            |of: fn(&Jitter) -> f32| drawn.iter().map(of).fold((f32::MAX, f32::MIN), |(a, b), v| (a.min(v), b.max(v)));
        for (low, high) in [spread(|j| j.brightness), spread(|j| j.contrast), spread(|j| j.saturation)] {
            assert!((0.7..0.71).contains(&low) && (1.29..=1.3).contains(&high), "{low} {high}");
        }
        let (low, high) = spread(|j| j.hue);
        assert!((-0.09..-0.088).contains(&low) && (0.088..=0.09).contains(&high), "{low} {high}");
    }
}
