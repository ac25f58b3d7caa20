//! Says in the corner of a view where its prediction comes from, or what is missing for one.

use eframe::egui::{Align, RichText, Ui};

use super::theme::Tokens;
use super::widgets::note_ui;
use crate::engine::quick::{Lesson, QuickStatus};
use crate::ui::state::app_state::AppState;
use crate::ui::state::format::counted;
use crate::ui::state::layer::Layer;
use crate::ui::state::map_source::{MapChoice, MapSource};

/// Draws the note over the lower right corner, if the view shows predictions.
pub fn map_note_ui(ui: &mut Ui, view: usize, state: &AppState) {
    let layers = &state.settings.layers[view];
    let is_shown = layers[Layer::Prediction].visible || layers[Layer::Confidence].visible;
    if !is_shown || state.view.tile.is_none() {
        return;
    }
    let Some(note) = note(state) else { return };
    let color = Tokens::of(ui).text;
    note_ui(ui, Align::Max, RichText::new(note).color(color));
}

/// The note: the source of the map that is shown, else what is missing for one.
fn note(state: &AppState) -> Option<String> {
    match state.map_source() {
        Some(MapSource::Quick) => match state.view.quick.status.as_ref()? {
            QuickStatus::Mapped(lesson) => Some(format!("Quick map · {}", learned(lesson))),
            _ => Some("Quick map".to_owned()),
        },
        Some(MapSource::Network) => state.view.network.as_ref().map(|map| format!("Network · step {}", map.step)),
        None if state.settings.map == MapChoice::Network => {
            Some("No network has predicted this tile yet: press Start, or Q for the quick map".to_owned())
        }
        None => missing(state),
    }
}

/// What the map was learned from.
fn learned(lesson: &Lesson) -> String {
    let mut text = format!("{}, {}", counted(lesson.clicks as u64, "click"), counted_classes(lesson.classes.len()));
    if lesson.tiles > 1 {
        text += &format!(" on {} tiles", lesson.tiles);
    }
    if lesson.tiles_left > 0 {
        text += &format!(", {} to come", counted(lesson.tiles_left as u64, "tile"));
    }
    if lesson.pixel > 1 {
        text += &format!(" · at 1/{} size", lesson.pixel);
    }
    text
}

fn counted_classes(count: usize) -> String {
    format!("{count} {}", if count == 1 { "class" } else { "classes" })
}

/// What is missing for a quick map.
fn missing(state: &AppState) -> Option<String> {
    match state.view.quick.status.as_ref()? {
        QuickStatus::Preparing => Some("Preparing the quick map …".to_owned()),
        QuickStatus::NoLabels => Some("Label two classes to see a map".to_owned()),
        QuickStatus::OneClass(class) => {
            let name = state.class_list().get(usize::from(*class)).map_or("one class", |class| class.name.as_str());
            Some(format!("Only {name} is labelled: label a second class to see a map"))
        }
        QuickStatus::Failed(why) => Some(format!("No quick map: {why}")),
        QuickStatus::Mapped(_) => None,
    }
}
