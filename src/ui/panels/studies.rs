//! The studies tab: which plan, how it stands, its results.

use eframe::egui::{Button, Label, RichText, ScrollArea, TextEdit, Ui, Vec2, vec2};
use lucide_icons::Icon;

use super::report_button::report_button_ui;
use super::study_grid::grid_ui;
use super::study_notes::notes_ui;
use super::study_plans::{clash_ui, plans_ui};
use super::study_table::{runs_ui, table_ui};
use super::theme::{Tokens, UNIT};
use super::training_fields::{choice_list_ui, choice_ui};
use super::widgets::{accent_button, nothing_yet, number, progress, quiet_icon};
use crate::domain::Choice as _;
use crate::study::standing::Standing;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;
use crate::ui::state::report_export::ReportOf;
use crate::ui::state::study_action::StudyAction;
use crate::ui::state::study_form::{PlanSource, StudyForm};

/// Width of the form, points.
const FORM: f32 = 400.0;
/// Width of the progress bar, points.
const BAR: f32 = 160.0;

/// Draws the tab.
pub fn studies_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    if state.project.is_none() {
        nothing_yet(ui, "Open a project: a study trains many networks on its tiles and compares them.");
        return;
    }
    let room = ui.available_size();
    let form = FORM.min(room.x * 0.4);
    ui.horizontal_top(|ui| {
        part_ui(ui, "study form", vec2(form, room.y), |ui| form_ui(ui, state, actions));
        ui.separator();
        let rest = vec2(ui.available_width(), room.y);
        part_ui(ui, "study", rest, |ui| standing_ui(ui, state, actions));
    });
}

/// A part of the tab that scrolls by itself.
fn part_ui(ui: &mut Ui, name: &str, size: Vec2, add: impl FnOnce(&mut Ui)) {
    ui.allocate_ui(size, |ui| {
        ui.vertical(|ui| {
            ui.set_min_size(size);
            ScrollArea::both().id_salt(name).auto_shrink(false).show(ui, add);
        });
    });
}

fn form_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let old = &state.study.form;
    let mut form = old.clone();
    ui.add_enabled_ui(!state.study.is_running(), |ui| {
        choice_ui(ui, "Plan", &mut form.source);
        if form.source != PlanSource::BuiltIn {
            plans_ui(ui, &state.study.plans, &mut form);
        }
        match form.source {
            PlanSource::BuiltIn => {
                choice_list_ui(ui, "Study", &mut form.preset);
                ui.add(Label::new(RichText::new(form.preset.help()).weak()).wrap());
            }
            PlanSource::Grid => grid_ui(ui, state, &mut form),
            PlanSource::File => file_ui(ui, &mut form, actions),
        }
    });
    if form != *old {
        actions.push(UiAction::Study(StudyAction::SetForm(Box::new(form))));
    }
}

fn file_ui(ui: &mut Ui, form: &mut StudyForm, actions: &mut Vec<UiAction>) {
    ui.horizontal(|ui| {
        let edit = TextEdit::singleline(&mut form.file).hint_text("/path/to/plan.toml").desired_width(220.0);
        ui.add(edit).accessible_name("File of the plan");
        if ui.button("Choose…").clicked() {
            actions.push(UiAction::Study(StudyAction::PickPlan));
        }
    });
    ui.checkbox(&mut form.on_project, "on the tiles of the open project")
        .on_hover_text("Otherwise on the folder that the plan names");
}

/// The buttons, how the study stands, and its results.
fn standing_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let study = &state.study;
    ui.horizontal_wrapped(|ui| buttons_ui(ui, state, actions));
    if let Some(words) = study.words() {
        ui.add(Label::new(number(words)).wrap());
    }
    if let Some(why) = &study.fault {
        ui.add(Label::new(RichText::new(why).color(Tokens::of(ui).error)).wrap());
    }
    clash_ui(ui, state, actions);
    let Some(standing) = &study.standing else {
        if study.fault.is_none() && study.clash.is_none() && !study.looks.is_looking() {
            ui.weak("How a study stands, and its results, are shown here.");
        }
        return;
    };
    if !standing.about.is_empty() {
        ui.add(Label::new(RichText::new(&standing.about).weak()).wrap());
    }
    notes_ui(ui, standing);
    ui.add_space(UNIT);
    table_ui(ui, standing);
    ui.add_space(2.0 * UNIT);
    runs_ui(ui, standing);
    ui.weak(standing.folder.display().to_string())
        .on_hover_text("The folder of the study; its runs are listed in the Runs tab");
}

