//! The tabs at the bottom: curves, scores, runs and log. Folded where the picture needs their space.

use eframe::egui::{Frame, Margin, Panel, RichText, Ui};

use super::theme::{Tokens, on_panel};
use crate::ui::state::action::{Tab, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::Level;
use crate::ui::state::panel_layout::PanelLayout;

/// Draws the tabs, with the content of the one in front unless folded. Returns their top edge.
pub fn lower_panel(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) -> f32 {
    let height = ui.ctx().content_rect().height();
    if !state.layout.lower {
        let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(8, 2));
        let tabs = Panel::bottom("tabs").frame(frame).show(ui, |ui| tabs_ui(ui, state, actions));
        return tabs.response.rect.top();
    }
    let highest = PanelLayout::lower_height(height);
    let lower = Panel::bottom("lower").resizable(true).size_range(96.0_f32.min(highest)..=highest);
    let lower = lower.default_size((height * 0.25).max(150.0).min(highest));
    lower.show(ui, |ui| on_panel(ui, |ui| lower_ui(ui, state, actions))).response.rect.top()
}

/// The tabs with the content of the one in front.
fn lower_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    tabs_ui(ui, state, actions);
    match state.settings.tab {
        Tab::Curves => super::curves::curves_ui(ui, state, actions),
        Tab::Scores => super::scores::scores_ui(ui, state, actions),
        Tab::Runs => super::runs::runs_ui(ui, state, actions),
        Tab::Compare => super::compare::compare_ui(ui, state, actions),
        Tab::Studies => super::studies::studies_ui(ui, state, actions),
        Tab::Log => super::log::log_ui(ui, state, actions),
    }
}

fn tabs_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let errors = state.messages.all().iter().filter(|message| message.level == Level::Error).count();
    ui.horizontal(|ui| {
        for tab in Tab::ALL {
            let mut name = RichText::new(tab.name());
            if tab == Tab::Log && errors > 0 {
                name = RichText::new(format!("{} ({errors})", tab.name())).color(Tokens::of(ui).error);
            }
            let in_front = state.settings.tab == tab && state.layout.lower;
            if ui.selectable_label(in_front, name).clicked() {
                actions.push(UiAction::ShowTab(tab));
            }
        }
    });
}
