//! Labels sampled from a full mask, with their reductions as they are drawn.

use std::ops::Deref;

use super::mask_pyramid::MaskPyramid;
use crate::domain::{Mask, UNLABELLED};

/// A sampled mask with its reductions as they are shown.
#[derive(Clone, Debug)]
pub struct SampledMask {
    mask: Mask,
    pyramid: MaskPyramid,
    few: Vec<([u32; 2], u8)>,
}

/// More labelled pixels than this are not listed one by one.
const FEW: usize = 3000;

impl SampledMask {
    /// Takes a while for a large tile: not for the window's thread.
    pub fn new(mask: Mask) -> Self {
        let pyramid = MaskPyramid::new(&mask).thinned(&mask);
        let few = few(&mask);
        Self { mask, pyramid, few }
    }

    /// The labelled pixels with their classes, if they are few: each is to be seen from afar. Else none.
    pub fn sparse_pixels(&self) -> &[([u32; 2], u8)] {
        &self.few
    }

    /// The reductions.
    pub(crate) fn pyramid(&self) -> &MaskPyramid {
        &self.pyramid
    }
}

fn few(mask: &Mask) -> Vec<([u32; 2], u8)> {
    let labelled = mask.data().iter().enumerate().filter(|(_, class)| **class != UNLABELLED);
    let place = |(i, class): (usize, &u8)| ([i as u32 % mask.width(), i as u32 / mask.width()], *class);
    let found: Vec<_> = labelled.take(FEW + 1).map(place).collect();
    if found.len() > FEW { Vec::new() } else { found }
}

impl Deref for SampledMask {
    type Target = Mask;

    fn deref(&self) -> &Mask {
        &self.mask
    }
}
