//! The tile in view: what has been read of it, own labels as pixels, and its prediction.

use std::sync::Arc;
use std::time::SystemTime;

use super::label_plane::LabelPlane;
use super::sampled_mask::SampledMask;
use super::tile_view::TileView;
use crate::domain::{LabelBook, PatchedMap};
use crate::engine::protocol::Preview;
use crate::engine::quick::{Judgement, QuickStatus};
use crate::quick::lessons::Lessons;

/// What is known of the tile in view. Every field is empty until it has been read.
#[derive(Clone, Debug, Default)]
pub struct InView {
    /// Image and full mask.
    pub tile: Option<Arc<TileView>>,
    /// Labels sampled from the full mask.
    pub sampled: Option<Arc<SampledMask>>,
    /// Sampled pixels per class.
    pub sampled_counts: Vec<u64>,
    /// Own labels as pixels.
    pub labels: Option<LabelPlane>,
    own_counts: Vec<u64>,
    /// The network's latest map.
    pub network: Option<Arc<Preview>>,
    /// When the network was in the state that made it.
    pub predicted_at: Option<SystemTime>,
    /// What the quick head says.
    pub quick: QuickInView,
    /// Why the tile cannot be shown.
    pub fault: Option<String>,
}

/// What the quick head says of the tile in view.
#[derive(Clone, Debug, Default)]
pub struct QuickInView {
    /// What it is doing; `None` before it has said anything.
    pub status: Option<QuickStatus>,
    /// Its latest map.
    pub map: Option<PatchedMap>,
    /// What the head that made it learned from.
    pub lessons: Option<Arc<Lessons>>,
    /// How good it is, as far as known.
    pub judgement: Option<Arc<Judgement>>,
}

/// The pixel under the pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnderCursor {
    /// Column in pixels.
    pub x: u32,
    /// Row in pixels.
    pub y: u32,
    /// Class of the full mask.
    pub truth: Option<u8>,
    /// Own label.
    pub label: Option<u8>,
    /// Predicted class.
    pub prediction: Option<u8>,
    /// Probability of the predicted class, 0 to 1.
    pub confidence: Option<f32>,
}

impl InView {
    /// Width and height in pixels, once read.
    pub fn size(&self) -> Option<[u32; 2]> {
        Some(self.tile.as_ref()?.size)
    }

    /// Pixels per class in the full mask; `None` without a mask.
    pub fn counts(&self) -> Option<&[u64]> {
        let tile = self.tile.as_ref()?;
        tile.mask.as_ref().map(|_| tile.mask_counts.as_slice())
    }

    /// Sampled pixels per class; `None` before sampling.
    pub fn kept(&self) -> Option<&[u64]> {
        self.sampled.as_ref().map(|_| self.sampled_counts.as_slice())
    }

    /// Own strokes per class.
    pub fn own_counts(&self) -> &[u64] {
        &self.own_counts
    }

    /// Draws own labels from scratch, for another tile.
    pub fn redraw_labels(&mut self, book: &LabelBook, tile: &str, size: [u32; 2]) {
        self.labels = Some(LabelPlane::of(book, tile, size));
        self.count_own(book, tile);
    }

    /// Draws only what changed of own labels.
    pub fn follow_labels(&mut self, book: &LabelBook, tile: &str) {
        if let Some(labels) = &mut self.labels {
            labels.follow(book, tile);
        }
        self.count_own(book, tile);
    }

    /// Counts own strokes per class.
    pub fn count_own(&mut self, book: &LabelBook, tile: &str) {
        book.class_counts(tile).clone_into(&mut self.own_counts);
    }

    /// The pixel at an image position, with what `prediction` says there; `None` outside the tile.
    pub fn under(&self, pos_in_image: [f32; 2], prediction: Option<&PatchedMap>) -> Option<UnderCursor> {
        let tile = self.tile.as_ref()?;
        let size = tile.size;
        let inside = (0..2).all(|i| pos_in_image[i] >= 0.0 && pos_in_image[i] < size[i] as f32);
        if !inside {
            return None;
        }
        let [x, y] = pos_in_image.map(|v| v as u32);
        let predicted = prediction.and_then(|map| {
            let [width, height] = map.size();
            let (class, confidence) = map.at(x * width / size[0].max(1), y * height / size[1].max(1))?;
            Some((class, f32::from(confidence) / 255.0))
        });
        Some(UnderCursor {
            x,
            y,
            truth: tile.mask.as_ref().map(|mask| mask.get(x, y)),
            label: self.labels.as_ref().map(|labels| labels.mask().get(x, y)),
            prediction: predicted.map(|(class, _)| class),
            confidence: predicted.map(|(_, confidence)| confidence),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ClassMap, Edit, Mask, Stroke, UNLABELLED};
    use crate::ui::state::image_pyramid::ImagePyramid;

    fn in_view() -> InView {
        let mask = Mask::from_vec(4, 2, vec![0, 0, 1, 1, 0, 0, 255, 255]).unwrap();
        let tile = TileView {
            tile: "a".to_owned(),
            size: [4, 2],
            image: ImagePyramid::new(&image::RgbImage::new(4, 2)),
            mask_counts: mask.counts(2),
            mask: Some(Arc::new(mask)),
            short_id: String::new(),
        };
        InView { tile: Some(Arc::new(tile)), ..InView::default() }
    }

    #[test]
    fn the_cursor_reads_truth_labels_and_a_smaller_prediction() {
        let mut view = in_view();
        let mut book = LabelBook::default();
        let stroke = Stroke { tile: "a".to_owned(), class: Some(1), radius: 0.0, path: vec![[3.5, 1.5]] };
        book.apply(Edit::Begin(stroke));
        view.redraw_labels(&book, "a", [4, 2]);
        let classes = Mask::from_vec(2, 1, vec![0, 1]).unwrap();
        let map = PatchedMap::from(Arc::new(ClassMap { classes, confidence: vec![51, 255] }));
        let under = view.under([3.5, 1.5], Some(&map)).unwrap();
        assert_eq!((under.x, under.y, under.truth, under.label), (3, 1, Some(UNLABELLED), Some(1)));
        assert_eq!((under.prediction, under.confidence), (Some(1), Some(1.0)));
        assert_eq!(view.under([0.0, 0.0], Some(&map)).unwrap().prediction, Some(0));
        assert_eq!(view.own_counts(), [0, 1]);
    }

    #[test]
    fn nothing_is_read_outside_the_tile() {
        let view = in_view();
        assert_eq!(view.under([4.0, 0.0], None), None);
        assert_eq!(view.under([-0.1, 0.0], None), None);
        assert_eq!(InView::default().under([0.0, 0.0], None), None);
    }

    #[test]
    fn counts_are_absent_without_a_mask() {
        assert_eq!(in_view().counts(), Some([4, 2].as_slice()));
        assert_eq!(InView::default().counts(), None);
        assert_eq!(in_view().kept(), None);
    }
}
