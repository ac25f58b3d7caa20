//! How the logits of a window become classes of its tile.

use super::window::Window;
use crate::domain::{ClassMap, UNLABELLED, Validity};

/// Writes the kept part of a window to the map of its tile: the class with the highest logit, and its softmax probability;
/// nothing where the image has no pixel.
pub(super) fn write(
    map: &mut ClassMap,
    logits: &[f32],
    candidates: &[bool],
    window: &Window,
    valid: Option<&Validity>,
) {
    let (side, kept) = (window.side as usize, window.kept);
    let plane = side * side;
    let width = map.classes.width() as usize;
    for y in kept.y..kept.y + kept.height {
        let row = (i64::from(y) - window.corner[1]) as usize * side;
        for x in kept.x..kept.x + kept.width {
            let source = row + (i64::from(x) - window.corner[0]) as usize;
            let target = y as usize * width + x as usize;
            if valid.is_some_and(|valid| !valid.flags()[target]) {
                continue;
            }
            let (class, probability) = most_probable(|c| logits[c * plane + source], candidates);
            map.classes.data_mut()[target] = class;
            map.confidence[target] = (probability * 255.0).round() as u8;
        }
    }
}

/// The candidate with the highest logit and its probability among the candidates; without candidates nothing is predicted.
fn most_probable(logit: impl Fn(usize) -> f32, is_candidate: &[bool]) -> (u8, f32) {
    let candidates = || (0..is_candidate.len()).filter(|&class| is_candidate[class]);
    let best = candidates().fold(None, |best: Option<usize>, class| match best {
        Some(other) if logit(other) >= logit(class) => best,
        _ => Some(class),
    });
    let Some(best) = best else { return (UNLABELLED, 0.0) };
    let sum: f32 = candidates().map(|class| (logit(class) - logit(best)).exp()).sum();
    (best as u8, 1.0 / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_classes_are_never_predicted() {
        let logits = [0.0, 3.0_f32.ln(), 9.0];
        let (class, probability) = most_probable(|c| logits[c], &[true, true, false]);
        assert_eq!(class, 1);
        assert!((probability - 0.75).abs() < 1e-6);
        assert_eq!(most_probable(|c| logits[c], &[false; 3]), (UNLABELLED, 0.0), "nothing may be predicted");
    }
}
