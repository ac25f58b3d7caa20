//! Arranges the panels around the views.

use eframe::egui::{CentralPanel, Frame, Margin, Panel, Ui};

use super::side;
use super::theme::on_panel;
use super::views::{drop_ui, views_ui};
use crate::domain::geometry::PixelRect;
use crate::ui::canvas::input::canvas_input::CanvasInput;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::panel_layout::PanelLayout;

/// What was on screen after one frame.
pub struct WindowResponse {
    /// Tiles whose rows are visible, by their index in the project.
    pub visible_rows: Vec<usize>,
    /// The part of the tile on screen.
    pub visible: Option<PixelRect>,
}

/// Draws all panels from the edges inwards, then what floats over them.
pub fn window_ui(
    ui: &mut Ui,
    state: &mut AppState,
    input: &mut CanvasInput,
    actions: &mut Vec<UiAction>,
) -> WindowResponse {
    state.layout = PanelLayout::of(ui.ctx().content_rect().size(), state.settings.lower_open, state.run.id > 0);
    let tight = |ui: &Ui| Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(8, 2));
    Panel::top("menu").frame(tight(ui)).show(ui, |ui| super::menu::menu_ui(ui, state, actions));
    let frame = tight(ui);
    Panel::bottom("status").frame(frame).exact_size(24.0).show(ui, |ui| super::status::status_ui(ui, state));
    let bar = Panel::bottom("run bar").frame(frame).exact_size(44.0);
    let bar_top = bar.show(ui, |ui| super::run_bar::run_bar_ui(ui, state, actions)).response.rect.top();
    let tabs_top = super::lower::lower_panel(ui, state, actions);
    let visible_rows = tiles_panel(ui, state, actions);
    state.scroll_to_tile = false;
    side_panel(ui, state, actions);
    let viewed = CentralPanel::no_frame().show(ui, |ui| {
        super::help::help_ui(ui, state, actions);
        views_ui(ui, state, input, actions)
    });
    let viewed = viewed.inner;
    let ctx = ui.ctx().clone();
    if state.side_open && !state.layout.side {
        super::strip::side_over_ui(&ctx, viewed.rect, state, actions);
    }
    let from_foot = ctx.content_rect().bottom() - if state.layout.lower { bar_top } else { tabs_top };
    state.pointer_over_toasts = super::toasts::toasts_ui(&ctx, from_foot, state, actions);
    super::dialogs::dialogs_ui(&ctx, state, actions);
    super::closing::closing_ui(&ctx, state, actions);
    if !ui.input(|input| input.raw.hovered_files.is_empty()) {
        drop_ui(ui, viewed.rect);
    }
    WindowResponse { visible_rows, visible: viewed.visible }
}

/// The tile list, with text or as thumbnails. Returns the visible tiles.
fn tiles_panel(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) -> Vec<usize> {
    let panel = match state.layout.tiles {
        true => Panel::left("tiles").default_size(216.0).size_range(150.0..=420.0),
        false => Panel::left("tile strip").resizable(false).exact_size(super::tile_list::STRIP),
    };
    panel.show(ui, |ui| on_panel(ui, |ui| super::tile_list::tile_list_ui(ui, state, actions))).inner
}

/// The right panel, or the strip in its place.
fn side_panel(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    if state.layout.side {
        let panel = Panel::right("side").default_size(336.0).size_range(336.0..=520.0);
        panel.show(ui, |ui| on_panel(ui, |ui| side::side_ui(ui, state, actions)));
    } else {
        let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(6, 4));
        let panel = Panel::right("strip").frame(frame).resizable(false).exact_size(super::strip::STRIP);
        panel.show(ui, |ui| on_panel(ui, |ui| super::strip::strip_ui(ui, state, actions)));
    }
}
