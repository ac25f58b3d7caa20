//! The labels that a tile is trained on, updated incrementally: a click costs as much as it paints, regardless of the tile's
//! size.

use std::ops::Range;
use std::sync::Arc;

use crate::data::Picture;
use crate::domain::config::InputSize;
use crate::domain::geometry::PixelRect;
use crate::domain::hash::Stream;
use crate::domain::label::{Surface, TrackedMask};
use crate::domain::{Classes, Drawn, LabelBook, Mask, UNLABELLED};

/// Random guesses before labels are counted: guesses are fast for dense labels, counting finds sparse ones.
const GUESSES: usize = 32;

/// Own labels over sampled ones, at the size in which the network sees the tile. Ignored classes are unlabelled.
#[derive(Debug)]
pub struct Target {
    /// Revision of the labels that this shows.
    pub(crate) revision: u64,
    labels: LabelLayer,
    /// Own labels at the tile's size, if the network sees another size.
    own: Option<Mask>,
    /// The tile's width and height in pixels.
    size: [u32; 2],
    resized: bool,
    drawn: Drawn,
}

/// The labels with pixel counts.
#[derive(Debug)]
struct LabelLayer {
    sampled: Arc<Mask>,
    /// Own labels over sampled ones; `None` without own labels.
    mask: Option<Mask>,
    /// The picture, for its validity; `None` if all pixels exist.
    picture: Option<Arc<Picture>>,
    is_scored: [bool; 256],
    /// Pixel count of each index.
    counts: [u64; 256],
    /// Number of labelled pixels in each row.
    rows: Vec<u32>,
}

impl Target {
    /// The target of a tile of this size without own labels. `sampled` and `picture` have the size that the network sees. Missing
    /// pixels stay unlabelled whatever is drawn on them.
    pub(crate) fn new(
        mut sampled: Mask,
        picture: &Arc<Picture>,
        size: [u32; 2],
        frame: InputSize,
        classes: &Classes,
    ) -> Self {
        picture.valid.iter().for_each(|valid| valid.take_out_of(&mut sampled));
        let picture = picture.valid.is_some().then(|| Arc::clone(picture));
        let labels = LabelLayer::new(sampled, picture, std::array::from_fn(|index| classes.is_scored(index as u8)));
        let resized = matches!(frame, InputSize::Resize(_));
        Self { revision: 0, labels, own: None, size, resized, drawn: Drawn::default() }
    }

    /// The labels.
    pub fn mask(&self) -> &Mask {
        self.labels.mask()
    }

    /// Pixel counts of the first `classes` classes.
    pub(crate) fn counts(&self, classes: usize) -> Vec<u64> {
        self.labels.counts[..classes].to_vec()
    }

    /// Memory use in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let masks = [Some(&*self.labels.sampled), self.labels.mask.as_ref(), self.own.as_ref()];
        masks.into_iter().flatten().map(|mask| mask.data().len()).sum()
    }

    /// A random labelled pixel; `None` if there is none.
    pub(crate) fn draw_labelled(&self, random: &mut Stream) -> Option<[u32; 2]> {
        let (data, width) = (self.mask().data(), self.mask().width() as usize);
        let guess = (0..GUESSES).map(|_| random.below(data.len())).find(|&i| data[i] != UNLABELLED);
        if let Some(position) = guess {
            return Some([(position % width) as u32, (position / width) as u32]);
        }
        let mut nth = random.below(self.labels.rows.iter().sum::<u32>() as usize) as u32;
        let row = self.labels.rows.iter().position(|in_row| {
            let is_here = nth < *in_row;
            nth -= if is_here { 0 } else { *in_row };
            is_here
        })?;
        let mut labelled = (0..width).filter(|x| data[row * width + x] != UNLABELLED);
        Some([labelled.nth(nth as usize)? as u32, row as u32])
    }

    /// A random labelled pixel of a crop with this corner; `None` if it has none, or so few that they are not met with.
    pub(crate) fn draw_within(&self, corner: [i64; 2], side: u32, random: &mut Stream) -> Option<[u32; 2]> {
        let mask = self.mask();
        let inside = [0, 1].map(|axis| {
            let within = |at: i64| at.clamp(0, i64::from(mask.size()[axis])) as u32;
            within(corner[axis])..within(corner[axis] + i64::from(side))
        });
        let mut guess = || inside.clone().map(|along| along.start + random.below(along.len()) as u32);
        (0..GUESSES).map(|_| guess()).find(|[x, y]| mask.get(*x, *y) != UNLABELLED)
    }

    /// A random pixel with this label; `None` if there is none.
    pub(crate) fn draw_of_class(&self, class: u8, random: &mut Stream) -> Option<[u32; 2]> {
        let (data, width) = (self.mask().data(), self.mask().width() as usize);
        let of_class = self.labels.counts[usize::from(class)] as usize;
        if of_class == 0 {
            return None;
        }
        let guess = (0..GUESSES).map(|_| random.below(data.len())).find(|&i| data[i] == class);
        let position = guess.or_else(|| {
            let nth = random.below(of_class);
            let rows = self.labels.rows.iter().enumerate().filter(|(_, labelled)| **labelled > 0);
            let pixels = rows.flat_map(|(row, _)| row * width..(row + 1) * width);
            pixels.filter(|at| data[*at] == class).nth(nth)
        })?;
        Some([(position % width) as u32, (position / width) as u32])
    }

    /// Updates to the current own labels of the tile.
    pub(crate) fn follow(&mut self, book: &LabelBook, tile: &str, revision: u64) {
        self.revision = revision;
        if self.labels.mask.is_none() && !book.carries(tile) {
            return;
        }
        self.labels.mask.get_or_insert_with(|| Mask::clone(&self.labels.sampled));
        if !self.resized {
            self.drawn = book.draw_on(tile, self.drawn, &mut self.labels);
            return;
        }
        let own = self.own.get_or_insert_with(|| Mask::unlabelled(self.size[0], self.size[1]));
        let mut tracked = TrackedMask::new(own);
        self.drawn = book.draw_on(tile, self.drawn, &mut tracked);
        let changed = tracked.changed();
        if let Some(changed) = changed {
            self.labels.resize_within(own, changed);
        }
    }
}

