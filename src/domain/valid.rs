//! Which pixels of an image or a mask exist. A missing pixel, such as the collar of a map sheet or a transparent corner, is
//! excluded from training, prediction and scores.

use super::{Mask, UNLABELLED};

/// One flag per pixel in row order. Exists only if at least one pixel is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    width: u32,
    height: u32,
    exists: Vec<bool>,
}

impl Validity {
    /// Wraps flags in row order. `None` if no pixel is missing, or if the number of flags does not match `size`.
    pub fn new(size: [u32; 2], exists: Vec<bool>) -> Option<Self> {
        let fits = exists.len() == size[0] as usize * size[1] as usize;
        (fits && exists.contains(&false)).then_some(Self { width: size[0], height: size[1], exists })
    }

    /// The pixels that exist in both of two images of the same size.
    pub fn both(first: Option<Self>, second: Option<&Self>) -> Option<Self> {
        match (first, second) {
            (Some(mut first), Some(second)) => {
                first.exists.iter_mut().zip(&second.exists).for_each(|(exists, too)| *exists &= too);
                Some(first)
            }
            (first, second) => first.or_else(|| second.cloned()),
        }
    }

    /// All flags in row order.
    pub fn flags(&self) -> &[bool] {
        &self.exists
    }

    /// Number of missing pixels.
    pub fn missing(&self) -> u64 {
        self.exists.iter().filter(|exists| !**exists).count() as u64
    }

    /// Removes the labels of missing pixels from a mask of the same size.
    pub fn take_out_of(&self, mask: &mut Mask) {
        for (index, _) in mask.data_mut().iter_mut().zip(&self.exists).filter(|(_, exists)| !**exists) {
            *index = UNLABELLED;
        }
    }

    /// The flags of `width`×`height` cells: a cell exists if any pixel in it does. `None` if all cells do.
    pub fn cells(&self, [width, height]: [u32; 2]) -> Option<Self> {
        let mut exists = vec![false; width as usize * height as usize];
        let cell = |place: usize, cells: u32, pixels: u32| place * cells as usize / pixels as usize;
        for (y, row) in self.exists.chunks(self.width.max(1) as usize).enumerate() {
            let start = cell(y, height, self.height) * width as usize;
            for (x, _) in row.iter().enumerate().filter(|(_, exists)| **exists) {
                exists[start + cell(x, width, self.width)] = true;
            }
        }
        Self::new([width, height], exists)
    }

    /// The flags resized by nearest neighbour. `None` if no pixel is missing then.
    pub fn resize(&self, width: u32, height: u32) -> Option<Self> {
        let data = self.exists.iter().map(|&exists| u8::from(exists)).collect();
        let resized = Mask::from_vec(self.width, self.height, data)?.resize_nearest(width, height);
        Self::new([width, height], resized.data().iter().map(|&exists| exists == 1).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_images_have_no_flags() {
        assert_eq!(Validity::new([2, 1], vec![true, true]), None);
        assert_eq!(Validity::new([2, 2], vec![false]), None);
    }

    #[test]
    fn labels_of_missing_pixels_are_removed() {
        let valid = Validity::new([2, 2], vec![true, false, true, true]).unwrap();
        let mut mask = Mask::from_vec(2, 2, vec![1, 1, 0, 255]).unwrap();
        valid.take_out_of(&mut mask);
        assert_eq!((mask.data(), valid.missing()), (&[1, 255, 0, 255][..], 1));
        assert_eq!(valid.resize(4, 4).unwrap().missing(), 4);
    }

    #[test]
    fn a_cell_exists_if_any_of_its_pixels_does() {
        let valid = Validity::new([5, 2], [[false, true, false, false, true], [false; 5]].concat()).unwrap();
        assert_eq!(valid.cells([3, 1]).unwrap().flags(), [true, false, true]);
        let most = Validity::new([2, 2], vec![true, false, false, false]).unwrap();
        assert_eq!(most.cells([1, 1]), None);
    }
}
