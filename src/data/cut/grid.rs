//! Where the patches of a scene are, and their numbers.

use crate::data::layout::landcover_ai;

/// Side of a patch in pixels.
pub const SIDE: u32 = landcover_ai::PATCH_SIDE;

/// The positions of a scene, row by row from the top left. Those that stick out at the right or at the bottom are dropped, but
/// use up their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Positions in a row, the one that sticks out included.
    across: u32,
    /// Whole patches in a row and in a column.
    whole: [u32; 2],
}

impl Grid {
    /// The grid of a scene of this width and height.
    pub fn of([width, height]: [u32; 2]) -> Self {
        Self { across: width.div_ceil(SIDE), whole: [width / SIDE, height / SIDE] }
    }

    /// Number of whole patches.
    pub fn patches(&self) -> usize {
        self.whole[0] as usize * self.whole[1] as usize
    }

    /// Number of rows of whole patches.
    pub(super) fn rows(&self) -> u32 {
        self.whole[1]
    }

    /// Number and column of every whole patch of a row.
    pub(super) fn row(&self, row: u32) -> impl Iterator<Item = (u32, u32)> + use<> {
        let first = row * self.across;
        (0..self.whole[0]).map(move |column| (first + column, column))
    }

    /// Numbers of the whole patches, in order.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.whole[1]).flat_map(|row| self.row(row).map(|(number, _)| number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_patches_use_up_their_numbers() {
        // 2 whole columns and a remainder, 2 whole rows and a remainder.
        let grid = Grid::of([1100, 1025]);
        assert_eq!(grid.numbers().collect::<Vec<_>>(), [0, 1, 3, 4]);
        assert_eq!(grid.row(1).collect::<Vec<_>>(), [(3, 0), (4, 1)]);
        assert_eq!(Grid::of([1024, 512]).numbers().collect::<Vec<_>>(), [0, 1], "no remainder");
        assert_eq!((Grid::of([511, 9000]).patches(), Grid::of([9636, 9095]).patches()), (0, 306));
    }
}
