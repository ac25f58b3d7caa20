//! Pixel rectangles, the camera over a tile, and the pixels that a brush covers.

use serde::{Deserialize, Serialize};

/// A rectangle of whole pixels in a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelRect {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl PixelRect {
    /// Whether the rectangles share a pixel.
    pub fn meets(self, other: Self) -> bool {
        let along = |a: u32, a_len: u32, b: u32, b_len: u32| a < b + b_len && b < a + a_len;
        along(self.x, self.width, other.x, other.width) && along(self.y, self.height, other.y, other.height)
    }

    /// The pixels that both have; `None` if they share none.
    #[must_use]
    pub fn meet(self, other: Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let (right, bottom) = (self.right().min(other.right()), self.bottom().min(other.bottom()));
        (x < right && y < bottom).then(|| Self { x, y, width: right - x, height: bottom - y })
    }

    /// The rectangle with `by` more pixels on each side, as far as there are any at the left and at the top.
    #[must_use]
    pub fn grown(self, by: u32) -> Self {
        let (x, y) = (self.x.saturating_sub(by), self.y.saturating_sub(by));
        let (right, bottom) = (self.right().saturating_add(by), self.bottom().saturating_add(by));
        Self { x, y, width: right - x, height: bottom - y }
    }

    /// Its place as seen from the first pixel of `frame`, in which it must lie.
    #[must_use]
    pub fn within(self, frame: Self) -> Self {
        Self { x: self.x.saturating_sub(frame.x), y: self.y.saturating_sub(frame.y), ..self }
    }

    /// What is left without the pixels of another rectangle: up to four, which do not overlap.
    pub fn without(self, other: Self) -> Vec<Self> {
        let Some(hole) = self.meet(other) else { return vec![self] };
        let beside = |x: u32, right: u32| Self { x, y: hole.y, width: right - x, height: hole.height };
        let across = |y: u32, bottom: u32| Self { y, height: bottom - y, ..self };
        let parts = [
            across(self.y, hole.y),
            beside(self.x, hole.x),
            beside(hole.right(), self.right()),
            across(hole.bottom(), self.bottom()),
        ];
        parts.into_iter().filter(|part| part.area() > 0).collect()
    }

    /// Number of pixels.
    pub fn area(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Where its rows lie in a plane of `[width, height]` pixels in row order. What sticks out is left out.
    pub fn rows(self, [width, height]: [u32; 2]) -> impl Iterator<Item = std::ops::Range<usize>> {
        let inside = self.meet(Self { x: 0, y: 0, width, height });
        inside.into_iter().flat_map(move |part| {
            (part.y..part.bottom()).map(move |y| {
                let start = y as usize * width as usize + part.x as usize;
                start..start + part.width as usize
            })
        })
    }

    /// The first column behind it.
    fn right(self) -> u32 {
        self.x.saturating_add(self.width)
    }

    /// The first row below it.
    fn bottom(self) -> u32 {
        self.y.saturating_add(self.height)
    }

    /// The bounding rectangle of both.
    pub fn union(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Self { x, y, width: right - x, height: bottom - y }
    }
}

/// The view of a tile: which image position lies at the centre of the view, and at which scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Image position in pixels at the centre of the view.
    pub center_in_image: [f32; 2],
    /// Screen points per image pixel.
    pub zoom: f32,
}

impl Camera {
    /// Allowed zoom: a 20,000-pixel tile still fits the window, and a pixel grows to 64 points.
    pub const ZOOM_RANGE: std::ops::RangeInclusive<f32> = 0.01..=64.0;

    /// Shows the whole image with a margin of 2 %.
    pub fn fit(image_size: [u32; 2], view_size: [f32; 2]) -> Self {
        let [width, height] = image_size.map(|n| n.max(1) as f32);
        let zoom = (view_size[0] / width).min(view_size[1] / height) * 0.98;
        Self {
            center_in_image: [width / 2.0, height / 2.0],
            zoom: zoom.clamp(*Self::ZOOM_RANGE.start(), *Self::ZOOM_RANGE.end()),
        }
    }

