//! The class list: key, colour, name, share of the tile in view, own labels. A click selects the class to paint with.

use eframe::egui::{Align2, Button, FontId, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use lucide_icons::Icon;

use super::theme::{Tokens, class_color, mono, semibold};
use super::widgets::quiet_icon;
use crate::domain::ClassDef;
use crate::ui::state::action::{Dialog, UiAction, ViewAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;

const ROW: f32 = 24.0;

/// Draws the section.
pub fn classes_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let Some(project) = &state.project else {
        ui.weak("Open a project to see its classes.");
        return;
    };
    let counts = state.view.counts();
    let total: u64 = state.view.size().map_or(0, |[w, h]| u64::from(w) * u64::from(h));
    ui.spacing_mut().item_spacing.y = 0.0;
    heading_ui(ui, counts.is_some());
    for (index, class) in project.classes().iter().enumerate() {
        let share = counts.and_then(|counts| counts.get(index)).map(|n| *n as f64 / total.max(1) as f64);
        let own = state.view.own_counts().get(index).copied().unwrap_or(0);
        let row = Row { index, class, visible: project.is_class_visible(index as u8), share, own };
        row_ui(ui, &row, usize::from(state.class) == index, actions);
    }
    ui.add_space(4.0);
    if ui.add_enabled(state.can_edit_classes(), Button::new("Edit classes…")).clicked() {
        actions.push(UiAction::Show(Some(Dialog::Classes)));
    }
}

/// Content of a row.
struct Row<'a> {
    index: usize,
    class: &'a ClassDef,
    visible: bool,
    share: Option<f64>,
    own: u64,
}

/// Names the columns; without a mask there are no shares.
fn heading_ui(ui: &mut Ui, has_shares: bool) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
    let (weak, font) = (Tokens::of(ui).weak, FontId::proportional(11.0));
    let columns = columns(rect);
    if has_shares {
        ui.painter().text(columns[1], Align2::RIGHT_CENTER, "share", font.clone(), weak);
    }
    ui.painter().text(columns[2], Align2::RIGHT_CENTER, "labels", font, weak);
}

/// Anchor points of the columns: left edge of the name, right edges of share and own labels.
fn columns(rect: Rect) -> [eframe::egui::Pos2; 3] {
    let y = rect.center().y;
    [pos2(rect.left() + 52.0, y), pos2(rect.right() - 76.0, y), pos2(rect.right() - 34.0, y)]
}

fn row_ui(ui: &mut Ui, row: &Row<'_>, chosen: bool, actions: &mut Vec<UiAction>) {
    let &Row { index, class, visible, share, own } = row;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let tokens = Tokens::of(ui);
    let said = format!("Class {}", class.name);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &said));
    let ground = match (chosen, response.hovered()) {
        (true, _) => tokens.selection,
        (false, true) => tokens.button[0],
        _ => eframe::egui::Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(rect, 4.0, ground);
    let text = match (visible, chosen) {
        (false, _) => tokens.weak,
        (true, true) => tokens.strong,
        (true, false) => tokens.text,
    };
    let middle = rect.center().y;
    if index < 9 {
        let key = (index + 1).to_string();
        ui.painter().text(pos2(rect.left() + 12.0, middle), Align2::CENTER_CENTER, key, mono(11.0), tokens.weak);
    }
    let square = Rect::from_center_size(pos2(rect.left() + 34.0, middle), vec2(14.0, 14.0));
    ui.painter().rect(
        square,
        3.0,
        if visible { class_color(class.color) } else { eframe::egui::Color32::TRANSPARENT },
        eframe::egui::Stroke::new(1.0, tokens.weak.gamma_multiply(0.7)),
        eframe::egui::StrokeKind::Inside,
    );
    let [name_at, share_at, own_at] = columns(rect);
    let font = if chosen { semibold(13.0) } else { FontId::proportional(13.0) };
    let name = if class.ignored { format!("{} (ignored)", class.name) } else { class.name.clone() };
    let room = Rect::from_min_max(pos2(name_at.x, rect.top()), pos2(share_at.x - 48.0, rect.bottom()));
    ui.painter().with_clip_rect(room).text(name_at, Align2::LEFT_CENTER, name, font, text);
    if let Some(share) = share {
        ui.painter().text(share_at, Align2::RIGHT_CENTER, format::percent(share), mono(11.5), text);
    }
    if own > 0 {
        ui.painter().text(own_at, Align2::RIGHT_CENTER, own.to_string(), mono(11.5), text);
    }
    if response.on_hover_text(&class.name).clicked() {
        actions.push(UiAction::PickClass(index as u8));
    }
    let (sign, verb) = if visible { (Icon::Eye, "Hide") } else { (Icon::EyeOff, "Show") };
    let place = Rect::from_center_size(pos2(rect.right() - 15.0, middle), vec2(30.0, 22.0));
    let mut eye = ui.new_child(UiBuilder::new().max_rect(place));
    if quiet_icon(&mut eye, sign, &format!("{verb} class {}", class.name)).clicked() {
        actions.push(UiAction::View(ViewAction::ToggleClass(index as u8)));
    }
}
