//! Few labels in a small picture: each is drawn as a block, so that it does not get lost.

use crate::domain::{Mask, UNLABELLED};

/// Share of labels from which on each is a pixel.
const MANY: f64 = 0.35;

/// A mask in which each block has the first label in it. The fewer labels, the larger the blocks, but fewer labels never fill more.
pub(super) fn of(mask: &Mask) -> Mask {
    let ([width, height], side) = (mask.size(), side(mask));
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

/// Side of a block, pixels: the share that is filled goes with the square root of that of the labels.
fn side(mask: &Mask) -> u32 {
    let labelled = mask.data().iter().filter(|index| **index != UNLABELLED).count().max(1);
    (MANY * mask.data().len() as f64 / labelled as f64).powf(0.25).ceil().max(1.0) as u32
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
    fn few_labels_become_blocks_and_never_fill_more_than_many() {
        let many = with_labels(100, 2);
        assert_eq!(of(&many), many);
        let filled = [2, 10, 100, 1000, 10_000].map(|every| labelled(&of(&with_labels(100, every))));
        assert_eq!(filled, [5000, 2000, 300, 250, 64], "one label is a block of 8 × 8");
    }

    #[test]
    fn blocks_end_with_the_picture() {
        let mut data = vec![UNLABELLED; 7 * 3];
        data[6] = 1;
        let drawn = of(&Mask::from_vec(7, 3, data).unwrap());
        assert_eq!([drawn.get(6, 2), drawn.get(0, 0)], [UNLABELLED, UNLABELLED], "{:?}", drawn.data());
        assert_eq!([drawn.get(6, 1), drawn.get(6, 0)], [1, 1]);
    }

    #[test]
    fn no_labels_are_no_blocks() {
        let empty = Mask::unlabelled(4, 4);
        assert_eq!(of(&empty), empty);
    }
}
