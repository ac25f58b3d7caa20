//! How the export or import of a network goes, in its dialog.

use std::path::Path;

use eframe::egui::{Label, RichText, Spinner, Ui};

use super::theme::{Tokens, mono};
use crate::ui::state::action::UiAction;
use crate::ui::state::network_files::NetworkNews;

/// Why it did not begin, or that it is under way.
pub(super) fn news_ui(ui: &mut Ui, news: Option<&NetworkNews>) {
    let text = match news {
        Some(NetworkNews::Working) => {
            ui.add_space(8.0);
            ui.add(Spinner::new());
            return;
        }
        Some(NetworkNews::Exists) => "This file exists already.".to_owned(),
        Some(NetworkNews::Failed(notice)) => notice.to_string(),
        Some(NetworkNews::Done(..)) | None => return,
    };
    ui.add_space(8.0);
    ui.add(Label::new(RichText::new(text).color(Tokens::of(ui).warn)).wrap());
}

/// What was done, and where it is.
pub(super) fn closing_ui(ui: &mut Ui, lines: &[String], path: &Path, actions: &mut Vec<UiAction>) {
    for line in lines {
        ui.add(Label::new(line).wrap());
    }
    ui.add(Label::new(RichText::new(path.display().to_string()).font(mono(12.0))).wrap());
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        if ui.button("Copy path").clicked() {
            ui.ctx().copy_text(path.display().to_string());
        }
        if ui.button("Close").clicked() {
            actions.push(UiAction::Show(None));
        }
    });
}
