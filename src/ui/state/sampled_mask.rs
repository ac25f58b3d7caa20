//! Labels sampled from a full mask, with their reductions as they are drawn.

use std::ops::Deref;

use super::mask_pyramid::MaskPyramid;
use crate::domain::{Mask, UNLABELLED};

/// A sampled mask with its reductions.
#[derive(Clone, Debug)]
pub struct SampledMask {
    mask: Mask,
    pyramid: MaskPyramid,
    sparse: Vec<([u32; 2], u8)>,
}

/// Above this many labelled pixels, no list of them is kept.
const MAX_LISTED: usize = 3000;

impl SampledMask {
    /// Builds the reductions. Takes a while for a large tile: not for the window's thread.
    pub fn new(mask: Mask) -> Self {
        let pyramid = MaskPyramid::new(&mask).thinned(&mask);
        let sparse = sparse_pixels(&mask);
        Self { mask, pyramid, sparse }
    }

    /// Position and class of each labelled pixel if there are few, so that each can get a marker; otherwise empty.
    pub fn sparse_pixels(&self) -> &[([u32; 2], u8)] {
        &self.sparse
    }

    /// The reductions, thinned for display.
    pub(crate) fn pyramid(&self) -> &MaskPyramid {
        &self.pyramid
    }
}

fn sparse_pixels(mask: &Mask) -> Vec<([u32; 2], u8)> {
    let labelled = mask.data().iter().enumerate().filter(|(_, class)| **class != UNLABELLED);
    let place = |(i, class): (usize, &u8)| ([i as u32 % mask.width(), i as u32 / mask.width()], *class);
    let found: Vec<_> = labelled.take(MAX_LISTED + 1).map(place).collect();
    if found.len() > MAX_LISTED { Vec::new() } else { found }
}

impl Deref for SampledMask {
    type Target = Mask;

    fn deref(&self) -> &Mask {
        &self.mask
    }
}
