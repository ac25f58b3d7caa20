//! The run bar: start, pause and stop buttons, progress, speed, scores and device.

use eframe::egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;

use super::theme::Tokens;
use super::widgets::{accent_button, badge, icon, icon_button, number, progress};
use crate::domain::Choice as _;
use crate::engine::Phase;
use crate::engine::protocol::{Predicting, SavedCheckpoint};
use crate::ui::state::action::{ExportAction, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;

/// Free width above which the bar says in full how the score was measured, points.
const ROOM_FOR_MEASURE: f32 = 1000.0;

/// Width above which score and device are right-aligned, points. A narrower bar is one row from left to right.
const ROOM_FOR_ENDS: f32 = 760.0;

/// Free width below which score and device are abbreviated, points.
const ROOM_FOR_WORDS: f32 = 860.0;

/// Draws the bar. It scrolls if it is too narrow, so that texts never overlap.
pub fn run_bar_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    if ui.available_width() < ROOM_FOR_ENDS {
        row_ui(ui, |ui| {
            buttons_ui(ui, state, actions);
            ui.separator();
            progress_ui(ui, state, actions);
            score_ui(ui, state, false);
            device_ui(ui, state, false);
        });
        return;
    }
    ui.horizontal_centered(|ui| {
        buttons_ui(ui, state, actions);
        ui.separator();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let is_tight = ui.available_width() < ROOM_FOR_WORDS;
            device_ui(ui, state, is_tight);
            score_ui(ui, state, is_tight);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                row_ui(ui, |ui| progress_ui(ui, state, actions));
            });
        });
    });
}

/// A row that scrolls if it is longer than the available width.
fn row_ui(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ScrollArea::horizontal().id_salt("row").auto_shrink(false).show(ui, |ui| ui.horizontal_centered(add));
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
            if accent_button(ui, Icon::Play, "Resume", true).clicked() {
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
    if icon_button(ui, Icon::Square, "Stop the run and keep its results", can_stop).clicked() {
        actions.push(UiAction::Stop);
    }
}

fn progress_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let run = &state.run;
    let predicting = run.info.as_ref().and_then(|info| info.predicting.as_ref());
    let network = run.can_predict().then(|| state.saved_quick_text().unwrap_or_else(|| network_text(predicting)));
    let phase = state.study.in_progress();
    ui.label(phase.unwrap_or_else(|| phase_text(&run.phase, state.project.is_some(), network.as_deref())));
    if !run.is_running() {
        if let Some(predicting) = predicting {
            checkpoints_ui(ui, predicting, actions);
        } else if let Some(step) = &run.step {
            ui.weak(format!("after {}", format::counted(step.step, "step")));
        }
        if state.can_export() && ui.button("Export map…").clicked() {
            actions.push(UiAction::Export(ExportAction::Open));
        }
        return;
    }
    if let Phase::Preparing { done, total, .. } = run.phase {
        if total > 0 {
            progress(ui, done as f32 / total as f32, 160.0, number(format!("{done} of {total}")));
        }
        return;
    }
    if let Some((epoch, epochs)) = run.epoch() {
        ui.label(number(format!("epoch {epoch}/{epochs}")));
    }
    if let Some(share) = run.progress() {
        let width = (ui.clip_rect().right() - ui.cursor().left() - 230.0).clamp(40.0, 320.0);
        progress(ui, share, width, number(format!("{:.0} %", share * 100.0)));
    }
    let on_gpu = run.info.as_ref().is_some_and(|info| info.device.is_gpu);
    if run.step.is_none() && on_gpu {
        ui.weak("The first step tunes GPU kernels and can take minutes");
        return;
    }
    ui.label(number(format::speed(run.step_secs)));
    if run.phase == Phase::Training
        && let Some(left) = run.seconds_left()
    {
        ui.weak(format!("{} left", format::duration(left)));
    }
}

/// Which network predicts: a checkpoint and its step if known, or the network as trained last.
pub(super) fn network_text(predicting: Option<&Predicting>) -> String {
    let Some(SavedCheckpoint { checkpoint, step }) = predicting.map(|predicting| predicting.shown) else {
        return "network".to_owned();
    };
    let step = step.map_or(String::new(), |step| format!(" (step {})", format::count(step)));
    format!("{} checkpoint{step}", checkpoint.name())
}

