//! Detects masks that were resized or smoothed: gray levels between others, both in value and in position.

/// Number of gray levels.
const LEVELS: usize = 256;

/// Statistics of a gray level.
#[derive(Clone, Copy, Default)]
struct Level {
    pixels: u64,
    /// Pixels with both a lower and a higher neighbour.
    between: u64,
    /// Longest run along a row in pixels.
    longest: u32,
}

/// The two levels of a binary mask with soft edges: almost all pixels have one of them, the rest lie in between.
pub(crate) fn binary_levels(values: &[u8], width: usize) -> Option<[u8; 2]> {
    let levels = level_statistics(values, width, None);
    let present = || (0..LEVELS).filter(|level| levels[*level].pixels > 0);
    let (low, high) = (present().next()?, present().next_back()?);
    let inner: Vec<Level> = present().filter(|level| *level != low && *level != high).map(|i| levels[i]).collect();
    let [inner_pixels, between] =
        [|level: &Level| level.pixels, |level: &Level| level.between].map(|of| inner.iter().map(of).sum::<u64>());
    let is_soft = high - low >= 100
        && inner.len() > 1
        && inner_pixels * 10 <= values.len() as u64
        && between * 10 >= inner_pixels * 8;
    is_soft.then_some([low as u8, high as u8])
}

/// Whether the levels come from resizing a mask of several classes: most of them occur only between two others.
pub(crate) fn is_interpolated(values: &[u8], width: usize) -> bool {
    /// Up to this many levels may be classes of thin lines.
    const FEW: usize = 8;
    let levels = level_statistics(values, width, Some(u8::MAX));
    let present: Vec<&Level> = levels.iter().take(LEVELS - 1).filter(|level| level.pixels > 0).collect();
    let edges = present.iter().filter(|level| level.longest < 3 && level.between * 10 >= level.pixels * 8).count();
    present.len() > FEW && edges * 2 > present.len()
}

/// Statistics of every level. A pixel beside level `outside` never counts as between.
fn level_statistics(values: &[u8], width: usize, outside: Option<u8>) -> [Level; LEVELS] {
    let mut levels = [Level::default(); LEVELS];
    let width = width.max(1);
    for (y, row) in values.chunks_exact(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            let level = &mut levels[usize::from(run[0])];
            level.pixels += run.len() as u64;
            level.longest = level.longest.max(run.len() as u32);
            level.between += (x..x + run.len()).filter(|x| is_between(values, width, *x, y, outside)).count() as u64;
            x += run.len();
        }
    }
    levels
}

fn is_between(values: &[u8], width: usize, x: usize, y: usize, outside: Option<u8>) -> bool {
    let here = values[y * width + x];
    let (mut lower, mut higher) = (false, false);
    for row in y.saturating_sub(1)..=(y + 1).min(values.len() / width - 1) {
        for &value in &values[row * width..][x.saturating_sub(1)..=(x + 1).min(width - 1)] {
            if Some(value) == outside {
                return false;
            }
            lower |= value < here;
            higher |= value > here;
        }
    }
    lower && higher
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc whose edge is drawn with `edge` levels.
    fn disc(edge: f32) -> Vec<u8> {
        let distance = |i: usize| (((i % 64) as f32 - 32.0).powi(2) + ((i / 64) as f32 - 32.0).powi(2)).sqrt();
        (0..64 * 64).map(|i| ((20.0 - distance(i)) / edge + 0.5).clamp(0.0, 1.0)).map(|v| (v * 255.0) as u8).collect()
    }

    #[test]
    fn a_disc_with_soft_edges_has_two_levels() {
        assert_eq!(binary_levels(&disc(2.0), 64), Some([0, 255]));
        assert_eq!(binary_levels(&disc(0.001), 64), None, "edges are hard");
    }

    #[test]
    fn touching_classes_are_not_mistaken_for_edges() {
        let stripes: Vec<u8> = (0..64 * 64).map(|i| (i % 64 / 8) as u8).collect();
        assert_eq!(binary_levels(&stripes, 64), None);
        assert!(!is_interpolated(&stripes, 64));
        // Single labelled pixels of ten classes on an unlabelled ground.
        let sampled: Vec<u8> = (0..64 * 64).map(|i| if i % 7 == 0 { (i / 7 % 10) as u8 } else { 255 }).collect();
        assert!(!is_interpolated(&sampled, 64));
        assert_eq!(binary_levels(&sampled, 64), None);
    }

    #[test]
    fn interpolation_of_several_classes_is_detected() {
        let level = |x: usize| [0_u8, 90, 200][x / 24 % 3];
        let smooth =
            |x: usize| (0..9).map(|i| usize::from(level((x + i).saturating_sub(4).min(63)))).sum::<usize>() / 9;
        let resized: Vec<u8> = (0..64 * 64).map(|i| smooth(i % 64) as u8).collect();
        assert!(is_interpolated(&resized, 64));
    }
}
