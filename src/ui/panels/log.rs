//! The log: all messages of this session.

use eframe::egui::{RichText, ScrollArea, TextStyle, Ui};
use lucide_icons::Icon;

use super::theme::{Tokens, mono};
use super::widgets::{nothing_yet, quiet_icon};
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::{Level, line};

/// Draws the tab, scrolled to the newest message.
pub fn log_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let messages = state.messages.all();
    ui.horizontal(|ui| {
        if quiet_icon(ui, Icon::Copy, "Copy the log").clicked() {
            actions.push(UiAction::CopyLog);
        }
        ui.weak("Times are UTC.");
    });
    if messages.is_empty() {
        nothing_yet(ui, "Nothing to report.");
        return;
    }
    let tokens = Tokens::of(ui);
    let height = ui.text_style_height(&TextStyle::Monospace);
    let area = ScrollArea::both().id_salt("log").auto_shrink(false).stick_to_bottom(true);
    area.show_rows(ui, height, messages.len(), |ui, rows| {
        for message in &messages[rows] {
            let color = match message.level {
                Level::Info => tokens.text,
                Level::Warning => tokens.warn,
                Level::Error => tokens.error,
            };
            let text = line(message).replace('\n', " ");
            ui.add(eframe::egui::Label::new(RichText::new(text).font(mono(12.0)).color(color)).extend());
        }
    });
}
