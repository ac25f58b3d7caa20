//! Toasts: warnings, errors and news that float over the window until they expire or are closed.

use eframe::egui::{Align2, Area, Context, Frame, Id, Order, RichText, Stroke, Vec2};
use lucide_icons::Icon;

use super::theme::{Tokens, semibold};
use super::widgets::{icon, quiet_icon};
use crate::domain::Notice;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::Level;

/// Window height below which only the newest toast is shown, so that they do not cover the run bar, points.
const ROOM_FOR_ALL: f32 = 480.0;

/// Headlines without details that are longer than this are set in plain text, bytes.
const SENTENCE: usize = 90;

/// Draws the toasts in a column `above_bottom` points above the bottom of the window, clear of the run bar. Returns
/// whether the pointer is over one.
pub fn toasts_ui(ctx: &Context, above_bottom: f32, state: &AppState, actions: &mut Vec<UiAction>) -> bool {
    if state.messages.toasts().next().is_none() {
        return false;
    }
    let shown = if ctx.content_rect().height() < ROOM_FOR_ALL { 1 } else { usize::MAX };
    let offset = Vec2::new(-16.0, -above_bottom - 12.0);
    let area = Area::new(Id::unique("toasts")).anchor(Align2::RIGHT_BOTTOM, offset).order(Order::Foreground);
    let shown = area.show(ctx, |ui| {
        let tokens = Tokens::of(ui);
        for (index, message) in state.messages.toasts().take(shown) {
            let (color, sign) = match message.level {
                Level::Error => (tokens.error, Icon::CircleX),
                Level::Warning => (tokens.warn, Icon::TriangleAlert),
                Level::Info => (tokens.good, Icon::CircleCheck),
            };
            Frame::popup(ui.style()).inner_margin(12).stroke(Stroke::new(1.0, color)).show(ui, |ui| {
                let width = (ctx.content_rect().width() - 56.0).min(380.0);
                ui.set_width(width);
                ui.horizontal_top(|ui| {
                    ui.label(icon(sign, 16.0).color(color));
                    ui.vertical(|ui| {
                        ui.set_width(width - 62.0);
                        ui.label(headline(&message.notice, &tokens));
                        for detail in [&message.notice.cause, &message.notice.remedy].into_iter().flatten() {
                            ui.label(detail);
                        }
                    });
                    if quiet_icon(ui, Icon::X, "Close this message").clicked() {
                        actions.push(UiAction::Dismiss(index));
                    }
                });
            });
        }
    });
    shown.response.contains_pointer()
}

/// A headline stands out from its details. A sentence that stands alone is not a headline.
fn headline(notice: &Notice, tokens: &Tokens) -> RichText {
    let text = RichText::new(&notice.headline).color(tokens.strong);
    let has_details = notice.cause.is_some() || notice.remedy.is_some();
    if has_details || notice.headline.len() < SENTENCE { text.font(semibold(13.0)) } else { text }
}
