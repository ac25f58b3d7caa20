//! Colours by index: class colours, and the ramp of the confidence layer.

use crate::domain::{Classes, UNLABELLED};

/// An sRGB colour with straight alpha per index. Unlabelled is transparent.
#[derive(Clone, PartialEq, Eq)]
pub struct Palette([[u8; 4]; 256]);

impl Palette {
    /// Indices beyond the classes are drawn gray: nothing in a mask disappears silently.
    const UNKNOWN: [u8; 4] = [128, 128, 128, 255];
    /// Wrong pixels in the error map.
    pub const WRONG: [u8; 3] = [255, 32, 78];
    /// How much of the black over right pixels hides what is below, 0 to 255; `shaders/canvas.wgsl` has the same.
    pub const DIM: u8 = 153;

    /// The class colours.
    pub fn of(classes: &Classes) -> Self {
        let mut colors = [Self::UNKNOWN; 256];
        for (color, class) in colors.iter_mut().zip(classes.iter()) {
            *color = [class.color[0], class.color[1], class.color[2], 255];
        }
        colors[usize::from(UNLABELLED)] = [0; 4];
        Self(colors)
    }

    /// From dark violet (unsure) to light yellow (sure) in even steps of lightness. Confidence 0 means not predicted
    /// yet and is transparent.
    pub fn confidence() -> Self {
        let mut colors = [[0; 4]; 256];
        for (i, color) in colors.iter_mut().enumerate().skip(1) {
            let t = i as f32 / 255.0;
            let hue = (310.0 - 205.0 * t).to_radians();
            let [r, g, b] = srgb_from_oklch(0.22 + 0.71 * t, 0.13, hue);
            *color = [r, g, b, 255];
        }
        Self(colors)
    }

    /// Opaque for the classes that count in scores, transparent for everything else.
    pub fn scored(classes: &Classes) -> Self {
        let mut colors = [[0; 4]; 256];
        for (color, _) in colors.iter_mut().zip(classes.iter()).filter(|(_, class)| !class.ignored) {
            *color = [255; 4];
        }
        Self(colors)
    }

    /// Shows or hides a class.
    pub fn set_visible(&mut self, class: u8, visible: bool) {
        if class != UNLABELLED {
            self.0[usize::from(class)][3] = if visible { 255 } else { 0 };
        }
    }

    /// The colour of an index.
    pub fn color(&self, index: u8) -> [u8; 4] {
        self.0[usize::from(index)]
    }

    /// With alpha, which is 0 or 255, premultiplied, as the shader reads it.
    pub(crate) fn premultiplied(&self) -> [[u8; 4]; 256] {
        self.0.map(|color| if color[3] == 0 { [0; 4] } else { color })
    }
}

/// Converts from OKLab in polar form (Björn Ottosson, "A perceptual color space for image processing", 2020).
fn srgb_from_oklch(lightness: f32, chroma: f32, hue: f32) -> [u8; 3] {
    let (a, b) = (chroma * hue.cos(), chroma * hue.sin());
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_4 * s,
        -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ]
    .map(srgb_from_linear)
}

/// Linear light (0 to 1) to the stored sRGB value.
pub(crate) fn srgb_from_linear(light: f32) -> u8 {
    let light = light.clamp(0.0, 1.0);
    let gamma = if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    (gamma * 255.0).round() as u8
}

/// Stored sRGB value to linear light (0 to 1).
pub(crate) fn linear_from_srgb(value: u8) -> f32 {
    let gamma = f32::from(value) / 255.0;
    if gamma <= 0.040_45 { gamma / 12.92 } else { ((gamma + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_keep_their_colours_and_unlabelled_is_transparent() {
        let mut palette = Palette::of(&Classes::deepglobe());
        assert_eq!(palette.color(1), [255, 255, 0, 255]);
        assert_eq!(palette.color(6), [0, 0, 0, 255]);
        assert_eq!(palette.color(UNLABELLED)[3], 0);
        assert_eq!(palette.color(99)[3], 255, "an unknown index can be seen");
        palette.set_visible(1, false);
        assert_eq!(palette.color(1), [255, 255, 0, 0]);
        palette.set_visible(UNLABELLED, true);
        assert_eq!(palette.color(UNLABELLED)[3], 0);
    }

    #[test]
    fn confidence_brightens_evenly() {
        let ramp = Palette::confidence();
        let light = |i: u8| {
            let [r, g, b, _] = ramp.color(i);
            0.2126 * linear_from_srgb(r) + 0.7152 * linear_from_srgb(g) + 0.0722 * linear_from_srgb(b)
        };
        assert_eq!(ramp.color(0)[3], 0);
        let steps: Vec<f32> = (1..=8).map(|i| light((i * 31) as u8).cbrt()).collect();
        let growth: Vec<f32> = steps.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = growth.iter().sum::<f32>() / growth.len() as f32;
        assert!(growth.iter().all(|g| (g - mean).abs() < 0.4 * mean), "{growth:?}");
    }

    #[test]
    fn srgb_conversion_round_trips() {
        assert!((0..=255).all(|value| srgb_from_linear(linear_from_srgb(value)) == value));
    }
}
