//! Cuts square crops out of a tile in the layout that the network expects.

use image::RgbImage;

use super::augment::Symmetry;
use super::normalize::{MEAN, STD};
use super::resample::{Source, WEIGHT};
use super::warp::{Grid, Warp};
use crate::data::Picture;
use crate::domain::{Mask, UNLABELLED, Validity};

/// Where a crop is cut, at which resolution, and how it is turned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Its first pixel in the tile; negative outside.
    pub corner: [i64; 2],
    /// Pixels of the tile along a cell of the crop: 1 is full resolution.
    pub scale: u32,
    /// How it is turned.
    pub symmetry: Symmetry,
    /// How it is turned, zoomed and shifted after that.
    pub warp: Option<Warp>,
    /// Its side in cells.
    pub size: u32,
}

impl Cut {
    /// Appends the normalised bands, `[3, size, size]`: means over the cells. Cells outside the tile are 0, the mean colour.
    pub fn image(&self, picture: &Picture, table: &[[f32; 256]; 3], out: &mut Vec<f32>) {
        let (image, pixels) = (&picture.rgb, self.warped());
        match (self.scale, pixels) {
            (1, None) => cut_image(image, self.corner, self.symmetry, self.size, table, out),
            (_, None) => self.means(out, |x, y, sum| {
                self.pixels(picture.size(), None, x, y, |x, y| sum.add(image.get_pixel(x, y).0.map(u32::from), 1));
            }),
            (_, Some(pixels)) => {
                let source = Source::new(picture);
                self.means(out, |x, y, sum| {
                    let colours = self.fine(x, y).filter_map(|(x, y)| source.colour(pixels.at(x, y)));
                    colours.for_each(|colour| sum.add(colour, WEIGHT));
                });
            }
        }
    }

    /// Appends the normalised bands of cells, each the mean of what `gather` adds for it.
    fn means(&self, out: &mut Vec<f32>, gather: impl Fn(u32, u32, &mut ColourSum)) {
        let area = (self.size * self.size) as usize;
        let start = out.len();
        out.resize(start + 3 * area, 0.0);
        let bands = &mut out[start..];
        for (i, (x, y)) in grid(self.size).enumerate() {
            let mut sum = ColourSum::default();
            gather(x, y, &mut sum);
            for band in 0..if sum.weight == 0 { 0 } else { 3 } {
                let level = sum.levels[band] as f32 / sum.weight as f32;
                bands[band * area + i] = (level / 255.0 - MEAN[band]) / STD[band];
            }
        }
    }

    /// Appends the labels, `[size, size]`: the most frequent label of each cell, of equally frequent ones the first. A cell
    /// without a label is unlabelled.
    pub fn labels(&self, labels: &Mask, out: &mut Vec<u8>) {
        let pixels = self.warped();
        match (self.scale, pixels) {
            (1, None) => return cut_labels(labels, self.corner, self.symmetry, self.size, out),
            (1, Some(pixels)) => return out.extend(grid(self.size).map(|(x, y)| label(labels, pixels.nearest(x, y)))),
            _ => {}
        }
        out.extend(grid(self.size).map(|(x, y)| {
            let mut votes: Vec<(u8, u32)> = Vec::new();
            self.pixels(labels.size(), pixels, x, y, |x, y| match labels.get(x, y) {
                UNLABELLED => {}
                class => match votes.iter_mut().find(|(other, _)| *other == class) {
                    Some((_, count)) => *count += 1,
                    None => votes.push((class, 1)),
                },
            });
            votes.iter().rev().max_by_key(|(_, count)| *count).map_or(UNLABELLED, |(class, _)| *class)
        }));
    }

    /// Which cells have a pixel of a tile of this size, row by row.
    pub fn inside(&self, tile: [u32; 2]) -> Vec<bool> {
        let pixels = self.warped();
        let is_inside = |(x, y)| {
            let mut any = false;
            self.pixels(tile, pixels, x, y, |_, _| any = true);
            any
        };
        grid(self.size).map(is_inside).collect()
    }

