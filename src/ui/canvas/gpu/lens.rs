//! Maps between tile pixels, texture coordinates (uv, 0 to 1 over the tile) and pixels of the target.

use crate::domain::geometry::{Camera, PixelRect};

/// The camera on a target: where image positions fall on the target's pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lens {
    /// Position and zoom.
    pub camera: Camera,
    /// Physical pixels per point.
    pub pixels_per_point: f32,
    /// Viewport size in physical pixels.
    pub viewport_px: [f32; 2],
    /// Offset of the view's centre from the viewport's, in physical pixels; viewports are rounded to pixels.
    pub middle_px: [f32; 2],
}

impl Lens {
    /// The part of the tile in an area of the view, in uv: low and high corner.
    pub(crate) fn uv_of(&self, tile: [u32; 2], area: PixelRect) -> [[f32; 2]; 2] {
        let [x, y, left, top] = self.uv_to_clip(tile);
        let [width, height] = self.viewport_px;
        let uv = |px: u32, py: u32| {
            let (clip_x, clip_y) = (px as f32 * 2.0 / width - 1.0, 1.0 - py as f32 * 2.0 / height);
            [(clip_x - left) / x, (clip_y - top) / y]
        };
        [uv(area.x, area.y), uv(area.x + area.width, area.y + area.height)]
    }

    /// The pixels of the view that show `rect` (image pixels) or anything within `reach` of it; `None` if it is off
    /// screen.
    pub(crate) fn area_of(&self, tile: [u32; 2], rect: PixelRect, reach: f32) -> Option<PixelRect> {
        let [x, y, left, top] = self.uv_to_clip(tile);
        let [width, height] = self.viewport_px;
        // One more pixel on each side, because positions are rounded.
        let range = |low: f32, high: f32, size: f32| {
            let (first, end) = ((low.floor() - 1.0).clamp(0.0, size), (high.ceil() + 1.0).clamp(0.0, size));
            (end > first).then_some((first as u32, (end - first) as u32))
        };
        let across = |image: f32| ((image / tile[0] as f32 * x + left) + 1.0) * width / 2.0;
        let down = |image: f32| (1.0 - (image / tile[1] as f32 * y + top)) * height / 2.0;
        let ends = |from: u32, len: u32| (from as f32 - reach, (from + len) as f32 + reach);
        let ((low_x, high_x), (low_y, high_y)) = (ends(rect.x, rect.width), ends(rect.y, rect.height));
        let (x, width) = range(across(low_x), across(high_x), width)?;
        let (y, height) = range(down(low_y), down(high_y), height)?;
        Some(PixelRect { x, y, width, height })
    }

    /// Scale (x, y) and offset (x, y) from uv to clip space.
    pub(crate) fn uv_to_clip(&self, tile: [u32; 2]) -> [f32; 4] {
        let scale = self.camera.zoom * self.pixels_per_point;
        let axis = |i: usize| {
            let per_px = 2.0 / self.viewport_px[i].max(1.0);
            let offset = (self.middle_px[i] - self.camera.center_in_image[i] * scale) * per_px;
            (tile[i] as f32 * scale * per_px, offset)
        };
        let ((x, left), (y, top)) = (axis(0), axis(1));
        [x, -y, left, -top]
    }

    /// Image pixels per physical pixel.
    pub(crate) fn image_px_per_px(&self) -> f32 {
        1.0 / (self.camera.zoom * self.pixels_per_point)
    }

    /// Width of an outline in image pixels: one point, but at least one physical pixel.
    pub(crate) fn outline_px(&self) -> f32 {
        self.pixels_per_point.round().max(1.0) * self.image_px_per_px()
    }

    /// Width of an outline in uv.
    pub(crate) fn outline(&self, tile: [u32; 2]) -> [f32; 2] {
        tile.map(|n| self.outline_px() / n.max(1) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lens(zoom: f32) -> Lens {
        Lens {
            camera: Camera { center_in_image: [50.0, 25.0], zoom },
            pixels_per_point: 1.0,
            viewport_px: [200.0, 100.0],
            middle_px: [0.0, 0.0],
        }
    }

    #[test]
    fn the_camera_centre_maps_to_the_view_centre_and_y_points_up() {
        let [x, y, left, top] = lens(2.0).uv_to_clip([100, 50]);
        assert_eq!([0.5 * x + left, 0.5 * y + top], [0.0, 0.0]);
        assert_eq!([left, top], [-1.0, 1.0], "at zoom 2 the tile fills the view exactly");
        let uv = |zoom, x, width| lens(zoom).uv_of([100, 50], PixelRect { x, y: 0, width, height: 100 });
        assert_eq!(uv(2.0, 0, 200), [[0.0, 0.0], [1.0, 1.0]]);
        assert_eq!(uv(4.0, 0, 200), [[0.25, 0.25], [0.75, 0.75]]);
        assert_eq!(uv(2.0, 50, 100), [[0.25, 0.0], [0.75, 1.0]]);
    }

    #[test]
    fn the_area_of_a_rectangle_contains_it_and_is_clipped_to_the_view() {
        let rect = |x, y, width, height| PixelRect { x, y, width, height };
        // Low and high edges in pixels of the view; the result may be one or two pixels larger.
        for (part, reach, [left, right], [top, bottom]) in [
            (rect(10, 20, 5, 2), 0.0, [20, 30], [40, 44]),
            (rect(10, 20, 5, 2), 3.0, [14, 36], [34, 50]),
            (rect(0, 0, 1, 1), 4.0, [0, 10], [0, 10]),
        ] {
            let area = lens(2.0).area_of([100, 50], part, reach).unwrap();
            assert!(area.x <= left && area.x + 2 >= left, "{area:?}");
            assert!((right..=right + 2).contains(&(area.x + area.width)), "{area:?}");
            assert!(area.y <= top && area.y + 2 >= top, "{area:?}");
            assert!((bottom..=bottom + 2).contains(&(area.y + area.height)), "{area:?}");
        }
        let elsewhere = Lens { camera: Camera { center_in_image: [500.0, 25.0], zoom: 2.0 }, ..lens(2.0) };
        assert_eq!(elsewhere.area_of([100, 50], rect(10, 20, 5, 2), 3.0), None);
    }
}