impl LabelLayer {
    fn new(mut sampled: Mask, picture: Option<Arc<Picture>>, is_scored: [bool; 256]) -> Self {
        let mut counts = [0; 256];
        for index in sampled.data_mut() {
            if !is_scored[usize::from(*index)] {
                *index = UNLABELLED;
            }
        }
        let all = sampled.counts(counts.len());
        counts.copy_from_slice(&all);
        let labelled = |row: &[u8]| row.iter().filter(|index| **index != UNLABELLED).count() as u32;
        let rows = sampled.data().chunks(sampled.width().max(1) as usize).map(labelled).collect();
        Self { sampled: Arc::new(sampled), mask: None, picture, is_scored, counts, rows }
    }

    fn mask(&self) -> &Mask {
        self.mask.as_ref().unwrap_or(&self.sampled)
    }

    /// Sets the own label of a run of pixels; `None` restores the sampled ones.
    fn set(&mut self, y: u32, columns: Range<u32>, own: Option<u8>) {
        let Some(mask) = &mut self.mask else { return };
        let row = y as usize * mask.width() as usize;
        let own = own.map(|index| if self.is_scored[usize::from(index)] { index } else { UNLABELLED });
        let valid = self.picture.as_ref().and_then(|picture| picture.valid.as_ref());
        for at in row + columns.start as usize..row + columns.end as usize {
            let own = own.filter(|_| valid.is_none_or(|valid| valid.flags()[at]));
            let (old, new) = (mask.data()[at], own.unwrap_or_else(|| self.sampled.data()[at]));
            self.counts[usize::from(old)] -= 1;
            self.counts[usize::from(new)] += 1;
            self.rows[y as usize] -= u32::from(old != UNLABELLED);
            self.rows[y as usize] += u32::from(new != UNLABELLED);
            mask.data_mut()[at] = new;
        }
    }

    /// Resizes a rectangle of own labels from the tile's size.
    fn resize_within(&mut self, own: &Mask, rect: PixelRect) {
        let to = self.sampled.size();
        let cells = |start: u32, len: u32, axis: usize| {
            let (to, from) = (u64::from(to[axis]), u64::from(own.size()[axis].max(1)));
            let first = u64::from(start) * to / from;
            let end = (u64::from(start + len) * to / from + 1).min(to);
            first as u32..end as u32
        };
        for y in cells(rect.y, rect.height, 1) {
            for x in cells(rect.x, rect.width, 0) {
                let label = Some(own.kept_label([x, y], to)).filter(|index| *index != UNLABELLED);
                self.set(y, x..x + 1, label);
            }
        }
    }
}

impl Surface for LabelLayer {
    fn size(&self) -> [u32; 2] {
        self.sampled.size()
    }

    fn clear(&mut self, rect: PixelRect) {
        for y in rect.y..rect.y + rect.height {
            self.set(y, rect.x..rect.x + rect.width, None);
        }
    }

    fn paint(&mut self, y: u32, columns: Range<u32>, class: Option<u8>) {
        self.set(y, columns, class);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Edit, Stroke, Validity};

