//! The first steps: a strip above the views, until they are done or it is closed. It hides nothing.

use eframe::egui::text::LayoutJob;
use eframe::egui::{Color32, FontId, Frame, Label, Margin, TextFormat, Ui, Vec2, vec2};
use lucide_icons::Icon;

use super::theme::{Tokens, icons, semibold};
use super::widgets::quiet_icon;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;

/// Room below which the strip would leave too little for the picture, points.
const ROOM: Vec2 = vec2(360.0, 280.0);
/// Width of the button that closes the strip, points.
const CLOSE: f32 = 44.0;

/// Draws the strip.
pub fn help_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let Some(project) = state.project.as_ref().filter(|_| !state.settings.help_dismissed) else { return };
    let (is_labelled, is_predicted) = (project.labels() > 0, state.prediction().is_some());
    if is_labelled && state.run.id > 0 {
        return actions.push(UiAction::DismissHelp);
    }
    if ui.available_width() < ROOM.x || ui.available_height() < ROOM.y {
        return;
    }
    let tokens = Tokens::of(ui);
    let margin = Margin { left: 10, right: 4, top: 4, bottom: 4 };
    Frame::NONE.fill(tokens.raised).inner_margin(margin).show(ui, |ui| {
        ui.horizontal_top(|ui| {
            let width = ui.available_width() - CLOSE;
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.add_space(3.0);
                ui.add(Label::new(steps(&tokens, is_labelled, is_predicted)).wrap());
            });
            if quiet_icon(ui, Icon::X, "Close the first steps").clicked() {
                actions.push(UiAction::DismissHelp);
            }
        });
    });
}

/// The steps with their numbers; those that are done have a tick. Blanks within a step do not break where the strip wraps.
fn steps(tokens: &Tokens, is_labelled: bool, is_predicted: bool) -> LayoutJob {
    let mut job = LayoutJob::default();
    let mut add = |text: &str, font: FontId, color: Color32| {
        job.append(text, 0.0, TextFormat { font_id: font, color, ..TextFormat::default() });
    };
    let tick = Icon::Check.unicode().to_string();
    for (number, is_done, text) in [
        ("1", is_labelled, "Select a class: press 1–9 or click it."),
        ("2", is_labelled, "Click the picture where you see it; drag to paint."),
        ("3", is_predicted, "Label a second class: a map follows each click."),
        ("4", false, "Press Start: a network learns behind it."),
    ] {
        match is_done {
            true => add(&tick, icons(13.0), tokens.good),
            false => add(number, semibold(13.0), tokens.accent),
        }
        let text = format!("\u{a0}{}", text.replace(' ', "\u{a0}"));
        add(&text, FontId::proportional(13.0), if is_done { tokens.weak } else { tokens.text });
        add("    ", FontId::proportional(13.0), tokens.text);
    }
    add("F1\u{a0}shows\u{a0}all\u{a0}keys.", FontId::proportional(13.0), tokens.weak);
    job
}
