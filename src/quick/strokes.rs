//! The pixels of own labels that the quick head learns from.

use std::ops::Range;

use super::samples::LabelledPixel;
use crate::domain::geometry::PixelRect;
use crate::domain::label::{self, Surface};
use crate::domain::{Classes, Mask, Stroke};

/// Pixels of a stroke that count at most: a long one would outvote the others.
pub(super) const PER_STROKE: usize = 50;
/// Pixels of a tile that are kept, about. With many strokes a pixel stands for several of its stroke.
const PER_TILE: usize = 4000;
/// Pixels of a stroke that are kept, however many strokes there are.
const LEAST: usize = 4;

/// Pixels of the strokes that stand on a tile of `[width, height]` pixels, oldest stroke first; at most 50 a stroke. Pixels that
/// a later stroke covers, and those of ignored classes, are left out.
pub fn labelled_pixels<'a>(
    strokes: impl Iterator<Item = &'a Stroke> + Clone,
    [width, height]: [u32; 2],
    classes: &Classes,
) -> Vec<LabelledPixel> {
    let mut standing = Mask::unlabelled(width, height);
    strokes.clone().for_each(|stroke| label::draw(&mut standing, stroke, 0));
    let most = (PER_TILE / strokes.clone().count().max(1)).clamp(LEAST, PER_STROKE);
    let mut pixels = Vec::new();
    for (click, stroke) in (0..).zip(strokes) {
        let Some(class) = stroke.class.filter(|class| classes.is_scored(*class)) else { continue };
        let covered = covered(stroke, &standing);
        let counting = covered.len().min(PER_STROKE);
        let weight = counting as f32 / counting.clamp(1, most) as f32;
        pixels.extend(spread(covered, most).into_iter().map(|[y, x]| LabelledPixel { x, y, class, click, weight }));
    }
    pixels
}

/// The pixels under a stroke that still have its class, as `[row, column]`.
fn covered(stroke: &Stroke, standing: &Mask) -> Vec<[u32; 2]> {
    let Some(rect) = stroke.rect(standing.size(), 0) else { return Vec::new() };
    let is_touched = vec![false; rect.width as usize * rect.height as usize];
    let mut touched = Touched { size: standing.size(), rect, is_touched };
    label::draw(&mut touched, stroke, 0);
    let place = |index: usize| [rect.y + index as u32 / rect.width, rect.x + index as u32 % rect.width];
    let touched = touched.is_touched.iter().enumerate().filter(|(_, is_touched)| **is_touched);
    touched.map(|(index, _)| place(index)).filter(|&[y, x]| Some(standing.get(x, y)) == stroke.class).collect()
}

/// At most `count` of the items, evenly spread.
fn spread<T: Copy>(items: Vec<T>, count: usize) -> Vec<T> {
    if items.len() <= count {
        return items;
    }
    (0..count).map(|i| items[i * items.len() / count]).collect()
}

/// Notes the pixels that a stroke touches, in a rectangle that holds them all.
struct Touched {
    size: [u32; 2],
    rect: PixelRect,
    is_touched: Vec<bool>,
}

impl Surface for Touched {
    fn size(&self) -> [u32; 2] {
        self.size
    }

    fn clear(&mut self, _rect: PixelRect) {}

    fn paint(&mut self, y: u32, columns: Range<u32>, _class: Option<u8>) {
        let rect = self.rect;
        if !(rect.y..rect.y + rect.height).contains(&y) {
            return;
        }
        let row = (y - rect.y) as usize * rect.width as usize;
        let [start, end] = [columns.start, columns.end].map(|x| (x.max(rect.x) - rect.x).min(rect.width) as usize);
        self.is_touched[row + start..row + end.max(start)].fill(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ClassDef, Edit, LabelBook};

    fn classes() -> Classes {
        let class = |i: u8| ClassDef { name: format!("c{i}"), color: [i; 3], ignored: i == 2 };
        Classes::new((0..3).map(class).collect()).unwrap()
    }

    fn book(strokes: &[(Option<u8>, f32, [f32; 2])]) -> LabelBook {
        let mut book = LabelBook::default();
        for &(class, radius, at) in strokes {
            book.apply(Edit::Begin(Stroke { tile: "t".to_owned(), class, radius, path: vec![at] }));
        }
        book
    }

    #[test]
    fn a_large_stroke_gives_no_more_than_fifty_pixels() {
        let book = book(&[(Some(1), 10.0, [32.0, 32.0])]);
        let pixels = labelled_pixels(book.standing_on("t"), [64, 64], &classes());
        assert_eq!(pixels.len(), PER_STROKE);
        assert!(
            pixels.iter().all(|pixel| pixel.class == 1 && pixel.x.abs_diff(32) <= 10 && pixel.y.abs_diff(32) <= 10)
        );
    }

    #[test]
    fn of_many_strokes_fewer_pixels_stand_for_the_same() {
        let strokes: Vec<_> =
            (0..400).map(|i| (Some(1), 2.0, [(i % 20 * 8 + 4) as f32, (i / 20 * 8 + 4) as f32])).collect();
        let pixels = labelled_pixels(book(&strokes).standing_on("t"), [160, 160], &classes());
        let of_one = labelled_pixels(book(&strokes[..1]).standing_on("t"), [160, 160], &classes());
        assert!(pixels.len() <= PER_TILE && of_one.len() > 10, "{} {}", pixels.len(), of_one.len());
        let sum: f32 = pixels.iter().map(|pixel| pixel.weight).sum();
        assert!((sum - 400.0 * of_one.len() as f32).abs() < 1.0, "{sum}");
    }

    #[test]
    fn covered_erased_and_ignored_pixels_are_left_out() {
        let at = [20.5, 20.5];
        let strokes = [
            (Some(0), 2.0, at),
            (Some(1), 0.0, at),
            (Some(2), 3.0, [50.0, 50.0]),
            (Some(0), 1.0, [5.0, 5.0]),
            (None, 4.0, [5.0, 5.0]),
        ];
        let pixels = labelled_pixels(book(&strokes).standing_on("t"), [64, 64], &classes());
        assert!(pixels.iter().all(|pixel| pixel.click == u32::from(pixel.class)), "clicks count from the oldest");
        assert_eq!(pixels.iter().filter(|pixel| pixel.class == 1).count(), 1);
        assert!(pixels.iter().all(|pixel| pixel.class < 2 && pixel.x > 10), "{pixels:?}");
        assert!(!pixels.contains(&LabelledPixel { x: 20, y: 20, class: 0, click: 0, weight: 1.0 }));
    }

    #[test]
    fn undone_strokes_are_forgotten() {
        let mut book = book(&[(Some(0), 0.0, [5.0, 5.0]), (Some(1), 0.0, [9.0, 9.0])]);
        book.apply(Edit::Undo);
        let pixels = labelled_pixels(book.standing_on("t"), [16, 16], &classes());
        assert_eq!(pixels, [LabelledPixel { x: 5, y: 5, class: 0, click: 0, weight: 1.0 }]);
    }
}
