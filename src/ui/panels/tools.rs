//! The tools section: brush, eraser and pan, undo and redo, brush radius.

use eframe::egui::{Slider, Ui};
use lucide_icons::Icon;

use super::widgets::{field, icon_button, icon_choice, slider};
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::settings::RADII;
use crate::ui::state::tool::ToolKind;

/// Draws the tools.
pub fn tools_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ui.horizontal(|ui| {
        tool_buttons_ui(ui, state, actions);
        ui.separator();
        let (undo, redo) = state.project.as_ref().map_or((false, false), |p| (p.book.can_undo(), p.book.can_redo()));
        if icon_button(ui, Icon::Undo2, "Undo (Ctrl+Z)", undo).clicked() {
            actions.push(UiAction::Undo);
        }
        if icon_button(ui, Icon::Redo2, "Redo (Ctrl+Shift+Z)", redo).clicked() {
            actions.push(UiAction::Redo);
        }
    });
    field(ui, "Radius", |ui| {
        let mut radius = state.settings.radius;
        let size = Slider::new(&mut radius, RADII).logarithmic(true).smallest_positive(1.0).suffix(" px");
        ui.spacing_mut().slider_width = (ui.available_width() - 68.0).max(40.0);
        if slider(ui, size.fixed_decimals(0)).on_hover_text("0 marks single pixels; [ and ] change it").changed() {
            actions.push(UiAction::SetRadius(radius));
        }
    });
}

/// A button per tool; the selected one is highlighted.
pub fn tool_buttons_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    for tool in ToolKind::ALL {
        let icon = match tool {
            ToolKind::Brush => Icon::Brush,
            ToolKind::Erase => Icon::Eraser,
            ToolKind::Pan => Icon::Hand,
        };
        let name = format!("{} ({})", tool.name(), tool.shortcut().name());
        if icon_choice(ui, state.tool == tool, icon, &name).clicked() {
            actions.push(UiAction::SetTool(tool));
        }
    }
}