    /// Image position at a screen position. Screen positions are relative to the centre of the view.
    pub fn image_from_view(&self, pos_in_view: [f32; 2]) -> [f32; 2] {
        std::array::from_fn(|i| self.center_in_image[i] + pos_in_view[i] / self.zoom)
    }

    /// Screen position, relative to the centre of the view, of an image position.
    pub fn view_from_image(&self, pos_in_image: [f32; 2]) -> [f32; 2] {
        std::array::from_fn(|i| (pos_in_image[i] - self.center_in_image[i]) * self.zoom)
    }

    /// Zooms by `factor` and keeps the image position at `pos_in_view` in place.
    pub fn zoom_at(&mut self, pos_in_view: [f32; 2], factor: f32) {
        let held = self.image_from_view(pos_in_view);
        self.zoom = (self.zoom * factor).clamp(*Self::ZOOM_RANGE.start(), *Self::ZOOM_RANGE.end());
        self.center_in_image = std::array::from_fn(|i| held[i] - pos_in_view[i] / self.zoom);
    }

    /// Moves the image by a screen distance.
    pub fn pan(&mut self, delta_in_view: [f32; 2]) {
        self.center_in_image = std::array::from_fn(|i| self.center_in_image[i] - delta_in_view[i] / self.zoom);
    }

    /// The part of the image that a view of this size shows; `None` if it shows none.
    pub fn visible(&self, image_size: [u32; 2], view_size: [f32; 2]) -> Option<PixelRect> {
        let low = self.image_from_view([-view_size[0] / 2.0, -view_size[1] / 2.0]);
        let high = self.image_from_view([view_size[0] / 2.0, view_size[1] / 2.0]);
        let clip = |v: f32, max: u32| v.clamp(0.0, max as f32) as u32;
        let (x0, x1) = (clip(low[0].floor(), image_size[0]), clip(high[0].ceil(), image_size[0]));
        let (y0, y1) = (clip(low[1].floor(), image_size[1]), clip(high[1].ceil(), image_size[1]));
        (x1 > x0 && y1 > y0).then_some(PixelRect { x: x0, y: y0, width: x1 - x0, height: y1 - y0 })
    }
}

/// Calls `paint` with the row and column range of every run of pixels that a round brush covers between `from` and `to`,
/// clipped to `size`. A pixel is covered if its centre lies within `radius` of the segment. The pixels at both ends are
/// always covered, so a brush of radius 0 still marks one pixel.
pub fn brush(
    size: [u32; 2],
    from: [f32; 2],
    to: [f32; 2],
    radius: f32,
    mut paint: impl FnMut(u32, std::ops::Range<u32>),
) {
    let radius = radius.max(0.0);
    // First pixel after a position. A position on the edge of a pixel belongs to that pixel.
    let past = |position: f32| (position.floor() + 1.0).max(0.0) as u32;
    let top = (from[1].min(to[1]) - radius).floor().max(0.0) as u32;
    let bottom = past(from[1].max(to[1]) + radius).min(size[1]);
    let left = (from[0].min(to[0]) - radius).floor().max(0.0) as u32;
    let right = past(from[0].max(to[0]) + radius).min(size[0]);
    let ends = [from, to].map(|p| p.map(f32::floor));
    for y in top..bottom.max(top) {
        let covered = |x: &u32| {
            let center = [*x as f32 + 0.5, y as f32 + 0.5];
            distance_to_segment(center, from, to) <= radius || ends.contains(&[*x as f32, y as f32])
        };
        let first = (left..right.max(left)).find(covered);
        let last = (left..right.max(left)).rev().find(covered);
        if let (Some(first), Some(last)) = (first, last) {
            paint(y, first..last + 1);
        }
    }
}

