//! Says in the corner of a view where its prediction comes from, or what is missing for one.

use eframe::egui::{Align, RichText, Ui};

use super::theme::Tokens;
use super::widgets::note_ui;
use crate::engine::quick::{Lesson, QuickStatus, Tally};
use crate::ui::state::app_state::AppState;
use crate::ui::state::format::counted;
use crate::ui::state::layer::Layer;
use crate::ui::state::map_source::{MapChoice, MapSource};
use crate::ui::state::verdict::Verdict;

/// Draws the note over the lower right corner, if the view shows predictions.
pub fn map_note_ui(ui: &mut Ui, view: usize, state: &AppState) {
    let layers = &state.settings.layers[view];
    let is_shown = layers[Layer::Prediction].visible || layers[Layer::Confidence].visible;
    if !is_shown || state.view.tile.is_none() {
        return;
    }
    let Some(note) = note(state) else { return };
    let color = Tokens::of(ui).text;
    let shown = note_ui(ui, Align::Max, RichText::new(note).color(color));
    if state.map_source().is_some() {
        shown.on_hover_text(comparison(state));
    }
}

/// Why this map is shown, and how to see the other.
fn comparison(state: &AppState) -> String {
    let why = match state.verdict() {
        Some(Verdict::Validation { quick, network, tiles }) => format!(
            "Mean IoU on {} that neither has learned from: quick {quick:.3}, network {network:.3}.",
            counted(tiles as u64, "validation tile")
        ),
        Some(Verdict::KeptAside { quick, network, clicks }) => format!(
            "Of {} kept aside from both, the quick map gets {quick} right, the network's {network}.",
            counted(clicks as u64, "click")
        ),
        None => "Nothing tells yet which map is better: that takes validation masks, or five clicks of a class that are kept aside."
            .to_owned(),
    };
    format!("{why}\nQ goes from the better map to the quick one and to the network's.")
}

/// The note: the source of the map that is shown, else what is missing for one.
fn note(state: &AppState) -> Option<String> {
    match state.map_source() {
        Some(MapSource::Quick) => match state.view.quick.status.as_ref()? {
            QuickStatus::Mapped(lesson) => Some(format!("Quick map · {}{}", learned(lesson), left_out(state))),
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

/// How many clicks are predicted rightly by a head that has not seen them.
fn left_out(state: &AppState) -> String {
    let tally = state.view.quick.judgement.as_ref().map(|judgement| judgement.left_out);
    let tally = tally.filter(|tally| tally.of > 0);
    tally.map_or(String::new(), |Tally { right, of }| format!(" · {right} of {of} right when left out"))
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