    /// Appends for each cell whether all of its pixels are in the tile and exist.
    pub fn existing(&self, picture: &Picture, out: &mut Vec<bool>) {
        let (size, flags, pixels) = (picture.size(), picture.valid.as_ref().map(Validity::flags), self.warped());
        let exists = |x: u32, y: u32| flags.is_none_or(|flags| flags[y as usize * size[0] as usize + x as usize]);
        out.extend(grid(self.size).map(|(x, y)| {
            let mut count = 0;
            self.pixels(size, pixels, x, y, |x, y| count += u32::from(exists(x, y)));
            count == self.scale * self.scale
        }));
    }

    /// The same crop, shifted so that this pixel of the tile is in it. Without a warp it is already.
    #[must_use]
    pub(super) fn holding(self, label: [u32; 2]) -> Self {
        let side = self.size * self.scale;
        let from_middle =
            [0, 1].map(|axis| (i64::from(label[axis]) - self.corner[axis]) as f64 + 0.5 - f64::from(side) / 2.0);
        Self { warp: self.warp.map(|warp| warp.holding(self.symmetry.turned(from_middle), side)), ..self }
    }

    /// Where the pixels of a warped crop are, `scale` of them along each cell.
    fn warped(&self) -> Option<Grid> {
        self.warp.map(|warp| Grid::new(self.corner, self.size * self.scale, self.symmetry, warp))
    }

    /// The pixels of a cell, counted within the warped crop.
    fn fine(&self, x: u32, y: u32) -> impl Iterator<Item = (u32, u32)> {
        let scale = self.scale;
        grid(scale).map(move |(right, down)| (x * scale + right, y * scale + down))
    }

    /// The pixels of a tile in the cell at `(x, y)` of the crop; `warped` is its grid, if it is warped.
    fn pixels(&self, tile: [u32; 2], warped: Option<Grid>, x: u32, y: u32, mut each: impl FnMut(u32, u32)) {
        if let Some(warped) = warped {
            let places =
                self.fine(x, y).map(|(x, y)| warped.nearest(x, y).map(|at| u32::try_from(at).unwrap_or(u32::MAX)));
            return places.filter(|[x, y]| *x < tile[0] && *y < tile[1]).for_each(|[x, y]| each(x, y));
        }
        let cell: [u32; 2] = self.symmetry.source(x, y, self.size).into();
        let [columns, rows] = [0, 1].map(|axis| {
            let first = self.corner[axis] + i64::from(cell[axis]) * i64::from(self.scale);
            let clipped = |at: i64| at.clamp(0, i64::from(tile[axis])) as u32;
            clipped(first)..clipped(first + i64::from(self.scale))
        });
        rows.for_each(|y| columns.clone().for_each(|x| each(x, y)));
    }
}

/// The colours of a cell.
#[derive(Default)]
struct ColourSum {
    levels: [u32; 3],
    weight: u32,
}

impl ColourSum {
    /// Adds a colour that was multiplied with its weight.
    fn add(&mut self, levels: [u32; 3], weight: u32) {
        (0..3).for_each(|band| self.levels[band] += levels[band]);
        self.weight += weight;
    }
}

/// Appends the normalised bands of a crop, `[3, size, size]`. Pixels outside the tile are 0, the mean colour.
pub fn cut_image(
    image: &RgbImage,
    corner: [i64; 2],
    symmetry: Symmetry,
    size: u32,
    table: &[[f32; 256]; 3],
    out: &mut Vec<f32>,
) {
    let (width, height) = image.dimensions();
    let area = (size * size) as usize;
    let start = out.len();
    out.resize(start + 3 * area, 0.0);
    let (pixels, bands) = (image.as_raw(), &mut out[start..]);
    for (i, (x, y)) in grid(size).enumerate() {
        let (x, y) = symmetry.source(x, y, size);
        let (x, y) = (corner[0] + i64::from(x), corner[1] + i64::from(y));
        if (0..i64::from(width)).contains(&x) && (0..i64::from(height)).contains(&y) {
            let pixel = (y as usize * width as usize + x as usize) * 3;
            for band in 0..3 {
                bands[band * area + i] = table[band][usize::from(pixels[pixel + band])];
            }
        }
    }
}

/// Appends the labels of a crop, `[size, size]`. Pixels outside the tile are unlabelled.
pub fn cut_labels(labels: &Mask, corner: [i64; 2], symmetry: Symmetry, size: u32, out: &mut Vec<u8>) {
    out.extend(grid(size).map(|(x, y)| {
        let (x, y) = symmetry.source(x, y, size);
        label(labels, [corner[0] + i64::from(x), corner[1] + i64::from(y)])
    }));
}

