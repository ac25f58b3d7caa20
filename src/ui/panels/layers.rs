//! The layers of the active view: an eye and an opacity each.

use eframe::egui::{Slider, Ui};
use lucide_icons::Icon;

use crate::ui::action::UiAction;
use crate::ui::layers::Layer;
use crate::ui::state::AppState;
use crate::ui::widgets::quiet_icon;

/// Draws the list, the topmost layer first.
pub fn layers_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let layers = &state.settings.layers[state.active_view];
    if state.settings.two_views {
        ui.weak(if state.active_view == 0 { "of the left view" } else { "of the right view" });
    }
    for layer in Layer::ALL.into_iter().rev() {
        let style = layers[layer];
        ui.horizontal(|ui| {
            let (icon, verb) = if style.visible { (Icon::Eye, "Hide") } else { (Icon::EyeOff, "Show") };
            if quiet_icon(ui, icon, &format!("{verb} {}", layer.name())).clicked() {
                actions.push(UiAction::ToggleLayer(layer));
            }
            ui.add_enabled_ui(style.visible, |ui| {
                ui.scope(|ui| {
                    ui.set_min_width(92.0);
                    ui.label(layer.name());
                });
                let mut per_cent = f64::from(style.opacity) * 100.0;
                ui.spacing_mut().slider_width = (ui.available_width() - 52.0).max(48.0);
                let slider = Slider::new(&mut per_cent, 0.0..=100.0).suffix(" %").fixed_decimals(0);
                let response = ui.add(slider).accessible_name(format!("Opacity of {}", layer.name()));
                if response.changed() {
                    actions.push(UiAction::SetOpacity(layer, per_cent as f32 / 100.0));
                }
            });
        });
    }
}
