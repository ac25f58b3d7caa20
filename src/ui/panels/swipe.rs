//! The handle between two runs that are swiped over the tile, and their names beside it.

use eframe::egui::{
    Align2, Area, CornerRadius, CursorIcon, EventFilter, Id, Key, Order, Painter, Pos2, Rect, Response, Sense, Stroke,
    Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::theme::{Tokens, mono, series_color};
use crate::domain::geometry::Camera;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::letters::letter;
use crate::ui::state::runs_action::RunsAction;
use crate::ui::state::swipe::Swipe;

/// Width of what can be dragged, points.
const GRIP: f32 = 14.0;
/// Half the side of the knob, points.
const KNOB: Vec2 = vec2(6.0, 18.0);
/// Part of the tile that an arrow key moves the handle by.
const KEY_STEP: f32 = 0.02;
/// Distance of the letters from the handle and from the top of the picture, points.
const BESIDE: f32 = 12.0;
const BELOW: f32 = 44.0;

/// Draws the handle over a view and moves it.
pub(super) fn swipe_ui(ui: &Ui, picture: Rect, view: usize, state: &AppState, actions: &mut Vec<UiAction>) {
    let (Some(swipe), Some([width, _])) = (&state.swipe, state.view.size()) else { return };
    let (camera, width) = (&state.camera.camera, width as f32);
    let x = handle_x(picture, camera, swipe.share * width);
    let top = pos2(x - GRIP / 2.0, picture.top());
    // On a layer of its own: the picture gets no pointer events there.
    let area = Area::new(Id::unique(("swipe", view))).order(Order::Middle).fixed_pos(top);
    area.constrain(false).movable(false).fade_in(false).show(ui.ctx(), |ui| {
        ui.set_clip_rect(picture);
        let (rect, response) = ui.allocate_exact_size(vec2(GRIP, picture.height()), Sense::drag());
        let response =
            response.on_hover_text(format!("{} | {}\nDrag it, or press the arrow keys", swipe.name(0), swipe.name(1)));
        response.widget_info(|| WidgetInfo::slider(true, f64::from(swipe.share), name(view)));
        draw(ui, picture, rect.center().x, &response);
        let dragged = response.interact_pointer_pos().filter(|_| response.dragged());
        let to = dragged.map(|pos| share_at(picture, camera, pos, width)).or_else(|| by_key(ui, &response, swipe));
        if let Some(share) = to.filter(|share| (share - swipe.share).abs() > f32::EPSILON) {
            actions.push(UiAction::Runs(RunsAction::MoveSwipe(share)));
        }
    });
}

fn name(view: usize) -> String {
    format!("Handle between two runs, {} view", if view == 0 { "left" } else { "right" })
}

/// Where the handle is drawn: within the picture even if its place is not.
fn handle_x(picture: Rect, camera: &Camera, x_in_image: f32) -> f32 {
    let [x, _] = camera.view_from_image([x_in_image, 0.0]);
    (picture.center().x + x).clamp(picture.left() + GRIP / 2.0, (picture.right() - GRIP / 2.0).max(picture.left()))
}

fn share_at(picture: Rect, camera: &Camera, pos: Pos2, width: f32) -> f32 {
    let [x, _] = camera.image_from_view((pos - picture.center()).into());
    (x / width.max(1.0)).clamp(0.0, 1.0)
}

/// Where the arrow keys move the handle that has the focus.
fn by_key(ui: &Ui, response: &Response, swipe: &Swipe) -> Option<f32> {
    if !response.has_focus() {
        return None;
    }
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let presses = |key| ui.input(|input| input.num_presses(key)) as f32;
    let steps = presses(Key::ArrowRight) - presses(Key::ArrowLeft);
    (steps != 0.0).then(|| (swipe.share + steps * KEY_STEP).clamp(0.0, 1.0))
}

fn draw(ui: &Ui, picture: Rect, x: f32, response: &Response) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter_at(picture);
    if response.hovered() || response.dragged() {
        ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
    }
    let is_active = response.hovered() || response.dragged() || response.has_focus();
    let color = if is_active { tokens.accent } else { tokens.strong };
    painter.vline(x, picture.y_range(), Stroke::new(3.0, tokens.raised));
    painter.vline(x, picture.y_range(), Stroke::new(1.5, color));
    let knob = Rect::from_center_size(pos2(x, picture.center().y), 2.0 * KNOB);
    painter.rect_filled(knob, CornerRadius::same(4), color);
    letter_ui(&painter, picture, x, 0, tokens);
    letter_ui(&painter, picture, x, 1, tokens);
}

/// The letter of a run on its side of the handle, if there is room.
fn letter_ui(painter: &Painter, picture: Rect, x: f32, side: usize, tokens: Tokens) {
    let (direction, corner) = if side == 0 { (-1.0, Align2::RIGHT_TOP) } else { (1.0, Align2::LEFT_TOP) };
    let galley = painter.layout_no_wrap(letter(side), mono(15.0), series_color(side));
    let at = pos2(x + direction * BESIDE, picture.top() + BELOW);
    let plate = corner.anchor_size(at, galley.size() + vec2(10.0, 6.0));
    if picture.contains_rect(plate) {
        painter.rect_filled(plate, CornerRadius::same(4), tokens.raised);
        painter.galley(plate.center() - galley.size() / 2.0, galley, series_color(side));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handle_follows_the_picture_and_stays_in_sight() {
        let picture = Rect::from_min_size(pos2(100.0, 0.0), vec2(400.0, 300.0));
        let camera = Camera { center_in_image: [50.0, 50.0], zoom: 2.0 };
        assert!((handle_x(picture, &camera, 60.0) - 320.0).abs() < 1e-3);
        assert!((share_at(picture, &camera, pos2(320.0, 9.0), 100.0) - 0.6).abs() < 1e-5);
        let far = Camera { center_in_image: [5000.0, 0.0], ..camera };
        assert!((handle_x(picture, &far, 60.0) - 107.0).abs() < 1e-3, "at the left edge");
        assert!((share_at(picture, &camera, pos2(-9e9, 0.0), 100.0)).abs() < 1e-6);
    }
}
