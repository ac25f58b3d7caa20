//! Masks of class indices. "Unlabelled" is a state of its own.

use super::geometry::PixelRect;

/// Index of an unlabelled pixel. Never a class, never background.
pub const UNLABELLED: u8 = u8::MAX;

/// A class index per pixel in row order; [`UNLABELLED`] where there is no label.
#[derive(Clone, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    data: Vec<u8>,
}

impl Mask {
    /// A mask without labels.
    pub fn unlabelled(width: u32, height: u32) -> Self {
        Self { width, height, data: vec![UNLABELLED; width as usize * height as usize] }
    }

    /// Wraps indices in row order. `None` if their number is not `width * height`.
    pub fn from_vec(width: u32, height: u32, data: Vec<u8>) -> Option<Self> {
        (data.len() == width as usize * height as usize).then_some(Self { width, height, data })
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Width and height in pixels.
    pub fn size(&self) -> [u32; 2] {
        [self.width, self.height]
    }

    /// All indices in row order.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// All indices in row order, mutable.
    pub fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// The index at a pixel; unlabelled outside the mask.
    pub fn get(&self, x: u32, y: u32) -> u8 {
        if x < self.width && y < self.height {
            self.data[y as usize * self.width as usize + x as usize]
        } else {
            UNLABELLED
        }
    }

    /// Pixel count of each of the first `classes` classes.
    pub fn counts(&self, classes: usize) -> Vec<u64> {
        // Four tables in turn: neighbouring pixels mostly share a class, and two increments of one counter would wait for
        // each other.
        let mut tables = [[0_u64; 256]; 4];
        let (quads, rest) = self.data.as_chunks::<4>();
        for quad in quads {
            for (table, &index) in tables.iter_mut().zip(quad) {
                table[usize::from(index)] += 1;
            }
        }
        for &index in rest {
            tables[0][usize::from(index)] += 1;
        }
        (0..classes).map(|class| tables.iter().map(|table| table[class]).sum()).collect()
    }

    /// Number of labelled pixels.
    pub fn labelled(&self) -> u64 {
        self.data.iter().filter(|&&index| index != UNLABELLED).count() as u64
    }

    /// Takes the labels of a rectangle out.
    pub fn clear(&mut self, rect: PixelRect) {
        rect.rows(self.size()).for_each(|row| self.data[row].fill(UNLABELLED));
    }

    /// A rectangle of the mask, as far as it lies within.
    #[must_use]
    pub fn part(&self, rect: PixelRect) -> Self {
        let inside = rect.meet(PixelRect { x: 0, y: 0, width: self.width, height: self.height });
        let data = rect.rows(self.size()).flat_map(|row| &self.data[row]).copied().collect();
        inside.map_or(Self::unlabelled(0, 0), |part| Self { width: part.width, height: part.height, data })
    }

    /// Overlays `top`: its labelled pixels win. Both masks must have the same size.
    pub fn overlay(&mut self, top: &Self) {
        debug_assert_eq!(self.size(), top.size(), "masks of one tile have one size");
        for (below, &above) in self.data.iter_mut().zip(&top.data) {
            if above != UNLABELLED {
                *below = above;
            }
        }
    }

    /// Nearest-neighbour resize. Pixel centres map to pixel centres, so keep ratios are preserved.
    pub fn resize_nearest(&self, width: u32, height: u32) -> Self {
        let column = nearest_table(width, self.width);
        let row = nearest_table(height, self.height);
        let mut data = Vec::with_capacity(width as usize * height as usize);
        for y in row {
            let line = &self.data[y * self.width as usize..][..self.width as usize];
            data.extend(column.iter().map(|&x| line[x]));
        }
        Self { width, height, data }
    }

    /// Resize that keeps labels: each labelled pixel marks the pixel it falls into; the last one wins. For points and clicks,
    /// most of which nearest-neighbour downscaling would lose.
    pub fn resize_keeping_labels(&self, width: u32, height: u32) -> Self {
        if width >= self.width && height >= self.height {
            return self.resize_nearest(width, height);
        }
        let mut out = Self::unlabelled(width, height);
        for (y, line) in self.data.chunks_exact(self.width.max(1) as usize).enumerate() {
            for (x, &index) in line.iter().enumerate().filter(|(_, index)| **index != UNLABELLED) {
                let to_x = x * width as usize / self.width as usize;
                let to_y = y * height as usize / self.height as usize;
                out.data[to_y * width as usize + to_x] = index;
            }
        }
        out
    }
}

impl Mask {
    /// One pixel of the result of [`Self::resize_keeping_labels`].
    pub fn kept_label(&self, [x, y]: [u32; 2], [width, height]: [u32; 2]) -> u8 {
        if width >= self.width && height >= self.height {
            let nearest =
                |at: u32, to: u32, from: u32| ((2 * u64::from(at) + 1) * u64::from(from) / (2 * u64::from(to))) as u32;
            return self.get(nearest(x, width, self.width), nearest(y, height, self.height));
        }
        let block = |at: u32, to: u32, from: u32| {
            let start = |at: u32| (u64::from(at) * u64::from(from)).div_ceil(u64::from(to)) as u32;
            start(at)..start(at + 1)
        };
        let (columns, rows) = (block(x, width, self.width), block(y, height, self.height));
        let in_order = rows.rev().flat_map(|y| columns.clone().rev().map(move |x| self.get(x, y)));
        in_order.into_iter().find(|index| *index != UNLABELLED).unwrap_or(UNLABELLED)
    }
}

/// For each of `to` pixels the nearest of `from` pixels by centre.
fn nearest_table(to: u32, from: u32) -> Vec<usize> {
    (0..to).map(|i| nearest(i, to, from) as usize).collect()
}

/// The pixel of a row of `from` pixels that pixel `i` takes its value from where the row is resized to `to` pixels.
pub fn nearest(i: u32, to: u32, from: u32) -> u32 {
    let [i, to, from] = [i, to, from].map(u64::from);
    ((2 * i + 1) * from / (2 * to)) as u32
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask({}×{}, {} labelled)", self.width, self.height, self.labelled())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(width: u32, data: &[u8]) -> Mask {
        Mask::from_vec(width, data.len() as u32 / width, data.to_vec()).expect("test data fills whole rows")
    }