/// The label of a pixel; outside there is none.
fn label(labels: &Mask, [x, y]: [i64; 2]) -> u8 {
    match (u32::try_from(x), u32::try_from(y)) {
        (Ok(x), Ok(y)) => labels.get(x, y),
        _ => UNLABELLED,
    }
}

fn grid(size: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..size).flat_map(move |y| (0..size).map(move |x| (x, y)))
}

#[cfg(test)]
mod warped;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::feed::normalize;
    use crate::domain::hash::Stream;

    /// Red and label hold the position, so that image and labels can be compared pixel by pixel.
    fn tile() -> (RgbImage, Mask) {
        let image = RgbImage::from_fn(5, 4, |x, y| image::Rgb([(y * 5 + x) as u8, 0, 0]));
        let labels = Mask::from_vec(5, 4, (0..20).collect()).expect("5×4");
        (image, labels)
    }

    #[test]
    fn image_and_labels_stay_aligned_under_every_symmetry() {
        let (image, labels) = tile();
        let table = normalize::table();
        let mut random = Stream::new(3);
        for _ in 0..50 {
            let symmetry = Symmetry::draw(&mut random, true, true);
            let corner = [random.below(9) as i64 - 4, random.below(9) as i64 - 4];
            let (mut bands, mut cut) = (Vec::new(), Vec::new());
            cut_image(&image, corner, symmetry, 4, &table, &mut bands);
            cut_labels(&labels, corner, symmetry, 4, &mut cut);
            for (value, label) in bands[..16].iter().zip(&cut) {
                let want = if *label == UNLABELLED { 0.0 } else { table[0][usize::from(*label)] };
                assert!((value - want).abs() < 1e-6, "{label} {value} {want}");
            }
        }
    }

    #[test]
    fn a_coarse_cell_has_the_mean_colour_and_the_most_frequent_label() {
        let image = RgbImage::from_fn(6, 4, |x, y| image::Rgb([(10 * x) as u8, (10 * y) as u8, 0]));
        let mut labels = Mask::unlabelled(6, 4);
        for (at, class) in [(0, 2), (1, 1), (7, 1), (4, 3), (11, 5), (14, 4)] {
            labels.data_mut()[at] = class;
        }
        let cut = Cut { corner: [0, 0], scale: 2, symmetry: Symmetry::default(), warp: None, size: 4 };
        let (mut bands, mut cells) = (Vec::new(), Vec::new());
        cut.image(&image.into(), &normalize::table(), &mut bands);
        cut.labels(&labels, &mut cells);
        let [none, outside] = [UNLABELLED; 2];
        let want = [[1, none, 3, outside], [none, 4, none, outside], [outside; 4], [outside; 4]];
        assert_eq!(cells, want.concat());
        let red = |level: f32| (level / 255.0 - MEAN[0]) / STD[0];
        for (got, want) in bands[..4].iter().zip([red(5.0), red(25.0), red(45.0), 0.0]) {
            assert!((got - want).abs() < 1e-6, "{got} for {want}");
        }
        let inside = cut.inside([6, 4]);
        assert!(inside[4 + 2] && !inside[3] && !inside[2 * 4]);
    }

    #[test]
    fn at_full_resolution_both_ways_agree() {
        let (image, labels) = tile();
        let table = normalize::table();
        let mut random = Stream::new(9);
        for _ in 0..20 {
            let symmetry = Symmetry::draw(&mut random, true, true);
            let cut = Cut { corner: [random.below(9) as i64 - 4, -1], scale: 1, symmetry, warp: None, size: 4 };
            let (mut bands, mut cells) = (Vec::new(), Vec::new());
            cut.image(&image.clone().into(), &table, &mut bands);
            cut.labels(&labels, &mut cells);
            for (i, (x, y)) in grid(4).enumerate() {
                let (mut colour, mut label) = (0.0, UNLABELLED);
                cut.pixels([5, 4], None, x, y, |x, y| {
                    colour = table[0][usize::from(image.get_pixel(x, y).0[0])];
                    label = labels.get(x, y);
                });
                assert_eq!((bands[i].to_bits(), cells[i]), (f32::to_bits(colour), label));
            }
        }
    }
}
