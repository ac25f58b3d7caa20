//! The blocks that validate: over the picture with a legend, and their switch among the layers.

use eframe::egui::{Align2, Color32, FontId, Label, Painter, Pos2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};
use lucide_icons::Icon;

use super::theme::Tokens;
use super::widgets::quiet_icon;
use crate::ui::canvas::blocks::{draw_held_out, hatches};
use crate::ui::state::action::{UiAction, ViewAction};
use crate::ui::state::app_state::AppState;

/// Distance of the legend from the edges of the picture, points.
const GAP: f32 = 8.0;
/// Side of the sample in the legend, points.
const SAMPLE: f32 = 14.0;
/// What the lines mean, in full.
const HELP: &str = "Hatched: scored, and hidden from the network while it learns. Thin lines bound the margin around, which is hidden as \
                    well. K hides or shows them in all views";

/// Draws the blocks of the tile in view over the picture, with a legend in its lower right corner.
pub(super) fn blocks_ui(ui: &mut Ui, picture: Rect, state: &AppState) {
    let shown = state.held_blocks().filter(|_| state.settings.blocks && state.view.tile.is_some());
    let Some(blocks) = shown else { return };
    let colors = colors(ui);
    draw_held_out(&ui.painter_at(picture), picture, &state.camera.camera, blocks.held, colors);
    let room = (picture.width() - 6.0 * GAP - SAMPLE).max(40.0);
    let text = ui.painter().layout(blocks.legend().to_owned(), FontId::proportional(11.0), Tokens::of(ui).text, room);
    let size = text.size().max(vec2(0.0, SAMPLE)) + vec2(SAMPLE + 24.0, 8.0);
    let plate = Align2::RIGHT_BOTTOM.align_size_within_rect(size, picture.shrink(GAP));
    ui.painter().rect_filled(plate, 4.0, Tokens::of(ui).raised);
    sample(ui.painter(), pos2(plate.left() + 8.0, plate.center().y - SAMPLE / 2.0), colors);
    let words = Rect::from_min_max(pos2(plate.left() + SAMPLE + 16.0, plate.top() + 4.0), plate.max - vec2(8.0, 4.0));
    ui.put(words, Label::new(text).selectable(false)).on_hover_text(HELP);
}

/// Line and halo: one of them stands out from any picture.
fn colors(ui: &Ui) -> [Color32; 2] {
    let tokens = Tokens::of(ui);
    [tokens.accent, tokens.on_accent]
}

/// A small piece of a block.
fn sample(painter: &Painter, corner: Pos2, [line, _]: [Color32; 2]) {
    let area = Rect::from_min_size(corner, vec2(SAMPLE, SAMPLE));
    for hatch in hatches(area, corner) {
        painter.line_segment(hatch, Stroke::new(1.0, line));
    }
    painter.rect_stroke(area, 0.0, Stroke::new(1.5, line), StrokeKind::Inside);
}

/// The switch among the layers, where blocks are held out of any tile.
pub(super) fn switch_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    if !state.has_blocks() {
        return;
    }
    ui.horizontal(|ui| {
        let (icon, verb) = if state.settings.blocks { (Icon::Eye, "Hide") } else { (Icon::EyeOff, "Show") };
        if quiet_icon(ui, icon, &format!("{verb} Blocks")).clicked() {
            actions.push(UiAction::View(ViewAction::ToggleBlocks));
        }
        ui.add_enabled_ui(state.settings.blocks, |ui| ui.label("Blocks").on_hover_text(HELP));
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::ui::state::held_blocks::tests::state;
    use crate::ui::state::image_pyramid::ImagePyramid;
    use crate::ui::state::tile_view::TileView;

    /// A state with blocks whose tile has been read.
    fn loaded() -> AppState {
        let mut state = state();
        state.view.tile = Some(Arc::new(TileView {
            tile: "ortho".to_owned(),
            short_id: "ortho".to_owned(),
            size: [64, 64],
            image: ImagePyramid::new(&image::RgbImage::new(64, 64)),
            mask: None,
            mask_counts: Vec::new(),
        }));
        state
    }

    /// Legend and switch, whose clicks take effect.
    fn harness(state: AppState) -> Harness<'static, AppState> {
        let show = |ui: &mut Ui, state: &mut AppState| {
            let mut actions = Vec::new();
            switch_ui(ui, state, &mut actions);
            let picture = ui.available_rect_before_wrap();
            blocks_ui(ui, picture, state);
            for action in actions {
                if let UiAction::View(change) = action {
                    state.change_view(change);
                }
            }
        };
        let mut harness =
            Harness::builder().with_context_setup(super::super::theme::install).build_ui_state(show, state);
        harness.run_steps(2);
        harness
    }

    #[test]
    fn blocks_have_a_legend_and_a_switch_with_names() {
        let mut harness = harness(loaded());
        assert!(harness.query_by_label("blocks that validate in the next run").is_some());
        harness.get_by_label("Hide Blocks").click();
        harness.run_steps(3);
        assert!(!harness.state().settings.blocks);
        assert!(harness.query_by_label("blocks that validate in the next run").is_none());
        assert!(harness.query_by_label("Show Blocks").is_some());
    }

    #[test]
    fn without_blocks_there_is_no_switch() {
        let mut state = loaded();
        state.planned_blocks.clear();
        let harness = harness(state);
        assert!(harness.query_by_label("Hide Blocks").is_none() && harness.query_by_label("Show Blocks").is_none());
    }
}
