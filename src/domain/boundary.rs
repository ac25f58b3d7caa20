//! Boundary IoU (Cheng et al. 2021): the IoU of the pixels near boundaries, which says how true outlines are. In mean IoU the
//! insides of large areas drown them.

use super::metrics::{mean_of_numbers, ratio};
use super::{Classes, Mask, UNLABELLED};

/// How near a boundary a pixel must be, as a share of the tile's diagonal: that of the paper.
const REACH: f64 = 0.02;

/// Pixels near boundaries, by class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundaries {
    /// Near a boundary in truth and prediction, with this class in both.
    both: Vec<u64>,
    /// Near a boundary with this class in truth, prediction or both.
    either: Vec<u64>,
}

impl Boundaries {
    /// None yet.
    pub fn new(classes: usize) -> Self {
        Self { both: vec![0; classes], either: vec![0; classes] }
    }

    /// Adds a tile. Pixels with unlabelled or ignored truth and pixels without a prediction are left out. The edge of the tile is no
    /// boundary, and neither is that to unlabelled pixels.
    pub fn add(&mut self, truth: &Mask, predicted: &Mask, classes: &Classes) {
        let reach = reach(truth.size());
        let (near_truth, near_predicted) = (near_boundaries(truth, reach), near_boundaries(predicted, reach));
        let pairs = truth.data().iter().zip(predicted.data());
        for ((&t, &p), (&near_t, &near_p)) in pairs.zip(near_truth.iter().zip(&near_predicted)) {
            if !classes.is_scored(t) || p == UNLABELLED {
                continue;
            }
            if t == p {
                self.both[usize::from(t)] += u64::from(near_t && near_p);
                self.either[usize::from(t)] += u64::from(near_t || near_p);
            } else {
                self.either[usize::from(t)] += u64::from(near_t);
                self.either[usize::from(p)] += u64::from(near_p);
            }
        }
    }

    /// Boundary IoU of each class; NaN for ignored classes and those without boundaries.
    pub fn iou(&self, classes: &Classes) -> Vec<f64> {
        let of = |class: usize| match classes.is_scored(class as u8) {
            true => ratio(self.both[class], self.either[class]),
            false => f64::NAN,
        };
        (0..self.both.len()).map(of).collect()
    }

    /// Its mean over the classes that have one.
    pub fn mean_iou(&self, classes: &Classes) -> f64 {
        mean_of_numbers(&self.iou(classes))
    }
}

/// Pixels from a boundary within which a pixel counts.
fn reach([width, height]: [u32; 2]) -> usize {
    (REACH * f64::from(width).hypot(f64::from(height))).round().max(1.0) as usize
}

/// Whether each pixel has one of another class at most `reach` columns and rows away.
fn near_boundaries(mask: &Mask, reach: usize) -> Vec<bool> {
    let width = mask.width() as usize;
    let mut near = beside_boundaries(mask);
    if width > 0 {
        near.chunks_exact_mut(width).for_each(|row| spread_along(row, reach - 1));
        spread_down(&mut near, width, reach - 1);
    }
    near
}

/// Whether each pixel has a neighbour of another class, diagonal ones included.
fn beside_boundaries(mask: &Mask) -> Vec<bool> {
    let (width, data) = (mask.width() as usize, mask.data());
    let mut beside = vec![false; data.len()];
    for at in 0..data.len() {
        let (column, below) = (at % width, at + width);
        let right = (column + 1 < width).then_some(at + 1);
        let under = (below < data.len()).then_some(below);
        let diagonals =
            [under.filter(|_| column > 0).map(|at| at - 1), under.filter(|_| column + 1 < width).map(|at| at + 1)];
        for other in [right, under].into_iter().chain(diagonals).flatten() {
            if data[at] != data[other] && data[at] != UNLABELLED && data[other] != UNLABELLED {
                (beside[at], beside[other]) = (true, true);
            }
        }
    }
    beside
}

