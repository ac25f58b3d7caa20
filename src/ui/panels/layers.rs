//! The layers of the active view: visibility and opacity.

use eframe::egui::{Align, Layout, Slider, Ui, vec2};
use lucide_icons::Icon;

use super::blocks;
use super::widgets::{quiet_icon, slider};
use crate::domain::Choice as _;
use crate::ui::state::action::{UiAction, ViewAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::layer::Layer;
use crate::ui::state::map_source::MapChoice;

/// Width of a layer's name, points.
const NAME: f32 = 94.0;
/// Width of everything in a row except the slider, points: eye, name, number, gaps.
const FIXED: f32 = 26.0 + NAME + 56.0 + 4.0 * 8.0;

/// Draws the list, topmost layer first.
pub fn layers_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let layers = &state.settings.layers[state.active_view];
    if state.settings.two_views {
        ui.weak(if state.active_view == 0 { "Left view" } else { "Right view" });
    }
    blocks::switch_ui(ui, state, actions);
    let slider_width = (ui.available_width() - FIXED).max(40.0);
    for layer in Layer::ALL.into_iter().rev() {
        let style = layers[layer];
        ui.horizontal(|ui| {
            let (icon, verb) = if style.visible { (Icon::Eye, "Hide") } else { (Icon::EyeOff, "Show") };
            if quiet_icon(ui, icon, &format!("{verb} {}", layer.name())).clicked() {
                actions.push(UiAction::View(ViewAction::ToggleLayer(layer)));
            }
            ui.add_enabled_ui(style.visible, |ui| {
                let place = vec2(NAME, ui.spacing().interact_size.y);
                ui.allocate_ui_with_layout(place, Layout::left_to_right(Align::Center), |ui| {
                    ui.set_min_width(NAME);
                    ui.label(layer.name()).on_hover_text(layer.help());
                });
                let mut per_cent = f64::from(style.opacity * 100.0).round();
                ui.spacing_mut().slider_width = slider_width;
                let opacity = Slider::new(&mut per_cent, 0.0..=100.0).suffix(" %").fixed_decimals(0);
                let name = format!("Opacity of {}", layer.name());
                if ui.name_inputs(name, |ui| slider(ui, opacity)).changed() {
                    actions.push(UiAction::View(ViewAction::SetOpacity(layer, per_cent as f32 / 100.0)));
                }
            });
        });
        if layer == Layer::Prediction {
            map_choice_ui(ui, state, actions);
        }
    }
}

/// Which map is the prediction. `Q` goes from one to the next.
fn map_choice_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ui.horizontal(|ui| {
        ui.add_space(26.0 + ui.spacing().item_spacing.x);
        ui.spacing_mut().item_spacing.x = 2.0;
        for choice in MapChoice::ALL {
            let shown = ui.selectable_label(state.map_choice() == *choice, state.map_title(*choice));
            if shown.on_hover_text(format!("{} (Q)", choice.help())).clicked() {
                actions.push(UiAction::View(ViewAction::SetMap(*choice)));
            }
        }
    });
}
