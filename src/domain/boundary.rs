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

    /// Adds a tile. Pixels with unlabelled or ignored truth and pixels without a prediction are left out of both masks. The edge of
    /// the tile is no boundary, and neither is that to pixels left out.
    pub fn add(&mut self, truth: &Mask, predicted: &Mask, classes: &Classes) {
        let reach = reach(truth.size());
        let scored: [bool; 256] = std::array::from_fn(|class| classes.is_scored(class as u8));
        let pairs = truth.data().iter().zip(predicted.data());
        let counts: Vec<bool> = pairs.map(|(&t, &p)| scored[usize::from(t)] && p != UNLABELLED).collect();
        let near = |mask: &Mask| near_boundaries(&Labels::of(mask, &counts), reach);
        let (near_truth, near_predicted) = (near(truth), near(predicted));
        for at in (0..counts.len()).filter(|at| counts[*at]) {
            let (t, p) = (usize::from(truth.data()[at]), usize::from(predicted.data()[at]));
            let (near_t, near_p) = (near_truth[at], near_predicted[at]);
            if t == p {
                self.both[t] += u64::from(near_t && near_p);
                self.either[t] += u64::from(near_t || near_p);
            } else {
                self.either[t] += u64::from(near_t);
                self.either[p] += u64::from(near_p);
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

/// The classes of a mask's pixels that count; [`UNLABELLED`] elsewhere.
struct Labels {
    width: usize,
    classes: Vec<u8>,
}

impl Labels {
    fn of(mask: &Mask, counts: &[bool]) -> Self {
        let kept = mask.data().iter().zip(counts).map(|(&class, &counts)| if counts { class } else { UNLABELLED });
        Self { width: mask.width() as usize, classes: kept.collect() }
    }

    fn row(&self, row: usize) -> &[u8] {
        &self.classes[row * self.width..(row + 1) * self.width]
    }

    /// Whether two neighbours belong to different classes.
    fn differ(a: u8, b: u8) -> bool {
        a != b && a != UNLABELLED && b != UNLABELLED
    }
}

/// Whether each pixel has one of another class at most `reach` columns and rows away.
fn near_boundaries(labels: &Labels, reach: usize) -> Vec<bool> {
    let width = labels.width;
    let mut near = beside_boundaries(labels);
    if width > 0 {
        near.chunks_exact_mut(width).for_each(|row| spread_along(row, reach - 1));
        spread_down(&mut near, width, reach - 1);
    }
    near
}

/// Whether each pixel has a neighbour of another class, diagonal ones included.
fn beside_boundaries(labels: &Labels) -> Vec<bool> {
    let width = labels.width;
    let mut beside = vec![false; labels.classes.len()];
    for row in 0..labels.classes.len() / width.max(1) {
        let (above, here) = (row.checked_sub(1).map(|row| labels.row(row)), labels.row(row));
        let (marked_above, marked) = beside.split_at_mut(row * width);
        let marked = &mut marked[..width];
        for at in 1..width {
            let differs = Labels::differ(here[at - 1], here[at]);
            marked[at - 1] |= differs;
            marked[at] |= differs;
        }
        let Some(above) = above else { continue };
        let marked_above = &mut marked_above[(row - 1) * width..];
        let mut compare = |at: usize, over: usize| {
            let differs = Labels::differ(here[at], above[over]);
            marked[at] |= differs;
            marked_above[over] |= differs;
        };
        (0..width).for_each(|at| compare(at, at));
        (1..width).for_each(|at| compare(at, at - 1));
        (1..width).for_each(|at| compare(at - 1, at));
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
            let found = near_boundaries(&Labels { width, classes: data.clone() }, reach);
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
    fn edges_and_pixels_left_out_make_no_boundary() {
        let mut boundaries = Boundaries::new(4);
        // Unlabelled outlines, as in ISPRS's masks without boundaries; class 3 is ignored; the last pixel has no prediction.
        boundaries.add(&mask(5, &[0, 0, 255, 1, 1]), &mask(5, &[0, 0, 0, 1, 1]), &classes(4));
        boundaries.add(&mask(5, &[0, 0, 3, 3, 3]), &mask(5, &[0, 0, 1, 0, 1]), &classes(4));
        boundaries.add(&mask(3, &[0, 0, 1]), &mask(3, &[0, 0, 255]), &classes(4));
        assert_eq!(boundaries, Boundaries::new(4), "a perfect map loses nothing there");
        assert!(boundaries.iou(&classes(4))[0].is_nan());
    }
}
