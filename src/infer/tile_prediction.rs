//! The prediction of a tile, and how logits become classes.

use super::window::Window;
use crate::data::export::maps::TileMap;
use crate::domain::{Mask, Validity};

/// The prediction of a tile.
#[derive(Clone, Debug)]
pub struct TilePrediction {
    /// The most probable class per pixel, never an ignored or unknown one; unlabelled where nothing is predicted yet and where the image
    /// has no pixel.
    pub classes: Mask,
    /// Its probability, 0 to 255.
    pub confidence: Vec<u8>,
}

impl TilePrediction {
    /// Nothing is predicted yet.
    pub(super) fn empty([width, height]: [u32; 2]) -> Self {
        Self { classes: Mask::unlabelled(width, height), confidence: vec![0; width as usize * height as usize] }
    }

    /// Writes the kept part of a window: the class with the highest logit, and its softmax probability; nothing where the
    /// image has no pixel.
    pub(super) fn write(&mut self, logits: &[f32], candidates: &[bool], window: &Window, valid: Option<&Validity>) {
        let (side, kept) = (window.side as usize, window.kept);
        let plane = side * side;
        let width = self.classes.width() as usize;
        for y in kept.y..kept.y + kept.height {
            let row = (i64::from(y) - window.corner[1]) as usize * side;
            for x in kept.x..kept.x + kept.width {
                let source = row + (i64::from(x) - window.corner[0]) as usize;
                let target = y as usize * width + x as usize;
                if valid.is_some_and(|valid| !valid.flags()[target]) {
                    continue;
                }
                let (class, probability) = most_probable(|c| logits[c * plane + source], candidates);
                self.classes.data_mut()[target] = class;
                self.confidence[target] = (probability * 255.0).round() as u8;
            }
        }
    }

    /// Removes the prediction where the image has no pixel.
    pub(super) fn take_out_missing(&mut self, valid: Option<&Validity>) {
        let Some(valid) = valid else { return };
        valid.take_out_of(&mut self.classes);
        let missing = valid.flags().iter().map(|exists| !exists);
        self.confidence.iter_mut().zip(missing).filter(|(_, missing)| *missing).for_each(|(p, _)| *p = 0);
    }

    /// Resizes it by nearest neighbour: networks trained on resized tiles predict at that size.
    pub fn at_size(self, width: u32, height: u32) -> Self {
        if self.classes.size() == [width, height] {
            return self;
        }
        let [w, h] = self.classes.size();
        let confidence = Mask::from_vec(w, h, self.confidence).expect("one confidence per pixel");
        Self {
            classes: self.classes.resize_nearest(width, height),
            confidence: confidence.resize_nearest(width, height).data().to_vec(),
        }
    }
}

impl From<TilePrediction> for TileMap {
    fn from(TilePrediction { classes, confidence }: TilePrediction) -> Self {
        Self { classes, confidence }
    }
}

/// The candidate with the highest logit and its probability among the candidates.
fn most_probable(logit: impl Fn(usize) -> f32, is_candidate: &[bool]) -> (u8, f32) {
    let candidates = || (0..is_candidate.len()).filter(|&class| is_candidate[class]);
    let best = candidates().fold(None, |best: Option<usize>, class| match best {
        Some(other) if logit(other) >= logit(class) => best,
        _ => Some(class),
    });
    let best = best.unwrap_or(0);
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
    }
}
