//! Random flips and quarter turns: the eight symmetries of the square, applied equally to image and labels.

use crate::domain::hash::Stream;

/// One of the eight symmetries of the square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Symmetry {
    transpose: bool,
    flip_x: bool,
    flip_y: bool,
}

impl Symmetry {
    /// Draws a symmetry. Flips alone give four of the eight, quarter turns alone the four rotations.
    pub fn draw(random: &mut Stream, flips: bool, quarter_turns: bool) -> Self {
        let turns = if quarter_turns { random.below(4) } else { 0 };
        let rotated = Self { transpose: turns % 2 == 1, flip_x: turns == 1 || turns == 2, flip_y: turns >= 2 };
        Self {
            flip_x: rotated.flip_x ^ (flips && random.coin()),
            flip_y: rotated.flip_y ^ (flips && random.coin()),
            ..rotated
        }
    }

    /// The source of the pixel that ends up at `(x, y)` in a square of side `size`.
    pub fn source(self, x: u32, y: u32, size: u32) -> (u32, u32) {
        let (x, y) = if self.transpose { (y, x) } else { (x, y) };
        let x = if self.flip_x { size - 1 - x } else { x };
        let y = if self.flip_y { size - 1 - y } else { y };
        (x, y)
    }

    /// The same for a place anywhere, measured from the middle of the square.
    pub(super) fn turned_back(self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [x, y] = if self.transpose { [y, x] } else { [x, y] };
        [if self.flip_x { -x } else { x }, if self.flip_y { -y } else { y }]
    }

    /// Where a place ends up: the inverse of [`Symmetry::turned_back`].
    pub(super) fn turned(self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [x, y] = [if self.flip_x { -x } else { x }, if self.flip_y { -y } else { y }];
        if self.transpose { [y, x] } else { [x, y] }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The image `0 1 / 2 3` under a symmetry.
    fn turned(symmetry: Symmetry) -> Vec<u32> {
        let at = |(x, y)| y * 2 + x;
        (0..4).map(|i| at(symmetry.source(i % 2, i / 2, 2))).collect()
    }

    fn all(flips: bool, quarter_turns: bool) -> BTreeSet<Vec<u32>> {
        let mut random = Stream::new(1);
        (0..200).map(|_| turned(Symmetry::draw(&mut random, flips, quarter_turns))).collect()
    }

    #[test]
    fn every_setting_draws_exactly_its_symmetries() {
        assert_eq!(all(false, false).len(), 1);
        assert_eq!(all(true, false), [vec![0, 1, 2, 3], vec![1, 0, 3, 2], vec![2, 3, 0, 1], vec![3, 2, 1, 0]].into());
        assert_eq!(all(false, true), [vec![0, 1, 2, 3], vec![2, 0, 3, 1], vec![3, 2, 1, 0], vec![1, 3, 0, 2]].into());
        assert_eq!(all(true, true).len(), 8);
    }

    #[test]
    fn places_and_pixels_turn_alike_and_back() {
        let mut random = Stream::new(2);
        for _ in 0..50 {
            let symmetry = Symmetry::draw(&mut random, true, true);
            let (x, y) = symmetry.source(3, 1, 5);
            assert_eq!(symmetry.turned_back([1.0, -1.0]), [f64::from(x) - 2.0, f64::from(y) - 2.0]);
            assert_eq!(symmetry.turned(symmetry.turned_back([0.25, -3.0])), [0.25, -3.0]);
        }
    }
}
