//! The status bar: what is under the cursor, the zoom, and whether labels are saved.

use std::time::Duration;

use eframe::egui::{Align, Layout, RichText, Ui};
use lucide_icons::Icon;

use super::theme::Tokens;
use super::widgets::{icon, number};
use crate::data::label::journal::DiskState;
use crate::domain::UNLABELLED;
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;

/// How often to check whether labels have reached the disk.
const SYNC: Duration = Duration::from_millis(250);

/// Gap between the items about the pixel under the cursor, points.
const GAP: f32 = 12.0;

/// Width below which those items replace the zoom, points.
const ROOM_FOR_ALL: f32 = 760.0;

/// Draws the status bar. Items that come and go with the cursor are laid out last and without separators: egui draws
/// two more frames when a separator changes its position in the order of widgets.
pub fn status_ui(ui: &mut Ui, state: &AppState) {
    let is_narrow = ui.available_width() < ROOM_FOR_ALL;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        saved_ui(ui, state);
        if is_narrow && state.hover_in_image.is_some() {
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| cursor_ui(ui, state));
            return;
        }
        ui.separator();
        ui.label(number(format!("{:>4.0} %", state.camera.camera.zoom * 100.0)))
            .on_hover_text("Zoom: screen points per image pixel");
        if let Some([width, height]) = state.view.size() {
            ui.separator();
            ui.label(number(format!("{width} × {height} px")));
        }
        if !is_narrow {
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| cursor_ui(ui, state));
        }
    });
}

fn cursor_ui(ui: &mut Ui, state: &AppState) {
    ui.shrink_clip_rect(ui.max_rect()); // Cut off what does not fit instead of overlapping the items on the right.
    let Some(under) = state.under_cursor() else {
        ui.weak("Wheel: zoom · Space+drag: pan · F1: keys");
        return;
    };
    ui.label(number(format!("x {:>5} y {:>5}", under.x, under.y)));
    let named = |index: u8| state.class_list().get(usize::from(index)).map_or("unlabelled", |class| &class.name);
    let mut say = |what: &str, class: Option<u8>, more: String| {
        if let Some(class) = class {
            ui.add_space(GAP);
            ui.weak(what);
            ui.label(format!("{}{more}", named(class)));
        }
    };
    let confidence = match under.confidence {
        Some(confidence) if under.prediction != Some(UNLABELLED) => format!(" {confidence:.2}"),
        _ => String::new(),
    };
    say("prediction", under.prediction, confidence);
    say("truth", under.truth, String::new());
    say("own label", under.label.filter(|label| *label != UNLABELLED), String::new());
}

fn saved_ui(ui: &mut Ui, state: &AppState) {
    let Some(project) = &state.project else { return };
    let labels = format::counted(project.labels() as u64, "label");
    let tokens = Tokens::of(ui);
    let (word, why, sign, color) = match project.disk.state() {
        _ if !project.saved => ("not saved", "Cannot write to", Icon::TriangleAlert, tokens.error),
        DiskState::Failed(_) => ("not saved", "Not everything reached the disk:", Icon::TriangleAlert, tokens.error),
        DiskState::Pending => ("saving…", "Writing the last clicks to disk:", Icon::Ellipsis, tokens.weak),
        DiskState::Synced => ("saved", "Every click is on disk:", Icon::Check, tokens.weak),
    };
    if word == "saving…" {
        ui.ctx().request_repaint_after(SYNC);
    }
    let text = RichText::new(format!("{word} · {labels}")).color(color);
    ui.label(text).on_hover_text(format!("{why} {}", project.journal.display()));
    ui.label(icon(sign, 13.0).color(color));
}
