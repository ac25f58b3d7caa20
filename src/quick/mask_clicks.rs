//! The clicks that a mask holds: what was labelled together counts together, as with strokes.

use std::collections::BTreeMap;

use super::samples::LabelledPixel;
use super::strokes::PER_STROKE;
use crate::domain::UNLABELLED;
use crate::domain::hash::Stream;

/// Labelled pixels of rows of `width` labels, about `most` of each class at most. Adjacent pixels of a class are a click, of which no
/// more pixels count than of a stroke; evenly spread ones stand for the others.
pub fn labelled_pixels(labels: &[u8], width: u32, most: usize) -> Vec<LabelledPixel> {
    let mut pixels = Vec::new();
    let mut click = 0;
    for (class, clicks) in clicks(labels, width as usize) {
        let taken = clicks.len().min(most);
        for pixels_of_click in evenly(&clicks, taken) {
            let kept = pixels_of_click.len().min(PER_STROKE).min((most / taken).max(1));
            let weight = pixels_of_click.len().min(PER_STROKE) as f32 / kept as f32;
            for &at in evenly(pixels_of_click, kept) {
                let [x, y] = place(at, width);
                pixels.push(LabelledPixel { x, y, class, click, weight });
            }
            click += 1;
        }
    }
    pixels
}

/// Labelled pixels of rows of `width` labels, at most `most`, drawn alike. Each is a click of its own.
pub fn spread_pixels(labels: &[u8], width: u32, most: usize) -> Vec<LabelledPixel> {
    let mut labelled: Vec<usize> = (0..labels.len()).filter(|at| labels[*at] != UNLABELLED).collect();
    Stream::new(labelled.len() as u64).shuffle(&mut labelled); // Even steps would follow a column.
    let pixel = |(click, &at): (u32, &usize)| {
        let [x, y] = place(at, width);
        LabelledPixel { x, y, class: labels[at], click, weight: 1.0 }
    };
    (0..).zip(labelled.iter().take(most)).map(pixel).collect()
}

fn place(at: usize, width: u32) -> [u32; 2] {
    [at % width as usize, at / width as usize].map(|n| n as u32)
}

/// `count` of the items, evenly spread.
fn evenly<T>(items: &[T], count: usize) -> impl Iterator<Item = &T> {
    (0..count).map(move |i| &items[i * items.len() / count])
}

/// The connected areas of each class (by sides), by their first pixel. The pixels of each are in order.
fn clicks(labels: &[u8], width: usize) -> BTreeMap<u8, Vec<Vec<usize>>> {
    let mut by_class = BTreeMap::<u8, Vec<Vec<usize>>>::new();
    let mut is_taken = vec![false; labels.len()];
    for first in 0..labels.len() {
        let class = labels[first];
        if class == UNLABELLED || is_taken[first] {
            continue;
        }
        is_taken[first] = true;
        let (mut area, mut next) = (vec![first], 0);
        while let Some(&at) = area.get(next) {
            next += 1;
            for neighbour in neighbours(at, width, labels.len()) {
                if labels[neighbour] == class && !is_taken[neighbour] {
                    is_taken[neighbour] = true;
                    area.push(neighbour);
                }
            }
        }
        area.sort_unstable();
        by_class.entry(class).or_default().push(area);
    }
    by_class
}

fn neighbours(at: usize, width: usize, len: usize) -> impl Iterator<Item = usize> {
    let x = at % width;
    let left = (x > 0).then(|| at - 1);
    let right = (x + 1 < width).then_some(at + 1);
    let below = Some(at + width).filter(|below| *below < len);
    [at.checked_sub(width), left, right, below].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const N: u8 = UNLABELLED;

    fn places(labels: &[u8], most: usize) -> Vec<(u8, u32, [u32; 2], f32)> {
        let pixels = labelled_pixels(labels, 4, most);
        pixels.into_iter().map(|LabelledPixel { x, y, class, click, weight }| (class, click, [x, y], weight)).collect()
    }

    #[test]
    fn what_touches_is_a_click_and_rows_do_not_wrap() {
        let labels = [
            [3, N, N, 3], //
            [3, 3, N, N],
            [N, N, 3, 1],
        ];
        let want = [
            (1, 0, [3, 2], 1.0),
            (3, 1, [0, 0], 1.0),
            (3, 1, [0, 1], 1.0),
            (3, 1, [1, 1], 1.0),
            (3, 2, [3, 0], 1.0),
            (3, 3, [2, 2], 1.0),
        ];
        assert_eq!(places(labels.as_flattened(), 30), want);
    }

    #[test]
    fn few_pixels_stand_for_many_and_clicks_are_spread_over_the_class() {
        let labels = [[5, 5, 5, 5], [N, N, N, N], [5, 5, N, 5], [N, N, N, N], [5, N, N, 5]];
        let want = [(5, 0, [0, 0], 4.0), (5, 1, [3, 2], 1.0)];
        assert_eq!(places(labels.as_flattened(), 2), want);
        let all = labelled_pixels(&[7; 400], 20, 1000);
        let weight: f32 = all.iter().map(|pixel| pixel.weight).sum();
        assert_eq!((all.len(), weight), (PER_STROKE, PER_STROKE as f32), "as of a stroke");
    }

    #[test]
    fn spread_pixels_are_each_a_click() {
        let pixels = spread_pixels(&[1, N, 1, 0, 0, N, 0, 0], 4, 3);
        let places: Vec<_> = pixels.iter().map(|pixel| (pixel.class, pixel.click, [pixel.x, pixel.y])).collect();
        assert!(places.len() == 3 && places.iter().zip(0..).all(|((_, click, _), i)| *click == i), "{places:?}");
        assert!(
            places.iter().all(|(class, _, [x, y])| [[1, N, 1, 0], [0, N, 0, 0]][*y as usize][*x as usize] == *class)
        );
        let pixels = spread_pixels(&[0; 512 * 512], 512, 64);
        let columns: BTreeSet<u32> = pixels.iter().map(|pixel| pixel.x / 64).collect();
        assert_eq!(columns, (0..8).collect());
    }
}
