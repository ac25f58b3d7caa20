//! The run at a glance: start, pause, stop, how far, how fast, how good, and where it computes.

use eframe::egui::{Align, Layout, ProgressBar, Ui};
use lucide_icons::Icon;

use crate::engine::Phase;
use crate::ui::action::UiAction;
use crate::ui::format;
use crate::ui::state::AppState;
use crate::ui::theme::Tokens;
use crate::ui::widgets::{accent_button, badge, icon, icon_button, number};

/// Draws the bar.
pub fn run_bar_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ui.horizontal_centered(|ui| {
        buttons_ui(ui, state, actions);
        ui.separator();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            device_ui(ui, state);
            score_ui(ui, state);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| progress_ui(ui, state));
        });
    });
}

fn buttons_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let run = &state.run;
    match run.phase {
        Phase::Idle => {
            let start = accent_button(ui, Icon::Play, "Start", state.can_start());
            if let Some(why) = state.why_no_start() {
                start.clone().on_disabled_hover_text(why);
            }
            if start.clicked() {
                actions.push(UiAction::StartOrPause);
            }
        }
        Phase::Paused => {
            if accent_button(ui, Icon::Play, "Go on", true).clicked() {
                actions.push(UiAction::StartOrPause);
            }
        }
        _ => {
            let can_pause = matches!(run.phase, Phase::Training | Phase::Evaluating { .. });
            if accent_button(ui, Icon::Pause, "Pause", can_pause).clicked() {
                actions.push(UiAction::StartOrPause);
            }
        }
    }
    let can_stop = run.is_running() && run.phase != Phase::Stopping;
    if icon_button(ui, Icon::Square, "Stop the run and keep it", can_stop).clicked() {
        actions.push(UiAction::Stop);
    }
}

fn progress_ui(ui: &mut Ui, state: &AppState) {
    let run = &state.run;
    ui.label(phase_text(&run.phase, state.project.is_some(), run.can_predict()));
    if !run.is_running() {
        if let Some(step) = &run.step {
            ui.weak(format!("after {}", format::counted(step.step, "step")));
        }
        return;
    }
    if let Phase::Preparing { done, total, .. } = run.phase {
        if total > 0 {
            let text = format!("{done} of {total}");
            ui.add(ProgressBar::new(done as f32 / total as f32).desired_width(160.0).text(text));
        }
        return;
    }
    if let Some((epoch, epochs)) = run.epoch() {
        ui.label(number(format!("epoch {epoch}/{epochs}")));
    }
    if let Some(progress) = run.progress() {
        let width = (ui.available_width() - 190.0).clamp(60.0, 320.0);
        let text = format!("{:.0} %", progress * 100.0);
        ui.add(
            ProgressBar::new(progress).desired_width(width).fill(Tokens::of(ui).accent.gamma_multiply(0.6)).text(text),
        );
    }
    ui.label(number(format::speed(run.step_secs)));
    if run.phase == Phase::Training
        && let Some(left) = run.seconds_left()
    {
        ui.weak(format!("{} left", format::duration(left)));
    }
}

/// What the engine is doing, in words.
fn phase_text(phase: &Phase, project: bool, network: bool) -> String {
    match phase {
        Phase::Idle if network => "Ready; the network predicts the tile in view".to_owned(),
        Phase::Idle if project => "Ready to train".to_owned(),
        Phase::Idle => "Open a project to begin".to_owned(),
        Phase::Preparing { what, .. } => what.clone(),
        Phase::Training => "Training".to_owned(),
        Phase::Paused => "Paused".to_owned(),
        Phase::Evaluating { done, total } => format!("Evaluating tile {} of {total}", (done + 1).min(*total)),
        Phase::Stopping => "Writing the last checkpoint".to_owned(),
    }
}

fn score_ui(ui: &mut Ui, state: &AppState) {
    let Some(evaluation) = &state.run.evaluation else { return };
    badge(ui, &evaluation.measured_on, Tokens::of(ui).weak).on_hover_text("How the score was measured");
    let best = state.run.best.map_or(String::new(), |(miou, step)| {
        format!("Best so far: {} at step {}", format::score(miou), format::count(step))
    });
    ui.strong(number(format!("mIoU {}", format::score(evaluation.scores.miou)))).on_hover_text(best);
}

/// Where the run computes; the tooltip says why there.
fn device_ui(ui: &mut Ui, state: &AppState) {
    let Some(info) = &state.run.info else { return };
    let device = &info.device;
    ui.weak(format!("{} ({})", device.name, device.backend)).on_hover_text(&device.why);
    ui.label(icon(Icon::Cpu, 14.0).color(Tokens::of(ui).weak)).on_hover_text(&device.why);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_has_words() {
        assert_eq!(phase_text(&Phase::Idle, false, false), "Open a project to begin");
        assert_eq!(phase_text(&Phase::Evaluating { done: 1, total: 3 }, true, true), "Evaluating tile 2 of 3");
        assert_eq!(phase_text(&Phase::Evaluating { done: 3, total: 3 }, true, true), "Evaluating tile 3 of 3");
    }
}
