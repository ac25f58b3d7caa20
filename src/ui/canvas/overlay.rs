//! What egui draws over and instead of the picture: the ring of the brush, the pixel grid, and words where there is
//! nothing to see.

use eframe::egui::{Align2, Color32, CursorIcon, FontId, Painter, Pos2, Rect, Stroke, Ui, pos2, vec2};

use super::{Tool, ToolKind};
use crate::domain::geometry::Camera;

/// From this zoom on single pixels are told apart by a grid.
const GRID_ZOOM: f32 = 16.0;

/// Where an image position lies on screen.
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

/// The brush as large as it is, in its class's colour. A brush of one pixel is shown as that pixel.
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
            painter.rect_stroke(pixel, 0.0, stroke, eframe::egui::StrokeKind::Middle);
        }
        return;
    }
    let center = screen_from_image(rect, camera, pos_in_image);
    let radius = (tool.radius_px * camera.zoom).max(3.0);
    for stroke in [dark, bright] {
        painter.circle_stroke(center, radius, stroke);
    }
}

/// The pointer's shape over a view.
pub(super) fn cursor(kind: ToolKind, pans: bool, is_panning: bool) -> CursorIcon {
    match kind {
        _ if is_panning => CursorIcon::Grabbing,
        ToolKind::Pan => CursorIcon::Grab,
        _ if pans => CursorIcon::Grab,
        ToolKind::Brush | ToolKind::Erase => CursorIcon::Crosshair,
    }
}

/// A headline and a hint in the middle of an empty view.
pub(super) fn words(ui: &Ui, rect: Rect, headline: &str, hint: &str) {
    let visuals = ui.visuals();
    let width = (rect.width() - 32.0).clamp(40.0, 480.0);
    let painter = ui.painter_at(rect);
    let layout = |text: &str, size, color| painter.layout(text.to_owned(), FontId::proportional(size), color, width);
    let headline = layout(headline, 16.0, visuals.strong_text_color());
    let hint = layout(hint, 13.0, visuals.weak_text_color());
    let height = headline.size().y + 6.0 + hint.size().y;
    let top = rect.center().y - height / 2.0;
    let left = |galley: &eframe::egui::Galley| rect.center().x - galley.size().x / 2.0;
    let below = top + headline.size().y + 6.0;
    painter.galley(pos2(left(&headline), top), headline, visuals.strong_text_color());
    painter.galley(pos2(left(&hint), below), hint, visuals.weak_text_color());
}

/// A spinner over the name of what is awaited.
pub(super) fn waiting(ui: &Ui, rect: Rect, text: &str) {
    let center = rect.center();
    eframe::egui::Spinner::new().paint_at(ui, Rect::from_center_size(center - vec2(0.0, 16.0), vec2(24.0, 24.0)));
    let color = ui.visuals().weak_text_color();
    let at = center + vec2(0.0, 14.0);
    ui.painter_at(rect).text(at, Align2::CENTER_CENTER, text, FontId::proportional(13.0), color);
}