/// Choice between the checkpoints of a finished run, if they differ.
fn checkpoints_ui(ui: &mut Ui, predicting: &Predicting, actions: &mut Vec<UiAction>) {
    let Predicting { shown, choices } = predicting;
    if choices.iter().all(|choice| choice.step.is_some() && choice.step == choices[0].step) {
        return; // Both checkpoints hold the same network.
    }
    for SavedCheckpoint { checkpoint, step } in choices {
        let name = checkpoint.name();
        let of = step.map_or(String::new(), |step| format!(" of step {}", format::count(step)));
        let choice = ui.selectable_label(shown.checkpoint == *checkpoint, name);
        let choice = choice.on_hover_text(format!("Predict with the {name} checkpoint{of}. {}", checkpoint.help()));
        if choice.accessible_name(format!("Predict with the {name} checkpoint")).clicked() {
            actions.push(UiAction::ShowCheckpoint(*checkpoint));
        }
    }
}

/// What the engine is doing.
fn phase_text(phase: &Phase, project: bool, network: Option<&str>) -> String {
    match (phase, network) {
        (Phase::Idle, Some(network)) => format!("Ready; the {network} predicts the tile in view"),
        (Phase::Idle, None) if project => "Ready to train".to_owned(),
        (Phase::Idle, None) => "Open a project to begin".to_owned(),
        (Phase::Preparing { what, .. }, _) => what.clone(),
        (Phase::Training, _) => "Training".to_owned(),
        (Phase::Paused, _) => "Paused".to_owned(),
        (Phase::Evaluating { done, total }, _) => format!("Evaluating tile {} of {total}", (done + 1).min(*total)),
        (Phase::Stopping, _) => "Writing the last checkpoint".to_owned(),
    }
}

fn score_ui(ui: &mut Ui, state: &AppState, is_tight: bool) {
    let Some(evaluation) = state.run.evaluation.as_ref().filter(|_| state.why_no_score().is_none()) else { return };
    let (all, room) = (evaluation.measured_on.as_str(), ui.available_width() > ROOM_FOR_MEASURE);
    let text = if room { all } else { all.split(',').next().unwrap_or(all) };
    let measured = format!("How the score was measured: {all}");
    if !is_tight {
        badge(ui, text, Tokens::of(ui).weak).on_hover_text(&measured);
    }
    if let Some((miou, step)) = state.run.best.filter(|(_, step)| *step != evaluation.step) {
        let when = format!("Best score so far, at step {}", format::count(step));
        ui.weak(number(format!("best {}", format::score(miou)))).on_hover_text(when);
    }
    let when = format!("Score of the last evaluation, at step {}. {measured}", format::count(evaluation.step));
    ui.strong(number(miou_text(evaluation.scores.miou, evaluation.step, state.run.best))).on_hover_text(when);
}

/// The last score, marked if it is also the best.
fn miou_text(miou: f64, step: u64, best: Option<(f64, u64)>) -> String {
    let which = if best.is_some_and(|(_, of)| of == step) { "last and best" } else { "last" };
    format!("mIoU {} {which}", format::score(miou))
}

/// The device of the run; the tooltip says why it was chosen.
fn device_ui(ui: &mut Ui, state: &AppState, is_tight: bool) {
    let Some(info) = &state.run.info else { return };
    let device = &info.device;
    let name = format!("{} ({})", device.name, device.how());
    let text = format!("{name}: {}", device.why);
    if !is_tight {
        ui.weak(name).on_hover_text(&text);
    }
    ui.label(icon(Icon::Cpu, 14.0).color(Tokens::of(ui).weak)).on_hover_text(text);
}

#[cfg(test)]
mod tests {
    use eframe::egui::accesskit::Role;
    use eframe::egui::{Rect, vec2};
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    use super::*;
    use crate::domain::checkpoint::Checkpoint;
    use crate::engine::{Event, EventKind};
    use crate::ui::state::run_state::{RunState, tests as samples};
    use crate::ui::state::settings::Settings;

