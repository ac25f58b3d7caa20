//! Diagnostics for a bug report, as text.

use std::fmt::Write as _;

use crate::ui::state::app_state::AppState;
use crate::ui::state::message;

/// Lines of the log included.
const LOG_LINES: usize = 40;

/// Version, system, devices, project, settings and the end of the log.
pub(crate) fn text(state: &AppState) -> String {
    let mut out = format!(
        "Pointillist {} on {} {}\nwindow drawn by: {}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        state.graphics,
    );
    let mut add = |line: String| writeln!(out, "{line}").ok(); // Writing to a string cannot fail.
    if let Some(info) = &state.run.info {
        let device = &info.device;
        add(format!("trained on: {} ({}), because {}", device.name, device.how(), device.why));
        add(format!("network: {} parameters, phase {:?}", info.parameters, state.run.phase));
    }
    if let Some(open) = &state.project {
        let project = &open.project;
        let bad = project.tiles.iter().filter(|tile| tile.fault.is_some()).count();
        add(format!(
            "project: {}, {} tiles ({bad} bad), {} classes",
            project.layout,
            project.tiles.len(),
            project.classes.len()
        ));
        add(format!("tile in view: {:?}", state.view.size()));
    }
    if let Some(frames) = state.frames.summary() {
        add(frames);
    }
    if let Ok(form) = toml::to_string(&state.settings.form) {
        add(format!("\nform:\n{form}"));
    }
    let messages = state.messages.all();
    add("log:".to_owned());
    for entry in &messages[messages.len().saturating_sub(LOG_LINES)..] {
        add(message::line(entry));
    }
    out
}