    fn whole(size: [u32; 2]) -> Arc<Picture> {
        Arc::new(image::RgbImage::new(size[0], size[1]).into())
    }

    /// Reference: own labels over sampled ones, computed for the whole tile.
    fn reference(sampled: &Mask, book: &LabelBook, size: [u32; 2], frame: InputSize, classes: &Classes) -> Mask {
        let own = book.rasterize("a", size);
        let own = match frame {
            InputSize::Crop(_) => own,
            InputSize::Resize(side) => own.resize_keeping_labels(side, side),
        };
        let mut target = sampled.clone();
        target.overlay(&own);
        target.data_mut().iter_mut().filter(|index| !classes.is_scored(**index)).for_each(|index| *index = UNLABELLED);
        target
    }

    #[test]
    fn incremental_updates_equal_the_reference_after_any_edit() {
        let (classes, size) = (Classes::deepglobe(), [37, 29]);
        let ignored = (0..7).find(|class| !classes.is_scored(*class)).expect("'unknown' is ignored");
        let mut random = Stream::new(3);
        for frame in [InputSize::Crop(16), InputSize::Resize(16), InputSize::Resize(64), InputSize::Resize(30)] {
            let [width, height] = match frame {
                InputSize::Crop(_) => size,
                InputSize::Resize(side) => [side; 2],
            };
            let draw = |random: &mut Stream| if random.below(3) == 0 { random.below(7) as u8 } else { UNLABELLED };
            let data = (0..width * height).map(|_| draw(&mut random)).collect();
            let sampled = Mask::from_vec(width, height, data).unwrap();
            let mut target = Target::new(sampled.clone(), &whole([width, height]), size, frame, &classes);
            let mut book = LabelBook::default();
            for turn in 0..400 {
                let class = [Some(1), Some(ignored), None][random.below(3)];
                let path = vec![[random.below(37) as f32, random.below(29) as f32]];
                let radius = random.below(4) as f32;
                book.apply(match random.below(6) {
                    0..3 => Edit::Begin(Stroke { tile: "a".to_owned(), class, radius, path }),
                    3 => Edit::Extend(path),
                    4 => Edit::Undo,
                    _ => Edit::Redo,
                });
                target.follow(&book, "a", turn);
                let want = reference(&sampled, &book, size, frame, &classes);
                assert!(*target.mask() == want, "{frame:?}, turn {turn}");
                assert_eq!(target.counts(7), want.counts(7));
            }
        }
    }

    #[test]
    fn missing_pixels_stay_unlabelled() {
        let flags = vec![false, true, true, true];
        let rgb = image::RgbImage::new(4, 1);
        let picture = Arc::new(Picture { rgb, valid: Validity::new([4, 1], flags) });
        let sampled = Mask::from_vec(4, 1, vec![1, 1, UNLABELLED, UNLABELLED]).unwrap();
        let mut target = Target::new(sampled, &picture, [4, 1], InputSize::Crop(16), &Classes::deepglobe());
        assert_eq!(target.mask().data(), [UNLABELLED, 1, UNLABELLED, UNLABELLED]);
        let mut book = LabelBook::default();
        let path = vec![[0.5, 0.5], [3.5, 0.5]];
        book.apply(Edit::Begin(Stroke { tile: "a".to_owned(), class: Some(2), radius: 0.0, path }));
        target.follow(&book, "a", 1);
        assert_eq!(target.mask().data(), [UNLABELLED, 2, 2, 2]);
        assert_eq!(target.counts(7)[2], 3);
    }

    #[test]
    fn every_sparse_label_can_be_drawn() {
        let mut sampled = Mask::unlabelled(500, 300);
        for at in [0, 499, 40_123, 149_999] {
            sampled.data_mut()[at] = 1;
        }
        let target = Target::new(sampled, &whole([500, 300]), [500, 300], InputSize::Crop(16), &Classes::deepglobe());
        let mut random = Stream::new(1);
        let drawn: std::collections::BTreeSet<_> = (0..200).filter_map(|_| target.draw_labelled(&mut random)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [[0, 0], [123, 80], [499, 0], [499, 299]]);
        let of_class: std::collections::BTreeSet<_> =
            (0..200).filter_map(|_| target.draw_of_class(1, &mut random)).collect();
        assert_eq!((of_class.len(), target.draw_of_class(0, &mut random)), (4, None));
        let nothing =
            Target::new(Mask::unlabelled(5, 3), &whole([5, 3]), [5, 3], InputSize::Crop(16), &Classes::deepglobe());
        assert_eq!(nothing.draw_labelled(&mut random), None);
    }
}
