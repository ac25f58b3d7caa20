//! The right panel in a small window: tools and classes as icons, and a button that shows the whole panel over the
//! picture.

use eframe::egui::{
    Align2, Area, Button, Context, Frame, Id, Order, Rect, ScrollArea, Stroke, StrokeKind, Ui, Vec2, vec2,
};
use lucide_icons::Icon;

use super::side::side_ui;
use super::theme::{Tokens, class_color, mono};
use super::tools::tool_buttons_ui;
use super::widgets::{icon_button, icon_choice};
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;

/// Width of the strip, points.
pub const STRIP: f32 = 40.0;
/// Width of the whole panel over the picture, points.
const PANEL: f32 = 336.0;
const BUTTON: f32 = 26.0;

/// Draws the strip.
pub fn strip_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let name = if state.side_open { "Close the panel" } else { "Classes, layers, sampling and training" };
    if icon_choice(ui, state.side_open, Icon::PanelRight, name).clicked() {
        actions.push(UiAction::ToggleSide);
    }
    ScrollArea::vertical().id_salt("strip").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(3.0);
        tool_buttons_ui(ui, state, actions);
        let undo = state.project.as_ref().is_some_and(|project| project.book.can_undo());
        if icon_button(ui, Icon::Undo2, "Undo (Ctrl+Z)", undo).clicked() {
            actions.push(UiAction::Undo);
        }
        (0..state.class_list().len()).for_each(|index| class_ui(ui, state, index, actions));
    });
}

/// A class as a coloured square with its key.
fn class_ui(ui: &mut Ui, state: &AppState, index: usize, actions: &mut Vec<UiAction>) {
    let (class, tokens) = (&state.class_list()[index], Tokens::of(ui));
    let chosen = usize::from(state.class) == index;
    let button = Button::new("").fill(class_color(class.color)).min_size(Vec2::splat(BUTTON));
    let response = ui.add(button).on_hover_text(&class.name).accessible_name(format!("Class {}", class.name));
    if chosen {
        for (inset, width, color) in [(0.0, 2.0, tokens.strong), (2.0, 1.5, tokens.panel)] {
            let outline = Stroke::new(width, color);
            ui.painter().rect_stroke(response.rect.shrink(inset), 4.0, outline, StrokeKind::Inside);
        }
    }
    if index < 9 {
        let place = Rect::from_min_size(response.rect.min + vec2(2.0, 2.0), vec2(11.0, 12.0));
        ui.painter().rect_filled(place, 2.0, tokens.panel);
        ui.painter().text(place.center(), Align2::CENTER_CENTER, (index + 1).to_string(), mono(10.0), tokens.text);
    }
    if response.clicked() {
        actions.push(UiAction::PickClass(index as u8));
    }
}

/// Draws the whole panel over the right end of the picture.
pub fn side_over_ui(ctx: &Context, picture: Rect, state: &AppState, actions: &mut Vec<UiAction>) {
    let size = vec2(PANEL.min(picture.width() - 8.0), picture.height() - 8.0);
    let corner = picture.right_top() + vec2(-4.0, 4.0);
    let area = Area::new(Id::unique("side over")).pivot(Align2::RIGHT_TOP).fixed_pos(corner).order(Order::Middle);
    area.constrain_to(picture).show(ctx, |ui| {
        Frame::popup(ui.style()).inner_margin(8).show(ui, |ui| {
            let inner = size - Vec2::splat(18.0);
            ui.set_min_size(inner);
            ui.set_max_size(inner);
            side_ui(ui, state, actions);
        });
    });
}
