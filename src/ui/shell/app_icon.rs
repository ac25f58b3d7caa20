//! The window's icon: dots of a landscape, drawn in code so that no image has to be shipped.

use eframe::egui::IconData;

const SIDE: usize = 64;
/// Centre and radius as shares of the side, and colour.
const DOTS: [([f32; 2], f32, [u8; 3]); 7] = [
    ([0.28, 0.30], 0.17, [96, 176, 110]),
    ([0.62, 0.24], 0.13, [230, 196, 92]),
    ([0.80, 0.50], 0.12, [204, 108, 150]),
    ([0.50, 0.52], 0.14, [122, 156, 255]),
    ([0.22, 0.66], 0.13, [84, 150, 214]),
    ([0.44, 0.82], 0.12, [64, 196, 196]),
    ([0.72, 0.78], 0.16, [96, 176, 110]),
];

/// Draws the icon.
pub(crate) fn app_icon() -> IconData {
    let mut rgba = vec![0; SIDE * SIDE * 4];
    for (i, pixel) in rgba.chunks_exact_mut(4).enumerate() {
        let at = [(i % SIDE) as f32 + 0.5, (i / SIDE) as f32 + 0.5].map(|v| v / SIDE as f32);
        for ([x, y], radius, color) in DOTS {
            let inside = (radius - (at[0] - x).hypot(at[1] - y)) * SIDE as f32;
            if inside > -0.5 {
                pixel[..3].copy_from_slice(&color);
                pixel[3] = ((inside + 0.5).min(1.0) * 255.0) as u8;
            }
        }
    }
    IconData { rgba, width: SIDE as u32, height: SIDE as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_drawn_on_a_transparent_ground() {
        let icon = app_icon();
        assert_eq!(icon.rgba.len(), SIDE * SIDE * 4);
        assert_eq!(icon.rgba[3], 0, "the corner is clear");
        let middle = (SIDE / 2 * SIDE + SIDE / 2) * 4;
        assert_eq!(icon.rgba[middle..middle + 4], [122, 156, 255, 255]);
    }
}