    #[test]
    fn size_must_fit_the_data() {
        assert!(Mask::from_vec(2, 2, vec![0; 3]).is_none());
        assert_eq!(mask(2, &[0, 1, 255, 1]).get(5, 0), UNLABELLED);
    }

    #[test]
    fn counts_leave_out_unlabelled_pixels() {
        let mask = mask(3, &[0, 1, 255, 1, 1, 255]);
        assert_eq!(mask.counts(3), [1, 3, 0]);
        assert_eq!(mask.labelled(), 4);
    }

    #[test]
    fn clicked_labels_win_over_sampled_ones() {
        let mut below = mask(2, &[0, 0, 255, 255]);
        below.overlay(&mask(2, &[1, 255, 1, 255]));
        assert_eq!(below.data(), [1, 0, 1, 255]);
    }

    #[test]
    fn nearest_neighbour_maps_centres() {
        let shrunk = mask(4, &[0, 1, 2, 3]).resize_nearest(2, 1);
        assert_eq!(shrunk.data(), [1, 3]);
        let grown = mask(2, &[0, 1]).resize_nearest(4, 1);
        assert_eq!(grown.data(), [0, 0, 1, 1]);
    }

    #[test]
    fn one_resized_pixel_equals_that_of_the_whole_mask() {
        let mut random = crate::domain::hash::Stream::new(1);
        for (from, to) in [([30, 20], [7, 9]), ([7, 9], [30, 20]), ([10, 30], [20, 11]), ([13, 13], [13, 13])] {
            let data = (0..from[0] * from[1]).map(|_| if random.below(4) == 0 { random.below(3) as u8 } else { 255 });
            let mask = Mask::from_vec(from[0], from[1], data.collect()).expect("all pixels");
            let whole = mask.resize_keeping_labels(to[0], to[1]);
            for (x, y) in (0..to[1]).flat_map(|y| (0..to[0]).map(move |x| (x, y))) {
                assert_eq!(mask.kept_label([x, y], to), whole.get(x, y), "{from:?} to {to:?}: {x}, {y}");
            }
        }
    }

    #[test]
    fn a_single_click_survives_downscaling() {
        let mut full = Mask::unlabelled(100, 100);
        full.data_mut()[7 * 100 + 3] = 2;
        let small = full.resize_keeping_labels(10, 10);
        assert_eq!(small.labelled(), 1);
        assert_eq!(small.get(0, 0), 2);
    }
}
