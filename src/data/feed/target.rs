//! The labels that a tile is learned from, kept up to date pixel by pixel: a click costs what it paints, not what the tile
//! holds.

use std::ops::Range;
use std::sync::Arc;

use crate::data::Picture;
use crate::domain::config::InputSize;
use crate::domain::geometry::PixelRect;
use crate::domain::hash::Stream;
use crate::domain::label::Surface;
use crate::domain::{Classes, Drawn, LabelBook, Mask, UNLABELLED};

/// Own labels over sampled ones, at the size the network sees the tile. Ignored classes are unlabelled here.
#[derive(Debug)]
pub struct Target {
    /// Which state of the labels this shows.
    pub(crate) revision: u64,
    labels: Labels,
    /// Own labels at the tile's own size, where the network sees another.
    own: Option<Mask>,
    /// The tile's own size.
    size: [u32; 2],
    resized: bool,
    drawn: Drawn,
}

/// The labels and how many there are.
#[derive(Debug)]
struct Labels {
    sampled: Arc<Mask>,
    /// With own labels over them; absent as long as there are none.
    mask: Option<Mask>,
    /// Tells which pixels exist; absent if all do.
    picture: Option<Arc<Picture>>,
    is_scored: [bool; 256],
    /// Pixels of each index.
    counts: [u64; 256],
    /// Labelled pixels of each row.
    rows: Vec<u32>,
}

impl Target {
    /// Of a tile of this size without own labels. `sampled` and `picture` have the size the network sees; of pixels that do
    /// not exist nothing is learned, whatever label they are given.
    pub(crate) fn new(
        mut sampled: Mask,
        picture: &Arc<Picture>,
        size: [u32; 2],
        frame: InputSize,
        classes: &Classes,
    ) -> Self {
        picture.valid.iter().for_each(|valid| valid.take_out_of(&mut sampled));
        let picture = picture.valid.is_some().then(|| Arc::clone(picture));
        let labels = Labels::new(sampled, picture, std::array::from_fn(|index| classes.is_scored(index as u8)));
        let resized = matches!(frame, InputSize::Resize(_));
        Self { revision: 0, labels, own: None, size, resized, drawn: Drawn::default() }
    }

    /// The labels.
    pub fn mask(&self) -> &Mask {
        self.labels.mask()
    }

    /// Labelled pixels of each of `classes` classes.
    pub(crate) fn counts(&self, classes: usize) -> Vec<u64> {
        self.labels.counts[..classes].to_vec()
    }

    /// Memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let masks = [Some(&*self.labels.sampled), self.labels.mask.as_ref(), self.own.as_ref()];
        masks.into_iter().flatten().map(|mask| mask.data().len()).sum()
    }

    /// A random labelled pixel; `None` if there is none.
    pub(crate) fn draw_labelled(&self, random: &mut Stream) -> Option<[u32; 2]> {
        let (data, width) = (self.mask().data(), self.mask().width() as usize);
        // Guessing is quick where labels are dense; where they are sparse they are counted off.
        let guess = (0..32).map(|_| random.below(data.len())).find(|&i| data[i] != UNLABELLED);
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

    /// Takes over what of the tile's own labels has changed.
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
        let mut noted = Noted { mask: own, changed: None };
        self.drawn = book.draw_on(tile, self.drawn, &mut noted);
        let changed = noted.changed;
        if let Some(changed) = changed {
            self.labels.resize_within(own, changed);
        }
    }
}

impl Labels {
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

    /// Gives a run of pixels this own label, or lets the sampled ones be seen again.
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

    /// Takes over a rectangle of own labels of the tile's size.
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

impl Surface for Labels {
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

/// A mask, and a rectangle around what was drawn on it.
struct Noted<'a> {
    mask: &'a mut Mask,
    changed: Option<PixelRect>,
}

impl Noted<'_> {
    fn note(&mut self, rect: PixelRect) {
        self.changed = Some(self.changed.map_or(rect, |changed| changed.union(rect)));
    }
}

impl Surface for Noted<'_> {
    fn size(&self) -> [u32; 2] {
        self.mask.size()
    }

    fn clear(&mut self, rect: PixelRect) {
        self.note(rect);
        self.mask.clear(rect);
    }

    fn paint(&mut self, y: u32, columns: Range<u32>, class: Option<u8>) {
        self.note(PixelRect { x: columns.start, y, width: columns.end - columns.start, height: 1 });
        self.mask.paint(y, columns, class);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Edit, Stroke, Validity};

    fn whole(size: [u32; 2]) -> Arc<Picture> {
        Arc::new(image::RgbImage::new(size[0], size[1]).into())
    }

    /// What a target was before it followed changes: own labels over sampled ones, made over the whole tile.
    fn anew(sampled: &Mask, book: &LabelBook, size: [u32; 2], frame: InputSize, classes: &Classes) -> Mask {
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
    fn following_equals_making_anew_through_clicks_erasing_undo_and_redo() {
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
                let want = anew(&sampled, &book, size, frame, &classes);
                assert!(*target.mask() == want, "{frame:?}, turn {turn}");
                assert_eq!(target.counts(7), want.counts(7));
            }
        }
    }

    #[test]
    fn pixels_that_do_not_exist_take_no_label() {
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
    fn every_labelled_pixel_is_drawn_where_they_are_few() {
        let mut sampled = Mask::unlabelled(500, 300);
        for at in [0, 499, 40_123, 149_999] {
            sampled.data_mut()[at] = 1;
        }
        let target = Target::new(sampled, &whole([500, 300]), [500, 300], InputSize::Crop(16), &Classes::deepglobe());
        let mut random = Stream::new(1);
        let drawn: std::collections::BTreeSet<_> = (0..200).filter_map(|_| target.draw_labelled(&mut random)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [[0, 0], [123, 80], [499, 0], [499, 299]]);
        let nothing =
            Target::new(Mask::unlabelled(5, 3), &whole([5, 3]), [5, 3], InputSize::Crop(16), &Classes::deepglobe());
        assert_eq!(nothing.draw_labelled(&mut random), None);
    }
}