    /// The bar of a run in training, in a window of this width.
    fn bar(width: f32) -> Harness<'static> {
        let mut state = AppState::new(Settings::default());
        state.run = RunState::starting(7);
        let evaluated = |step| EventKind::Evaluated(Box::new(samples::evaluation(step)));
        let events = [
            EventKind::Started(Box::new(samples::info())),
            EventKind::Phase(Phase::Training),
            EventKind::Step(samples::step(10)),
            evaluated(10),
            evaluated(12),
        ];
        events.into_iter().for_each(|kind| state.apply(Event { run: 7, kind }));
        let show = move |ui: &mut Ui| run_bar_ui(ui, &state, &mut Vec::new());
        let size = vec2(width, 44.0);
        let mut harness =
            Harness::builder().with_size(size).with_context_setup(crate::ui::panels::theme::install).build_ui(show);
        harness.run_steps(4);
        harness
    }

    /// Labels and buttons with their rectangles, from left to right.
    fn places(harness: &Harness<'_>) -> Vec<(String, Rect)> {
        let is_drawn = |role| [Role::Label, Role::Button].contains(&role);
        let nodes = harness.query_all_by(|node| is_drawn(node.role()));
        let text = |node: &egui_kittest::Node<'_>| {
            let node = node.accesskit_node();
            node.label().or_else(|| node.value()).unwrap_or_default()
        };
        let mut places: Vec<_> = nodes.map(|node| (text(&node), node.rect())).collect();
        places.sort_by(|a, b| a.1.left().total_cmp(&b.1.left()));
        places
    }

    #[test]
    fn nothing_overlaps_in_a_narrow_bar() {
        for width in [300.0, 512.0, 640.0, 750.0] {
            let places = places(&bar(width));
            assert!(places.iter().any(|(text, _)| text.contains("Flex")), "{places:?}");
            let over = places.windows(2).find(|pair| pair[0].1.right() > pair[1].1.left() + 0.5);
            assert!(over.is_none(), "{over:?} at {width}");
        }
    }

    #[test]
    fn a_wide_bar_leaves_space_for_the_progress() {
        for width in [788.0, 985.0, 1100.0, 1280.0, 1600.0] {
            let places = places(&bar(width));
            let place = |part: &str| {
                places.iter().find(|(text, _)| text.contains(part)).unwrap_or_else(|| panic!("{part}: {places:?}")).1
            };
            assert!(place("mIoU").left() - place("Stop").right() > 200.0, "{places:?} at {width}");
        }
    }

    #[test]
    fn a_score_is_marked_as_last_or_best() {
        assert_eq!(miou_text(0.25, 10, Some((0.25, 10))), format!("mIoU {} last and best", format::score(0.25)));
        assert_eq!(miou_text(0.25, 20, Some((0.5, 10))), format!("mIoU {} last", format::score(0.25)));
    }

    #[test]
    fn the_predicting_checkpoint_is_named() {
        let saved = |checkpoint, step| SavedCheckpoint { checkpoint, step };
        let predicting = |shown| Predicting { shown, choices: vec![shown] };
        let best = predicting(saved(Checkpoint::Best, Some(1200)));
        assert_eq!(network_text(Some(&best)), format!("best checkpoint (step {})", format::count(1200)));
        assert_eq!(network_text(Some(&predicting(saved(Checkpoint::Last, None)))), "last checkpoint");
        assert_eq!(network_text(None), "network");
    }

    #[test]
    fn every_phase_has_a_text() {
        assert_eq!(phase_text(&Phase::Idle, false, None), "Open a project to begin");
        assert_eq!(phase_text(&Phase::Idle, true, Some("network")), "Ready; the network predicts the tile in view");
        assert_eq!(
            phase_text(&Phase::Evaluating { done: 1, total: 3 }, true, Some("network")),
            "Evaluating tile 2 of 3"
        );
        assert_eq!(
            phase_text(&Phase::Evaluating { done: 3, total: 3 }, true, Some("network")),
            "Evaluating tile 3 of 3"
        );
    }
}
