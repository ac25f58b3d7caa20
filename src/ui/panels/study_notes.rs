//! What is to be known of a study before it begins or goes on: runs that cannot start here, and finished ones that do not count.

use eframe::egui::{Label, RichText, Ui};

use super::theme::Tokens;
use crate::study::standing::Standing;
use crate::study::startable::Unstartable;

/// Draws the notes, if there are any.
pub(super) fn notes_ui(ui: &mut Ui, standing: &Standing) {
    if let Some(found) = &standing.unstartable {
        unstartable_ui(ui, found);
    }
    if let Some(told) = &standing.uncounted {
        ui.add(Label::new(RichText::new(told).weak()).wrap())
            .on_hover_text("The Runs tab lists all runs in the study's folder");
    }
}

/// The first reason; the others are in the tooltip.
fn unstartable_ui(ui: &mut Ui, found: &Unstartable) {
    let text = RichText::new(found.in_short()).color(Tokens::of(ui).warn);
    let label = ui.add(Label::new(text).wrap());
    if found.reasons.len() > 1 {
        label.on_hover_text(found.reasons.join("\n"));
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    #[test]
    fn what_cannot_start_and_what_does_not_count_is_told() {
        let reasons = ["a: No GPU", "b: No 16 bits"].map(str::to_owned).to_vec();
        let standing = Standing {
            unstartable: Some(Unstartable { runs: 3, left: 4, reasons }),
            uncounted: Some("Not counted: 1 finished run".to_owned()),
            ..Standing::default()
        };
        let show = move |ui: &mut Ui| notes_ui(ui, &standing);
        let mut harness = Harness::builder().with_context_setup(crate::ui::panels::theme::install).build_ui(show);
        harness.run_steps(2);
        harness.get_by_label_contains("3 of the 4 runs that are left cannot start here: a: No GPU (and");
        harness.get_by_label("Not counted: 1 finished run");
    }
}
