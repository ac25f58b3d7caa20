//! The part of the studies tab that offers the plans in the project's folder: to go on with one after a restart, or after a change of
//! the settings that it was put together from.

use std::path::Path;

use eframe::egui::{Button, Label, RichText, Ui};

use super::theme::Tokens;
use super::widgets::number;
use crate::study::plans::StoredPlan;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;
use crate::ui::state::study_action::StudyAction;
use crate::ui::state::study_form::{PlanSource, StudyForm};

/// What the list counts. To count by data it would have to read them.
const COUNTED: &str =
    "Runs by their names. Choose the plan to see which of them were made with the data and settings of now.";

/// Draws the plans in rows. A click chooses one.
pub(super) fn plans_ui(ui: &mut Ui, plans: &[StoredPlan], form: &mut StudyForm) {
    if plans.is_empty() {
        return;
    }
    ui.weak("Plans of this project:");
    for plan in plans {
        ui.horizontal(|ui| plan_ui(ui, plan, form));
    }
    ui.separator();
}

fn plan_ui(ui: &mut Ui, plan: &StoredPlan, form: &mut StudyForm) {
    let is_chosen = form.source == PlanSource::File && Path::new(&form.file) == plan.file;
    let row = ui.selectable_label(is_chosen, plan.name.as_str()).on_hover_text(plan.file.display().to_string());
    if row.accessible_name(format!("Plan {}", plan.name)).clicked() {
        *form = form.clone().with_own_file(&plan.file);
    }
    match &plan.made {
        Ok(_) => ui.label(number(made_text(plan))).on_hover_text(COUNTED),
        Err(why) => ui.label(RichText::new(made_text(plan)).color(Tokens::of(ui).error)).on_hover_text(why),
    };
}

/// How much of a plan is done, in a few words.
fn made_text(plan: &StoredPlan) -> String {
    match &plan.made {
        Ok(made) => format!("{} of {} done", made.done, format::counted(made.all as u64, "run")),
        Err(_) => "cannot be read".to_owned(),
    }
}

/// Says that another plan has the name that is typed, and offers what to do.
pub(super) fn clash_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let study = &state.study;
    let Some(file) = &study.clash else { return };
    let plan = study.plans.iter().find(|plan| plan.file == *file);
    let made = plan.map_or(String::new(), |plan| format!(" ({})", made_text(plan)));
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let text = format!(
        "There is another plan called {name}{made}. It differs from this one in what is ticked or in the settings of the Training panel, \
         or was made by another version or before the project was moved."
    );
    ui.add(Label::new(text).wrap());
    ui.horizontal_wrapped(|ui| {
        let set = |form: StudyForm| UiAction::Study(StudyAction::SetForm(Box::new(form)));
        if go_on_ui(ui, state) {
            actions.push(set(study.form.clone().with_own_file(file)));
            actions.push(UiAction::Study(StudyAction::Begin));
        }
        let help = "Keep that plan, and make another one of what is ticked here";
        if ui.button("Choose another name").on_hover_text(help).clicked() {
            actions.push(set(StudyForm { name: study.free_name(), ..study.form.clone() }));
        }
    });
}

/// Whether the plan on the disk is to be gone on with.
fn go_on_ui(ui: &mut Ui, state: &AppState) -> bool {
    let why_not = state.why_no_study();
    let button = ui.add_enabled(why_not.is_none(), Button::new("Go on with the plan on disk"));
    let button = button.on_hover_text("Make its runs that are not done, with the settings that it was begun with");
    let clicked = button.clicked();
    if let Some(why) = why_not {
        button.on_disabled_hover_text(why);
    }
    clicked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::plans::Made;

    #[test]
    fn a_plan_says_how_much_of_it_is_done() {
        let plan = |made| StoredPlan { file: "/s/a.toml".into(), name: "a".to_owned(), made };
        assert_eq!(made_text(&plan(Ok(Made { done: 1, all: 4 }))), "1 of 4 runs done");
        assert_eq!(made_text(&plan(Err("broken".to_owned()))), "cannot be read");
    }
}
