//! The training section: settings of the next run. During a run only the learning rate can be changed.

use eframe::egui::{DragValue, RichText, Ui};
use lucide_icons::Icon;

use super::loss_fields;
use super::schedule_fields;
use super::theme::Tokens;
use super::training_fields as fields;
use super::widgets::{accent_button, field};
use crate::domain::config::Preset;
use crate::domain::{Choice as _, RunConfig};
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::open_project::OpenProject;

/// Draws the section.
pub fn training_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    if state.run.is_running() {
        running_ui(ui, state, actions);
    }
    let mut form = state.settings.form.clone();
    ui.add_enabled_ui(!state.run.is_running(), |ui| form_ui(ui, state, &mut form));
    if form != state.settings.form {
        actions.push(UiAction::SetForm(Box::new(form)));
    }
    device_ui(ui, state);
    problems_ui(ui, state);
    offer_ui(ui, state, actions);
    if !state.run.is_running() && accent_button(ui, Icon::Play, "Start training", state.can_start()).clicked() {
        actions.push(UiAction::StartOrPause);
    }
}

/// What can be changed during a run.
fn running_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ui.weak("A run is in progress. You can change labels and the learning rate.");
    let mut rate = state.current_rate();
    let speed = rate * 0.01;
    field(ui, "Learning rate", |ui| {
        let drag = DragValue::new(&mut rate).range(1e-8..=10.0).speed(speed).max_decimals(8);
        let response = ui.add(drag.update_while_editing(false)).accessible_name("Learning rate of the run");
        if response.changed() {
            actions.push(UiAction::SetLearningRate(rate));
        }
    });
    ui.separator();
}

fn form_ui(ui: &mut Ui, state: &AppState, form: &mut RunConfig) {
    presets_ui(ui, form);
    fields::network_ui(ui, form);
    loss_fields::loss_ui(ui, form, state.project.as_ref().map(OpenProject::classes));
    fields::length_ui(ui, form);
    fields::optimizer_ui(ui, form);
    schedule_fields::schedule_ui(ui, form);
    fields::recipe_ui(ui, form);
    fields::rest_ui(ui, form);
}

/// Presets that set everything but labels and device, two in a row: four are wider than the narrowest panel.
fn presets_ui(ui: &mut Ui, form: &mut RunConfig) {
    let chosen = Preset::of(form);
    field(ui, "Preset", |ui| {
        ui.vertical(|ui| Preset::ALL.chunks(2).for_each(|pair| preset_row_ui(ui, pair, chosen, form)));
    });
}

fn preset_row_ui(ui: &mut Ui, pair: &[Preset], chosen: Option<Preset>, form: &mut RunConfig) {
    ui.horizontal(|ui| {
        for preset in pair {
            if ui.selectable_label(chosen == Some(*preset), preset.title()).on_hover_text(preset.help()).clicked() {
                preset.apply(form);
            }
        }
    });
}

/// The device of the run and why it was chosen.
fn device_ui(ui: &mut Ui, state: &AppState) {
    let Some(info) = &state.run.info else { return };
    let device = &info.device;
    ui.weak(format!("{} {} ({}): {}.", device_of(state), device.name, device.how(), device.why));
}

fn device_of(state: &AppState) -> &'static str {
    if state.run.is_running() { "This run uses" } else { "The last run used" }
}

/// Why the run cannot start, each with its remedy.
fn problems_ui(ui: &mut Ui, state: &AppState) {
    let error = Tokens::of(ui).error;
    for problem in state.problems() {
        ui.label(RichText::new(problem).color(error));
    }
}

/// What fits into memory, where the settings do not.
fn offer_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let Some(offer) = state.offered().filter(|_| !state.run.is_running()) else { return };
    ui.label(RichText::new("A run like this needs more memory than there is.").color(Tokens::of(ui).error));
    let help = "As many crops a step as before, so the learning rate stays right";
    if ui.button(format!("Use {offer}")).on_hover_text(help).clicked() {
        let mut form = state.settings.form.clone();
        offer.fits.apply_to(&mut form.train);
        actions.push(UiAction::SetForm(Box::new(form)));
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::domain::config::{Length, Optimizer, Schedule, StepOffer, StepSize};
    use crate::engine::{Event, EventKind};
    use crate::ui::state::settings::Settings;

    #[test]
    fn what_fits_is_a_button_until_the_settings_are_others() {
        let mut state = AppState::new(Settings::default());
        let asked = StepSize::of(&state.settings.form.train);
        let fits = StepSize { batch: 1, accumulate: asked.crops(), ..asked };
        state.apply(Event { run: state.run.id, kind: EventKind::WouldFit(StepOffer { asked, fits }) });
        let shown = (state, Vec::new());
        let show = |ui: &mut Ui, (state, actions): &mut (AppState, Vec<UiAction>)| training_ui(ui, state, actions);
        let builder = Harness::builder().with_context_setup(crate::ui::panels::theme::install);
        let mut harness = builder.with_size(eframe::egui::vec2(400.0, 2400.0)).build_ui_state(show, shown);
        let name = format!("Use a batch of 1, accumulated {} times", asked.crops());
        harness.get_by_label(&name).click();
        harness.run_steps(2);
        let (state, actions) = harness.state_mut();
        let form =
            actions.drain(..).find_map(|action| if let UiAction::SetForm(form) = action { Some(form) } else { None });
        state.settings.form = *form.expect("the button sets the form");
        assert_eq!(StepSize::of(&state.settings.form.train), fits);
        harness.run_steps(2);
        assert!(harness.query_all_by_label(&name).next().is_none());
    }

    const GROUPS: [fn(&mut Ui, &mut RunConfig); 7] = [
        fields::network_ui,
        |ui, form| loss_fields::loss_ui(ui, form, None),
        fields::length_ui,
        fields::optimizer_ui,
        schedule_fields::schedule_ui,
        fields::recipe_ui,
        fields::rest_ui,
    ];

    /// Width of the content of the narrowest side panel, points.
    const NARROWEST: f32 = 316.0;

    #[test]
    fn no_field_is_cut_off_in_the_narrowest_panel() {
        let mut by_sgd = RunConfig::reference();
        by_sgd.train.optimizer = Optimizer::Sgd;
        (by_sgd.train.loss.focal, by_sgd.train.shift_scale_rotate) = (1.0, 0.5);
        by_sgd.train.loss.gated_crf = 0.1;
        (by_sgd.train.schedule, by_sgd.train.decay_every) = (Schedule::Step, Length::Steps(1000));
        for mut form in [RunConfig::few_clicks(), by_sgd] {
            let show = move |ui: &mut Ui| {
                ui.set_max_width(NARROWEST);
                for group in GROUPS {
                    group(ui, &mut form);
                    let (width, last) = (ui.min_rect().width(), ui.min_rect().bottom());
                    assert!(width <= NARROWEST + 0.5, "{width} points wide, above {last}");
                }
            };
            let size = eframe::egui::vec2(400.0, 1000.0);
            let theme = crate::ui::panels::theme::install;
            Harness::builder().with_size(size).with_context_setup(theme).build_ui(show).run_steps(2);
        }
    }
}
