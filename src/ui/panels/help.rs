//! The first steps: a card over the picture, until they are done or the card is closed.

use eframe::egui::{Align2, Area, Context, Frame, Id, Order, Rect, RichText, Shadow, Vec2, vec2};
use lucide_icons::Icon;

use super::theme::{Tokens, semibold};
use super::widgets::quiet_icon;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;

/// Size below which the picture would be hidden by the card, points.
const CARD: Vec2 = vec2(360.0, 230.0);

/// Draws the card in the lower left corner of the picture.
pub fn help_ui(ctx: &Context, picture: Rect, state: &AppState, actions: &mut Vec<UiAction>) {
    let Some(project) = state.project.as_ref().filter(|_| !state.settings.help_dismissed && state.dialog.is_none())
    else {
        return;
    };
    if project.labels() > 0 && state.prediction().is_some() {
        return actions.push(UiAction::DismissHelp);
    }
    if picture.width() < CARD.x || picture.height() < CARD.y {
        return; // The card would hide the picture it explains.
    }
    let corner = picture.left_bottom() + vec2(16.0, -16.0);
    let area = Area::new(Id::unique("first steps")).pivot(Align2::LEFT_BOTTOM).fixed_pos(corner).order(Order::Middle);
    area.show(ctx, |ui| {
        let tokens = Tokens::of(ui);
        // No shadow: on software adapters it would take a third of every frame.
        Frame::popup(ui.style()).shadow(Shadow::NONE).inner_margin(12).show(ui, |ui| {
            ui.set_width(292.0);
            ui.horizontal(|ui| {
                ui.label(RichText::new("First steps").font(semibold(13.0)).color(tokens.strong));
                ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center), |ui| {
                    if quiet_icon(ui, Icon::X, "Close the first steps").clicked() {
                        actions.push(UiAction::DismissHelp);
                    }
                });
            });
            let steps = [
                ("1", "Select a class: press 1–9 or click it on the right."),
                ("2", "Click the picture where you see it; drag to paint."),
                ("3", "Press Start below and watch the prediction."),
            ];
            for (number, text) in steps {
                ui.horizontal(|ui| {
                    ui.label(RichText::new(number).font(semibold(13.0)).color(tokens.accent));
                    ui.label(text);
                });
            }
            ui.weak("F1 shows all keys.");
        });
    });
}
