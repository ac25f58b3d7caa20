//! Turns pointer events on the views into actions.

use eframe::egui::{Context, Event, Id};

use crate::domain::Edit;
use crate::ui::canvas::input::canvas_input::{CanvasEvent, CanvasInput};
use crate::ui::canvas::input::gesture::StrokeEvent;
use crate::ui::canvas::view::canvas_id;
use crate::ui::panels::views::NAMES;
use crate::ui::state::action::{UiAction, ViewAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::layer::Layer;

/// What an event asks for on the views as drawn last, with the class, tool and tile that are current now. Moves the camera.
pub(crate) fn actions(ctx: &Context, state: &mut AppState, input: &mut CanvasInput, event: &Event) -> Vec<UiAction> {
    let (tool, size, may_begin) = (state.active_tool(), state.view.size(), state.dialog.is_none());
    let happened = input.handle(&mut state.camera, ctx, event, &tool, size, may_begin);
    happened.map_or_else(Vec::new, |(view, events)| actions_of(state, view, &events))
}

/// What ends with the last event of a frame.
pub(crate) fn end_frame(ctx: &Context, state: &AppState, input: &mut CanvasInput) -> Vec<UiAction> {
    let ended = input.end_frame(ctx);
    ended.map_or_else(Vec::new, |(view, events)| actions_of(state, view, &events))
}

fn actions_of(state: &AppState, view: Id, events: &[CanvasEvent]) -> Vec<UiAction> {
    let view = usize::from(view == canvas_id(NAMES[1]));
    let mut actions = Vec::new();
    for event in events {
        match event {
            CanvasEvent::Stroke(stroke) => {
                if state.active_view != view {
                    actions.push(UiAction::View(ViewAction::Activate(view)));
                }
                actions.extend(label_of(state, stroke));
            }
            CanvasEvent::StepRadius(steps) => actions.push(UiAction::StepRadius(*steps)),
            CanvasEvent::StepOpacity(step) => {
                if let Some(layer) = top_layer(state, view) {
                    let opacity = state.settings.layers[view][layer].opacity + step;
                    actions.extend([
                        UiAction::View(ViewAction::Activate(view)),
                        UiAction::View(ViewAction::SetOpacity(layer, opacity)),
                    ]);
                }
            }
        }
    }
    actions
}

fn label_of(state: &AppState, stroke: &StrokeEvent) -> Option<UiAction> {
    match stroke {
        StrokeEvent::Begin(pos) => state.stroke_at(*pos).map(|stroke| UiAction::Label(Edit::Begin(stroke))),
        StrokeEvent::Extend(path) => Some(UiAction::Label(Edit::Extend(path.clone()))),
        StrokeEvent::End => Some(UiAction::StrokeEnded),
    }
}

/// The layer whose opacity Ctrl+wheel changes: the topmost visible one, own labels and the image last.
fn top_layer(state: &AppState, view: usize) -> Option<Layer> {
    let layers = &state.settings.layers[view];
    let is_base = |layer: &Layer| matches!(layer, Layer::Image | Layer::Labels);
    let top_down = Layer::ALL.into_iter().rev();
    let (over, base): (Vec<_>, Vec<_>) = top_down.partition(|layer| !is_base(layer));
    over.into_iter().chain(base).find(|layer| layers[*layer].visible)
}
