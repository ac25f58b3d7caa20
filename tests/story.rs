//! The whole story with the real engine: open the demo, sample, click, train to the end, see the prediction.

mod harness;

use eframe::egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use harness::{click, click_canvas, saved, step_until};
use pointillist::data::demo;
use pointillist::domain::RunConfig;
use pointillist::domain::config::{DeviceChoice, InputSize, Length};
use pointillist::engine::protocol::Outcome;
use pointillist::ui::App;
use pointillist::ui::state::action::UiAction;

fn act(harness: &mut Harness<'_, App>, action: UiAction) {
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, action);
    harness.run_ok();
}

#[test]
fn from_the_open_demo_to_a_prediction() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let root = demo::unpack(&home.path().join("demo")).expect("the demo");
    let mut harness = harness::open(Some(&root));
    step_until(&mut harness, "the first tile is in view", |app| app.state().view.tile.is_some());

    // Sample.
    step_until(&mut harness, "its sampled mask is drawn", |app| app.state().view.sampled.is_some());
    let before = harness.state().state().view.sampled_counts.clone();
    click(&mut harness, "0.05");
    step_until(&mut harness, "another keep ratio redraws it", |app| app.state().view.sampled_counts != before);

    // Click.
    assert!(harness.query_by_label("Close the first steps").is_some());
    harness.key_press(Key::Num5);
    harness.run_ok();
    click_canvas(&mut harness);
    saved(&mut harness, "1 label");

    // Train: the demo's settings, cut short.
    let mut form = RunConfig { device: DeviceChoice::Cpu, ..RunConfig::demo() };
    form.sampling = harness.state().state().settings.form.sampling;
    form.train.length = Length::Steps(8);
    form.train.input = InputSize::Crop(64);
    form.model.base = 4;
    act(&mut harness, UiAction::SetForm(Box::new(form)));
    click(&mut harness, "Start training");
    step_until(&mut harness, "the first step is reported", |app| app.state().run.step.is_some());
    step_until(&mut harness, "the run is over", |app| app.state().run.summary.is_some());
    let summary = harness.state().state().run.summary.clone().expect("the run is over");
    assert_eq!((summary.outcome, summary.steps), (Outcome::Completed, 8));
    assert!(summary.best_miou.is_some_and(|miou| (0.0..=1.0).contains(&miou)), "{summary:?}");
    for file in ["best.bpk", "last.bpk", "metrics.csv", "summary.json"] {
        assert!(summary.folder.join(file).exists(), "{file}");
    }

    // See: the prediction of the tile in view is there, whole, and another tile's follows.
    step_until(&mut harness, "the prediction is shown", |app| app.state().prediction().is_some());
    step_until(&mut harness, "the first steps are taken", |app| app.state().settings.help_dismissed);
    assert!(harness.query_by_label("Close the first steps").is_none());
    click(&mut harness, "Tile 1002");
    step_until(&mut harness, "the other tile is predicted as well", |app| {
        app.state().view.network.as_ref().is_some_and(|p| p.tile == "1002" && p.complete)
    });
    assert!(harness.state().state().messages.toasts().count() == 0, "{:?}", harness.state().state().messages.all());

    // Keep: opened again, the run shows its figures and predicts.
    act(&mut harness, UiAction::OpenRun(summary.folder.clone()));
    step_until(&mut harness, "the figures are reported again", |app| app.state().run.evaluation.is_some());
    step_until(&mut harness, "the reopened run predicts", |app| {
        app.state().run.can_predict() && app.state().view.network.as_ref().is_some_and(|p| p.complete)
    });
}
