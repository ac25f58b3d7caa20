//! Two finished runs swiped over the tile in view: has their maps made, and takes them in.

use std::path::PathBuf;
use std::sync::Arc;

use super::services::Services;
use crate::domain::Notice;
use crate::engine::run_maps::RunMaps;
use crate::ui::state::app_state::AppState;
use crate::ui::state::layer::Layer;
use crate::ui::state::message::Level;
use crate::ui::state::preset::Preset;
use crate::ui::state::swipe::Swipe;

/// Begins with the first two ticked runs, or ends.
pub(crate) fn toggle(state: &mut AppState) {
    if state.swipe.take().is_some() {
        return;
    }
    match state.runs_table.ticked.as_slice() {
        [left, right, ..] => {
            state.swipe = Some(Swipe::new([left.clone(), right.clone()]));
            show_prediction(state);
        }
        _ => {
            let notice = Notice::new("Two runs are swiped over each other").remedy("Tick two in the Runs tab first");
            state.say(Level::Warning, notice);
        }
    }
}

/// Shows the prediction in a view, unless one does already.
fn show_prediction(state: &mut AppState) {
    let views = if state.settings.two_views { 0..2 } else { 0..1 };
    let is_shown = |view: usize| {
        let style = state.settings.layers[view][Layer::Prediction];
        style.visible && style.opacity > 0.0
    };
    if !views.clone().any(is_shown) {
        state.settings.layers[views.end - 1] = Preset::Prediction.layers();
    }
}

/// Ends the swipe of runs that are no longer the first two: its letters would be those of others.
pub(crate) fn follow_ticks(state: &mut AppState) {
    let is_of = |swipe: &Swipe| state.runs_table.ticked.get(..2) == Some(swipe.runs.as_slice());
    state.swipe = state.swipe.take().filter(is_of);
}

/// Follows what is swiped and which tile is in view, and takes in maps that are done.
pub(crate) fn follow(services: &mut Services, state: &mut AppState) {
    let tile = state.tile().filter(|tile| tile.fault.is_none()).map(|tile| tile.id.clone());
    let project = state.project.as_ref().map(|open| Arc::clone(&open.project));
    let (Some(swipe), Some(project)) = (&mut state.swipe, project) else {
        services.run_maps = None;
        return;
    };
    let end = |folder: &PathBuf| state.runs.iter().find(|run| run.folder == *folder)?.end.clone();
    let ends = swipe.runs.each_ref().map(end);
    if services.run_maps.as_ref().is_none_or(|maps| *maps.runs() != swipe.runs) {
        services.run_maps = RunMaps::start(swipe.runs.clone(), services.waker()).ok();
    }
    let (Some(maps), Some(tile)) = (&mut services.run_maps, tile) else { return };
    if swipe.look_at(&tile, &project.classes) {
        maps.forget();
    }
    maps.want(&project, &tile, &ends);
    if let Some((of, made)) = maps.poll() {
        swipe.take(&of, made);
    }
}