/// Distance from `p` to the segment between `a` and `b`.
fn distance_to_segment(p: [f32; 2], a: [f32; 2], b: [f32; 2]) -> f32 {
    let along = [b[0] - a[0], b[1] - a[1]];
    let length_squared = along[0] * along[0] + along[1] * along[1];
    let t = if length_squared > 0.0 {
        (((p[0] - a[0]) * along[0] + (p[1] - a[1]) * along[1]) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (p[0] - a[0] - t * along[0]).hypot(p[1] - a[1] - t * along[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(size: [u32; 2], from: [f32; 2], to: [f32; 2], radius: f32) -> u32 {
        let mut pixels = 0;
        brush(size, from, to, radius, |_, columns| pixels += columns.end - columns.start);
        pixels
    }

    #[test]
    fn what_is_left_of_a_rectangle_has_every_other_pixel_once() {
        let rect = |x, y, width, height| PixelRect { x, y, width, height };
        let whole = rect(2, 3, 6, 5);
        for hole in [rect(4, 4, 2, 2), rect(0, 0, 4, 9), rect(7, 7, 9, 9), rect(2, 3, 6, 5), rect(20, 0, 3, 3)] {
            let mut seen = [0_u8; 100];
            let parts = whole.without(hole);
            parts.iter().chain(&whole.meet(hole)).flat_map(|part| part.rows([10, 10])).for_each(|row| {
                seen[row].iter_mut().for_each(|times| *times += 1);
            });
            let want: Vec<u8> =
                (0..100).map(|at| u8::from((2..8).contains(&(at % 10)) && (3..8).contains(&(at / 10)))).collect();
            assert_eq!(seen.to_vec(), want, "{hole:?}");
        }
        assert_eq!(rect(4, 4, 2, 2).grown(3), rect(1, 1, 8, 8));
        assert_eq!(rect(1, 0, 2, 2).grown(3), rect(0, 0, 6, 5), "there is nothing left of the first pixel");
        let inside: Vec<usize> = rect(8, 0, 9, 1).rows([10, 1]).flatten().collect();
        assert_eq!(inside, [8, 9], "what sticks out is left out");
    }

    #[test]
    fn zooming_holds_the_point_under_the_cursor() {
        let mut camera = Camera::fit([2448, 2448], [800.0, 600.0]);
        let cursor = [123.0, -77.0];
        let before = camera.image_from_view(cursor);
        camera.zoom_at(cursor, 3.7);
        let after = camera.image_from_view(cursor);
        assert!((before[0] - after[0]).abs() < 0.01 && (before[1] - after[1]).abs() < 0.01, "{before:?} {after:?}");
        let back = camera.view_from_image(after);
        assert!((back[0] - cursor[0]).abs() < 0.1, "{back:?}");
    }

    #[test]
    fn fit_shows_everything_and_panning_away_shows_nothing() {
        let mut camera = Camera::fit([100, 50], [400.0, 400.0]);
        let all = PixelRect { x: 0, y: 0, width: 100, height: 50 };
        assert_eq!(camera.visible([100, 50], [400.0, 400.0]), Some(all));
        camera.pan([10_000.0, 0.0]);
        assert_eq!(camera.visible([100, 50], [400.0, 400.0]), None);
    }

    #[test]
    fn a_brush_of_radius_zero_marks_one_pixel() {
        assert_eq!(painted([10, 10], [3.2, 4.9], [3.2, 4.9], 0.0), 1);
        assert_eq!(painted([10, 10], [3.0, 4.0], [3.0, 4.0], 0.0), 1, "on a pixel's corner as well");
    }

    #[test]
    fn a_disc_has_the_pixels_whose_centres_it_covers() {
        // Radius 1.5 around a pixel's centre: the 3×3 block (corner distance √2 < 1.5).
        assert_eq!(painted([10, 10], [5.5, 5.5], [5.5, 5.5], 1.5), 9);
        // At a corner of the tile only the quarter inside is painted.
        assert_eq!(painted([10, 10], [0.5, 0.5], [0.5, 0.5], 1.5), 4);
    }

    #[test]
    fn a_drag_leaves_no_gaps_and_outside_paints_nothing() {
        assert_eq!(painted([100, 10], [0.5, 5.5], [99.5, 5.5], 0.4), 100);
        assert_eq!(painted([10, 10], [-50.0, -50.0], [-50.0, -50.0], 3.0), 0);
        assert_eq!(painted([10, 10], [50.0, 5.0], [60.0, 5.0], 3.0), 0);
    }
}
