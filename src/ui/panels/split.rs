//! The dialog that offers to cut scenes into patches, and shows how that goes.

use eframe::egui::{Label, RichText, Ui};
use lucide_icons::Icon;

use super::theme::{Tokens, mono};
use super::widgets::{accent_button, number, progress};
use crate::data::cut::offer::Offer;
use crate::ui::state::action::{SplitAction, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;

/// Draws the dialog.
pub(super) fn split_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ui.heading("Cut scenes into patches");
    let Some(offer) = &state.split.offer else {
        ui.label("This folder has no scenes to cut: it needs images/*.tif with masks/*.tif.");
        return close_ui(ui, "Close", actions);
    };
    ui.weak(
        "As LandCover.ai's authors do: 512×512 pixels, numbered row by row; patches that stick out at the right or at the \
         bottom are dropped. The command split does the same.",
    );
    ui.add_space(8.0);
    match &state.split.progress {
        Some(so_far) => {
            let (done, total) = so_far.read();
            let share = done as f32 / total.max(1) as f32;
            ui.horizontal(|ui| progress(ui, share, 300.0, number(format!("{done} of {}", counted_patches(total)))));
            ui.add_space(8.0);
            if ui.button("Cancel").clicked() {
                actions.push(UiAction::Split(SplitAction::Cancel));
            }
        }
        None => offer_ui(ui, state, offer, actions),
    }
}

fn offer_ui(ui: &mut Ui, state: &AppState, offer: &Offer, actions: &mut Vec<UiAction>) {
    let scenes = format::counted(offer.plan.scenes.len() as u64, "scene");
    ui.label(format!("{scenes}: {}, written to", counted_patches(offer.plan.patches())));
    ui.add(Label::new(RichText::new(offer.plan.out.display().to_string()).font(mono(12.0))).wrap());
    if offer.there > 0 {
        ui.label(format!("There already: {}.", counted_patches(offer.there)));
    }
    let warnings = state.split.fault.iter().cloned().chain(aside(state));
    for warning in warnings {
        ui.add_space(8.0);
        ui.add(Label::new(RichText::new(warning).color(Tokens::of(ui).warn)).wrap());
    }
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let name = if offer.there > 0 { "Cut the rest" } else { "Cut" };
        let why_not = state.why_busy();
        let button = accent_button(ui, Icon::Scissors, name, why_not.is_none());
        let clicked = button.clicked();
        if let Some(why) = why_not {
            button.on_disabled_hover_text(why);
        }
        if clicked {
            actions.push(UiAction::Split(SplitAction::Begin));
        }
        close_ui(ui, "Not now", actions);
    });
}

/// What cutting means for the tiles that are open: scenes are no tiles any more, and labels on them do not count.
fn aside(state: &AppState) -> Option<String> {
    let open = state.project.as_ref()?;
    let (scenes, labels) = (state.split.tiles_aside(open).count(), state.split.labels_aside(open));
    let lost = match labels {
        0 => String::new(),
        _ => format!(". {} on them will not count", format::counted(labels as u64, "own label")),
    };
    (scenes > 0).then(|| format!("Afterwards the patches are the tiles, and the scenes are left aside{lost}."))
}

fn counted_patches(count: usize) -> String {
    format!("{} {}", format::count(count as u64), if count == 1 { "patch" } else { "patches" })
}

fn close_ui(ui: &mut Ui, name: &str, actions: &mut Vec<UiAction>) {
    if ui.button(name).clicked() {
        actions.push(UiAction::Show(None));
    }
}