/// Marks what is at most `reach` places away from a mark.
fn spread_along(row: &mut [bool], reach: usize) {
    let marks: Vec<usize> = (0..row.len()).filter(|at| row[*at]).collect();
    let mut done = 0;
    for at in marks {
        let (from, to) = (at.saturating_sub(reach).max(done), (at + reach + 1).min(row.len()));
        row[from.min(to)..to].fill(true);
        done = to;
    }
}

/// The same for the columns of a picture, all of them together.
fn spread_down(marks: &mut [bool], width: usize, reach: usize) {
    let before: Vec<bool> = marks.to_vec();
    let rows = marks.len() / width;
    for downward in [true, false] {
        let mut since = vec![usize::MAX; width];
        for row in 0..rows {
            let start = width * if downward { row } else { rows - 1 - row };
            let cells = marks[start..start + width].iter_mut().zip(&before[start..start + width]);
            for ((mark, &was), since) in cells.zip(&mut since) {
                *since = if was { 0 } else { since.saturating_add(1) };
                *mark |= *since <= reach;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ClassDef;
    use crate::domain::hash::Stream;

    fn classes(count: u8) -> Classes {
        let list = (0..count).map(|i| ClassDef { name: format!("c{i}"), color: [i; 3], ignored: i == 3 });
        Classes::new(list.collect()).expect("test classes are distinct")
    }

    fn mask(width: u32, data: &[u8]) -> Mask {
        Mask::from_vec(width, data.len() as u32 / width, data.to_vec()).expect("whole rows")
    }

    #[test]
    fn near_pixels_are_those_with_another_class_in_the_square_around_them() {
        let (width, height) = (23_usize, 17_usize);
        let mut random = Stream::new(7);
        let data: Vec<u8> = (0..width * height).map(|_| u8::from(random.below(60) == 0)).collect();
        for reach in [1, 2, 4, 30] {
            let found = near_boundaries(&mask(width as u32, &data), reach);
            for at in 0..data.len() {
                let (x, y) = (at % width, at / width);
                let differs = |&other: &usize| {
                    x.abs_diff(other % width) <= reach && y.abs_diff(other / width) <= reach && data[other] != data[at]
                };
                assert_eq!(found[at], (0..data.len()).any(|other| differs(&other)), "{x}, {y} within {reach}");
            }
        }
    }

    #[test]
    fn counts_match_a_case_worked_out_by_hand() {
        // One row of 8, reach 1: truth has its boundary between 3 and 4, the prediction between 4 and 5.
        let (truth, predicted) = (mask(8, &[0, 0, 0, 0, 1, 1, 1, 1]), mask(8, &[0, 0, 0, 0, 0, 1, 1, 1]));
        let mut boundaries = Boundaries::new(2);
        boundaries.add(&truth, &predicted, &classes(2));
        // Class 0: 3 of the truth, 4 of the prediction. Class 1: 4 of the truth, 5 of the prediction.
        assert_eq!(boundaries, Boundaries { both: vec![0, 0], either: vec![2, 2] });
        boundaries.add(&truth, &truth, &classes(2));
        assert_eq!(boundaries, Boundaries { both: vec![1, 1], either: vec![3, 3] });
        assert!((boundaries.mean_iou(&classes(2)) - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn edges_and_unlabelled_pixels_make_no_boundary_and_ignored_truth_does_not_count() {
        let mut boundaries = Boundaries::new(4);
        boundaries.add(&mask(4, &[0, 0, 255, 1]), &mask(4, &[0, 0, 0, 1]), &classes(4));
        assert_eq!(boundaries.either, [0, 1, 0, 0], "the prediction has a boundary to class 1 there");
        boundaries.add(&mask(4, &[3, 3, 3, 3]), &mask(4, &[0, 1, 0, 1]), &classes(4));
        assert_eq!(boundaries.either, [0, 1, 0, 0]);
        assert!(boundaries.iou(&classes(4))[0].is_nan());
    }
}
