//! Discs of a minimum size on screen for labels too small to see. Larger labels show by themselves: a marker is never
//! larger than a labelled pixel or brush dab as drawn.

use std::collections::HashSet;

use eframe::egui::{Color32, Painter, Pos2, Rect, Stroke};

use super::overlay::screen_from_image;
use super::scene::TileScene;
use crate::domain::geometry::Camera;
use crate::domain::{LabelBook, Mask};
use crate::ui::state::layer::Layer;
use crate::ui::state::palette::Palette;

/// Diameter of a marker in points.
const SIZE: f32 = 6.0;
/// Markers closer than this (points) would merge.
const APART: f32 = 3.0;
/// Maximum number of markers. With more labels in view, the picture itself shows where they are.
const MOST: usize = 3000;

/// A marker to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Marker {
    at: Pos2,
    class: u8,
}

/// Collects markers up to the maximum.
struct MarkerSet<'a> {
    rect: Rect,
    camera: &'a Camera,
    palette: &'a Palette,
    taken: HashSet<(i32, i32)>,
    marks: Vec<Marker>,
}

impl<'a> MarkerSet<'a> {
    fn new(rect: Rect, camera: &'a Camera, palette: &'a Palette) -> Self {
        Self { rect, camera, palette, taken: HashSet::new(), marks: Vec::new() }
    }

    /// Marks an image position unless it is out of view, hidden, or already marked. Returns whether more fit.
    fn mark(&mut self, pos_in_image: [f32; 2], class: u8) -> bool {
        let at = screen_from_image(self.rect, self.camera, pos_in_image);
        let is_seen = self.rect.expand(SIZE).contains(at) && self.palette.color(class)[3] > 0;
        let cell = [at.x, at.y].map(|v| (v / APART).floor() as i32);
        if is_seen && self.taken.insert((cell[0], cell[1])) {
            self.marks.push(Marker { at, class });
        }
        self.marks.len() < MOST
    }

    /// Whether something of this size in the image is visible without a marker.
    fn shows(&self, image_px: f32) -> bool {
        image_px * self.camera.zoom >= SIZE
    }

    /// Marks the tile's own strokes where their label still stands: not where it was painted over or erased.
    fn own(&mut self, book: &LabelBook, tile: &str, labels: &Mask) {
        let [width, height] = labels.size();
        for stroke in book.standing_on(tile) {
            let Some(class) = stroke.class.filter(|_| !self.shows(2.0 * stroke.radius + 1.0)) else { continue };
            for &pos in &stroke.path {
                let inside = pos[0] >= 0.0 && pos[1] >= 0.0 && pos[0] < width as f32 && pos[1] < height as f32;
                if inside && labels.get(pos[0] as u32, pos[1] as u32) == class && !self.mark(pos, class) {
                    return;
                }
            }
        }
    }

    /// Marks single labelled pixels.
    fn pixels(&mut self, pixels: &[([u32; 2], u8)]) {
        if self.shows(1.0) {
            return;
        }
        for ([x, y], class) in pixels {
            if !self.mark([*x as f32 + 0.5, *y as f32 + 0.5], *class) {
                return;
            }
        }
    }
}

/// Draws the markers of a scene.
pub(super) fn markers(painter: &Painter, rect: Rect, camera: &Camera, scene: &TileScene<'_>) {
    let style = |layer| Some(scene.layers[layer]).filter(|style| style.visible && style.opacity > 0.0);
    if let (Some(style), Some(sampled)) = (style(Layer::Sampled), scene.sampled) {
        let mut markers = MarkerSet::new(rect, camera, scene.palette);
        markers.pixels(sampled.sparse_pixels());
        draw(painter, &markers, style.opacity, Color32::BLACK);
    }
    if let (Some(style), Some(labels), Some(book)) = (style(Layer::Labels), scene.labels, scene.book) {
        let mut markers = MarkerSet::new(rect, camera, scene.palette);
        markers.own(book, &scene.view.tile, &labels.mask());
        draw(painter, &markers, style.opacity, Color32::WHITE);
    }
}

/// Discs in class colours. The ring distinguishes own labels (white) from sampled ones (black), and both from the
/// picture.
fn draw(painter: &Painter, markers: &MarkerSet<'_>, opacity: f32, ring: Color32) {
    let radius = SIZE / 2.0;
    for mark in &markers.marks {
        let [r, g, b, _] = markers.palette.color(mark.class);
        let (dark, ring) = (Color32::from_black_alpha(170).gamma_multiply(opacity), ring.gamma_multiply(opacity));
        painter.circle_filled(mark.at, radius + 1.5, dark);
        painter.circle(mark.at, radius, Color32::from_rgb(r, g, b).gamma_multiply(opacity), Stroke::new(1.0, ring));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Classes, Edit, Stroke};
    use eframe::egui::{Pos2, vec2};

    const RECT: Rect = Rect { min: Pos2::ZERO, max: Pos2 { x: 400.0, y: 400.0 } };

    fn camera(zoom: f32) -> Camera {
        Camera { center_in_image: [500.0, 500.0], zoom }
    }

    /// Class, radius and path.
    type Drawn<'a> = (Option<u8>, f32, &'a [[f32; 2]]);

    fn own(zoom: f32, strokes: &[Drawn<'_>]) -> Vec<Marker> {
        let mut book = LabelBook::default();
        for (class, radius, path) in strokes {
            let stroke = Stroke { tile: "a".to_owned(), class: *class, radius: *radius, path: path.to_vec() };
            book.apply(Edit::Begin(stroke));
        }
        let (palette, camera) = (Palette::of(&Classes::deepglobe()), camera(zoom));
        let mut markers = MarkerSet::new(RECT, &camera, &palette);
        markers.own(&book, "a", &book.rasterize("a", [1000, 1000]));
        markers.marks
    }

    #[test]
    fn a_click_too_small_to_see_is_marked_in_place() {
        let marks = own(0.2, &[(Some(4), 0.0, &[[510.5, 500.5]])]);
        assert_eq!(marks, [Marker { at: RECT.center() + vec2(2.1, 0.1), class: 4 }]);
    }

    #[test]
    fn large_labels_need_no_marker() {
        let click: &[[f32; 2]] = &[[500.5, 500.5]];
        assert_eq!(own(5.9, &[(Some(1), 0.0, click)]).len(), 1);
        assert_eq!(own(6.0, &[(Some(1), 0.0, click)]), []);
        assert_eq!(own(1.0, &[(Some(1), 4.0, click)]), []);
    }

    #[test]
    fn erased_and_overpainted_labels_are_not_marked() {
        let click: &[[f32; 2]] = &[[500.5, 500.5]];
        assert_eq!(own(0.5, &[(Some(1), 0.0, click), (None, 2.0, click)]), []);
        let marks = own(0.5, &[(Some(1), 0.0, click), (Some(2), 0.0, click)]);
        assert_eq!(marks.iter().map(|mark| mark.class).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn visible_pixels_are_marked_once_up_to_a_maximum() {
        let (palette, camera) = (Palette::of(&Classes::deepglobe()), camera(0.4));
        let pixels: Vec<_> = (0..1000).flat_map(|y| (0..1000).map(move |x| ([x, y], 3))).collect();
        let mut markers = MarkerSet::new(RECT, &camera, &palette);
        markers.pixels(&pixels);
        assert_eq!(markers.marks.len(), MOST);
        let mut markers = MarkerSet::new(RECT, &camera, &palette);
        markers.pixels(&[([500, 500], 3), ([501, 500], 3), ([700, 500], 3), ([5000, 500], 3)]);
        assert_eq!(markers.marks.len(), 2);
    }
}
