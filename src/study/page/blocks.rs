//! Few labels in a small picture: each is drawn as a block, so that it does not get lost.

use crate::domain::{Mask, UNLABELLED};

/// Share of the picture that blocks fill at most, about.
const FILLED: f64 = 0.35;
/// Largest side of a block, pixels of a picture of the shown size.
const LARGEST: u32 = 5;

/// A mask in which each block has the first label in it. Many labels stay as they are: a block is then one pixel. `shown` is the side
/// to which the mask is shrunk afterwards, pixels.
pub(super) fn of(mask: &Mask, shown: u32) -> Mask {
    let ([width, height], side) = (mask.size(), side(mask, shown));
    let columns = width.div_ceil(side);
    let cell = |x: u32, y: u32| (y / side * columns + x / side) as usize;
    let mut labels = vec![UNLABELLED; (columns * height.div_ceil(side)) as usize];
    for (x, y) in pixels(width, height) {
        let label = &mut labels[cell(x, y)];
        if *label == UNLABELLED {
            *label = mask.get(x, y);
        }
    }
    let data = pixels(width, height).map(|(x, y)| labels[cell(x, y)]).collect();
    Mask::from_vec(width, height, data).unwrap_or_else(|| mask.clone())
}

fn pixels(width: u32, height: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)))
}

/// Side of a block, pixels of the mask.
fn side(mask: &Mask, shown: u32) -> u32 {
    let [width, height] = mask.size();
    let labelled = mask.data().iter().filter(|index| **index != UNLABELLED).count().max(1);
    let side = (FILLED * mask.data().len() as f64 / labelled as f64).sqrt();
    (side as u32).clamp(1, LARGEST * width.max(height).div_ceil(shown.max(1)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square with a label in every so many pixels.
    fn with_labels(side: u32, every: usize) -> Mask {
        let label = |pixel: usize| if pixel.is_multiple_of(every) { 3 } else { UNLABELLED };
        Mask::from_vec(side, side, (0..(side * side) as usize).map(label).collect()).unwrap()
    }

    fn labelled(mask: &Mask) -> usize {
        mask.data().iter().filter(|index| **index == 3).count()
    }

    #[test]
    fn few_labels_become_blocks_and_many_stay_as_they_are() {
        let many = with_labels(100, 10);
        assert_eq!(of(&many, 100), many);
        assert_eq!(labelled(&of(&with_labels(100, 10_000), 100)), 25, "one label, as a block of 5 × 5");
        assert_eq!(labelled(&of(&with_labels(100, 10_000), 50)), 100, "shrunk by half: 10 × 10");
    }

    #[test]
    fn blocks_end_with_the_picture() {
        let mut data = vec![UNLABELLED; 7 * 3];
        data[6] = 1;
        let drawn = of(&Mask::from_vec(7, 3, data).unwrap(), 480);
        assert_eq!([drawn.get(6, 2), drawn.get(0, 0)], [UNLABELLED, UNLABELLED], "{:?}", drawn.data());
        assert_eq!([drawn.get(6, 1), drawn.get(6, 0)], [1, 1]);
    }

    #[test]
    fn no_labels_are_no_blocks() {
        let empty = Mask::unlabelled(4, 4);
        assert_eq!(of(&empty, 480), empty);
    }
}