fn buttons_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let study = &state.study;
    if study.is_running() {
        let stop = ui.add_enabled(!study.is_stopping, Button::new("Stop"));
        let stop = stop.on_hover_text("What is done stays; the run in progress is saved and goes on the next time");
        if stop.accessible_name("Stop the study").clicked() {
            actions.push(UiAction::Study(StudyAction::Stop));
        }
        progress(ui, study.progress(), BAR, "");
    } else {
        start_ui(ui, state, actions);
        if study.looks.is_looking() {
            ui.weak("Looking …")
                .on_hover_text("The runs of the study are read; of one that has begun, its data as well");
        }
    }
    if let Some(standing) = &study.standing {
        report_button_ui(ui, state, ReportOf::Study, actions);
        ui.add_space(2.0 * UNIT);
        ui.label(number(summary(standing)));
    }
}

fn start_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let standing = state.study.standing.as_ref();
    let is_known = !state.study.looks.is_looking();
    let is_over = is_known && standing.is_some_and(|standing| standing.count("done") == standing.runs.len());
    let clashes = state.study.clash.is_some().then_some("There is another plan of this name");
    let why_not = state.why_no_study().or(clashes).or(is_over.then_some("Every run is done"));
    let begun = standing.is_some_and(|standing| standing.count("done") > 0);
    let name = if begun { "Go on" } else { "Start the study" };
    let button = accent_button(ui, Icon::Play, name, why_not.is_none()).accessible_name("Start the study");
    let button =
        button.on_hover_text("Make the runs that are not done, one after the other. Failed ones are tried again");
    let clicked = button.clicked();
    if let Some(why) = why_not {
        button.on_disabled_hover_text(why);
    }
    if clicked {
        actions.push(UiAction::Study(StudyAction::Begin));
    }
    if quiet_icon(ui, Icon::RefreshCw, "See how the study stands").clicked() {
        actions.push(UiAction::Study(StudyAction::Look));
    }
}

/// How many runs there are and how long the rest takes, in a line.
fn summary(standing: &Standing) -> String {
    let (done, all) = (standing.count("done"), standing.runs.len());
    let failed = match standing.count("failed") {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let left = match standing.left_secs {
        Some(secs) if done < all => format!(", about {} left", format::duration(secs)),
        None if done < all => ", time unknown until a run like these is done".to_owned(),
        _ => String::new(),
    };
    format!("{done} of {} done{failed}{left}", format::counted(all as u64, "run"))
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::study::standing::RunLine;
    use crate::ui::state::held_blocks::tests::state;

    fn standing(states: &[&'static str], left_secs: Option<f64>) -> Standing {
        let run = |state: &'static str| RunLine {
            name: String::new(),
            words: String::new(),
            state,
            best_miou: None,
            secs: None,
            note: String::new(),
        };
        Standing { runs: states.iter().copied().map(run).collect(), left_secs, ..Standing::default() }
    }

    #[test]
    fn the_summary_says_what_is_left() {
        assert_eq!(summary(&standing(&["done", "failed"], Some(40.0))), "1 of 2 runs done, 1 failed, about 40 s left");
        assert_eq!(summary(&standing(&["done"], Some(0.0))), "1 of 1 run done");
        assert!(summary(&standing(&["waiting"], None)).contains("time unknown"));
    }

    #[test]
    fn where_the_summary_does_not_fit_beside_the_buttons_it_is_wrapped() {
        let width = 640.0;
        let mut state = state();
        state.study.standing = Some(standing(&["waiting"], None));
        let show = move |ui: &mut Ui| studies_ui(ui, &state, &mut Vec::new());
        let builder = Harness::builder().with_size(vec2(width, 300.0));
        let mut harness = builder.with_context_setup(crate::ui::panels::theme::install).build_ui(show);
        harness.run_steps(2);
        let told = harness.get_by_label_contains("time unknown until a run like these is done").rect();
        assert!(told.right() <= width, "{told:?}");
    }
}
