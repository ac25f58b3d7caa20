//! Brings tiles into view.

use super::services::Services;
use crate::ui::state::app_state::AppState;
use crate::ui::state::in_view::InView;

/// Brings the tile with this index into view.
pub(crate) fn select_tile(services: &mut Services, state: &mut AppState, index: usize) {
    state.selected = index;
    state.hover_in_image = None;
    let Some(tile) = state.tile().cloned() else { return };
    state.view = InView::default();
    state.view.fault = tile.fault.clone();
    if let Some(project) = &state.project {
        state.view.count_own(&project.book, &tile.id);
    }
    if tile.fault.is_none() {
        services.tiles.want_view(&tile.id);
        services.quick.want_tile(&tile.id);
    }
}

pub(crate) fn step_tile(services: &mut Services, state: &mut AppState, steps: i32) {
    if let Some(next) = state.tile_after(steps)
        && next != state.selected
    {
        select_tile(services, state, next);
        state.scroll_to_tile = true;
    }
}
