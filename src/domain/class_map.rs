//! A class map with confidence: what a network or a quick head says of an image.

use super::geometry::PixelRect;
use super::{Mask, Validity};

/// The most probable class of each pixel, and how probable it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassMap {
    /// Class of each pixel, never an ignored or unknown one; unlabelled where nothing is predicted and where the image has no pixel.
    pub classes: Mask,
    /// Its probability, 0 to 255, one per pixel of `classes`.
    pub confidence: Vec<u8>,
}

impl ClassMap {
    /// A map of `[width, height]` pixels that says nothing yet.
    pub fn unpredicted([width, height]: [u32; 2]) -> Self {
        Self { classes: Mask::unlabelled(width, height), confidence: vec![0; width as usize * height as usize] }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> [u32; 2] {
        self.classes.size()
    }

    /// Class and confidence of a pixel; `None` outside the map.
    pub fn at(&self, x: u32, y: u32) -> Option<(u8, u8)> {
        let [width, height] = self.size();
        let is_in = x < width && y < height;
        is_in.then(|| (self.classes.get(x, y), self.confidence[y as usize * width as usize + x as usize]))
    }

    /// Resized by nearest neighbour: what learned on small pictures predicts small maps.
    pub fn resized(self, [width, height]: [u32; 2]) -> Self {
        let [w, h] = self.size();
        if [w, h] == [width, height] {
            return self;
        }
        let confidence = Mask::from_vec(w, h, self.confidence).expect("one confidence per pixel");
        Self {
            classes: self.classes.resize_nearest(width, height),
            confidence: confidence.resize_nearest(width, height).data().to_vec(),
        }
    }

    /// Overwrites the part from column and row `corner` on with `part` of another map. Both must lie within their maps.
    pub fn put(&mut self, [x, y]: [u32; 2], other: &Self, part: PixelRect) {
        let (to, width) = (self.size()[0] as usize, part.width as usize);
        for (row, from) in part.rows(other.size()).enumerate() {
            let start = (y as usize + row) * to + x as usize;
            self.classes.data_mut()[start..start + width].copy_from_slice(&other.classes.data()[from.clone()]);
            self.confidence[start..start + width].copy_from_slice(&other.confidence[from]);
        }
    }

    /// Removes what is predicted where the image has no pixel.
    pub fn take_out_missing(&mut self, valid: Option<&Validity>) {
        let Some(valid) = valid else { return };
        valid.take_out_of(&mut self.classes);
        let missing = valid.flags().iter().map(|exists| !exists);
        self.confidence.iter_mut().zip(missing).filter(|(_, missing)| *missing).for_each(|(p, _)| *p = 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UNLABELLED;

    fn map() -> ClassMap {
        ClassMap { classes: Mask::from_vec(2, 1, vec![3, 5]).unwrap(), confidence: vec![100, 200] }
    }

    #[test]
    fn both_planes_are_resized_and_read_together() {
        let grown = map().resized([4, 2]);
        assert_eq!((grown.classes.data(), grown.at(3, 1)), ([3, 3, 5, 5].repeat(2).as_slice(), Some((5, 200))));
        assert_eq!([grown.at(4, 0), grown.at(0, 2)], [None, None]);
    }

    #[test]
    fn missing_pixels_lose_class_and_confidence() {
        let mut map = map();
        map.take_out_missing(Validity::new([2, 1], vec![true, false]).as_ref());
        assert_eq!([map.at(0, 0), map.at(1, 0)], [Some((3, 100)), Some((UNLABELLED, 0))]);
    }
}
