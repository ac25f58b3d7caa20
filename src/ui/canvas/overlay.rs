//! What egui draws over or instead of the picture: brush ring, pixel grid, and text where there is no picture.

use eframe::egui::{
    Color32, CursorIcon, Label, Painter, Pos2, Rect, RichText, Spinner, Stroke, StrokeKind, TextStyle, TextWrapMode,
    Ui, WidgetText, pos2, vec2,
};

use crate::domain::geometry::Camera;
use crate::ui::state::tool::{Tool, ToolKind};

/// Zoom from which a grid separates the pixels.
const GRID_ZOOM: f32 = 16.0;

/// Screen position of an image position, points.
pub(super) fn screen_from_image(rect: Rect, camera: &Camera, pos_in_image: [f32; 2]) -> Pos2 {
    let [x, y] = camera.view_from_image(pos_in_image);
    rect.center() + vec2(x, y)
}

/// Lines between pixels, over the tile only.
pub(super) fn pixel_grid(painter: &Painter, rect: Rect, camera: &Camera, image_size: [u32; 2]) {
    if camera.zoom < GRID_ZOOM {
        return;
    }
    let Some(seen) = camera.visible(image_size, rect.size().into()) else { return };
    let corner = |x: u32, y: u32| screen_from_image(rect, camera, [x as f32, y as f32]);
    let (first, last) = (corner(seen.x, seen.y), corner(seen.x + seen.width, seen.y + seen.height));
    let stroke = Stroke::new(1.0, Color32::from_white_alpha(28));
    for x in seen.x..=seen.x + seen.width {
        painter.vline(corner(x, seen.y).x, first.y..=last.y, stroke);
    }
    for y in seen.y..=seen.y + seen.height {
        painter.hline(first.x..=last.x, corner(seen.x, y).y, stroke);
    }
}

/// The brush in its class's colour at its real size. A brush of one pixel is drawn as that pixel.
pub(super) fn brush_ring(painter: &Painter, rect: Rect, camera: &Camera, tool: &Tool, pos_in_image: [f32; 2]) {
    let color = if tool.kind == ToolKind::Erase { Color32::WHITE } else { tool.color };
    let (dark, bright) = (Stroke::new(3.0, Color32::from_black_alpha(170)), Stroke::new(1.5, color));
    if tool.radius_px < 1.0 && camera.zoom >= 6.0 {
        let [x, y] = pos_in_image.map(f32::floor);
        let pixel = Rect::from_two_pos(
            screen_from_image(rect, camera, [x, y]),
            screen_from_image(rect, camera, [x + 1.0, y + 1.0]),
        );
        for stroke in [dark, bright] {
            painter.rect_stroke(pixel, 0.0, stroke, StrokeKind::Middle);
        }
        return;
    }
    let center = screen_from_image(rect, camera, pos_in_image);
    let radius = (tool.radius_px * camera.zoom).max(3.0);
    for stroke in [dark, bright] {
        painter.circle_stroke(center, radius, stroke);
    }
}

/// Shape of the mouse pointer over a view.
pub(super) fn cursor(kind: ToolKind, pans: bool, is_panning: bool) -> CursorIcon {
    match kind {
        _ if is_panning => CursorIcon::Grabbing,
        ToolKind::Pan => CursorIcon::Grab,
        _ if pans => CursorIcon::Grab,
        ToolKind::Brush | ToolKind::Erase => CursorIcon::Crosshair,
    }
}

/// A headline and a hint in the centre of an empty view.
pub(super) fn words(ui: &mut Ui, rect: Rect, headline: &str, hint: &str) {
    let (strong, weak) = (ui.visuals().strong_text_color(), ui.visuals().weak_text_color());
    let below = line(ui, rect, -24.0, RichText::new(headline).size(16.0).color(strong));
    line(ui, rect, below - rect.center().y + 6.0, RichText::new(hint).size(13.0).color(weak));
}

/// A spinner above a text.
pub(super) fn waiting(ui: &mut Ui, rect: Rect, text: &str) {
    let spinner = Rect::from_center_size(rect.center() - vec2(0.0, 20.0), vec2(24.0, 24.0));
    ui.put(spinner, Spinner::new());
    let weak = ui.visuals().weak_text_color();
    line(ui, rect, 4.0, RichText::new(text).size(13.0).color(weak));
}

/// Text centred in the view, its top `top` points below the centre. Returns its bottom.
fn line(ui: &mut Ui, rect: Rect, top: f32, text: RichText) -> f32 {
    let width = (rect.width() - 32.0).clamp(40.0, 480.0);
    let galley = WidgetText::from(text).into_galley(ui, Some(TextWrapMode::Wrap), width, TextStyle::Body);
    let corner = pos2(rect.center().x - galley.size().x / 2.0, rect.center().y + top);
    let place = Rect::from_min_size(corner, galley.size());
    ui.put(place, Label::new(galley).selectable(false));
    place.bottom()
}
