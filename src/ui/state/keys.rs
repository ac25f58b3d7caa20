//! The keyboard: one table from which keys are bound, menus labelled and the help drawn.

use std::sync::LazyLock;

use eframe::egui::{Key, KeyboardShortcut, Modifiers};

use super::action::{Dialog, Tab, UiAction, ViewAction};
use super::layer::Layer;
use super::runs_action::RunsAction;
use super::tool::ToolKind;

/// A bound key.
#[derive(Debug)]
pub struct Binding {
    /// Heading in the help.
    pub group: &'static str,
    /// Any of these triggers the action; menus show the first.
    pub keys: Vec<KeyboardShortcut>,
    /// Description in the help.
    pub text: &'static str,
    /// What the key does.
    pub action: UiAction,
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers { shift: true, ..Modifiers::COMMAND }, key)
}

fn row(group: &'static str, keys: &[KeyboardShortcut], text: &'static str, action: UiAction) -> Binding {
    Binding { group, keys: keys.to_vec(), text, action }
}

/// All bindings except the class digits and the mouse. Chords come before the bare keys they contain: the first match wins.
pub fn bindings() -> &'static [Binding] {
    static BINDINGS: LazyLock<Vec<Binding>> = LazyLock::new(|| {
        let sections = [file(), labels(), view(), layers(), run(), window()];
        sections.into_iter().flatten().collect()
    });
    &BINDINGS
}

fn file() -> Vec<Binding> {
    vec![
        row("File", &[ctrl(Key::O)], "Open a folder", UiAction::PickFolder),
        row("File", &[ctrl(Key::L)], "Open a path", UiAction::Show(Some(Dialog::OpenPath))),
        row("File", &[ctrl(Key::R)], "Open a run", UiAction::PickRun),
        row("File", &[ctrl(Key::Q)], "Quit", UiAction::Quit),
    ]
}

fn labels() -> Vec<Binding> {
    let tools =
        ToolKind::ALL.map(|tool| row("Labels", &[plain(tool.shortcut())], tool.name(), UiAction::SetTool(tool)));
    let mut rows = vec![
        row("Labels", &[ctrl_shift(Key::Z), ctrl(Key::Y)], "Redo", UiAction::Redo),
        row("Labels", &[ctrl(Key::Z)], "Undo", UiAction::Undo),
    ];
    rows.extend(tools);
    rows.extend([
        row("Labels", &[plain(Key::OpenBracket), plain(Key::Comma)], "Smaller brush", UiAction::StepRadius(-1)),
        row("Labels", &[plain(Key::CloseBracket), plain(Key::Period)], "Larger brush", UiAction::StepRadius(1)),
    ]);
    rows
}

fn view() -> Vec<Binding> {
    vec![
        row("View", &[ctrl(Key::F)], "Fit the tile", UiAction::View(ViewAction::Fit)),
        row("View", &[ctrl(Key::Num0)], "Zoom to 100 %", UiAction::View(ViewAction::ActualSize)),
        row("View", &[plain(Key::T)], "One or two views", UiAction::View(ViewAction::ToggleTwo)),
        row("View", &[plain(Key::W)], "Switch to the other view", UiAction::View(ViewAction::ActivateOther)),
        row(
            "View",
            &[plain(Key::X)],
            "Hide or show the selected class",
            UiAction::View(ViewAction::ToggleSelectedClass),
        ),
        row("View", &[plain(Key::Q)], "Quick map, network's, or the better", UiAction::View(ViewAction::NextMap)),
        row("View", &[plain(Key::C)], "Swipe two ticked runs over the tile", UiAction::Runs(RunsAction::ToggleSwipe)),
        row("View", &[plain(Key::K)], "Blocks that validate", UiAction::View(ViewAction::ToggleBlocks)),
        row("View", &[plain(Key::A)], "Previous tile", UiAction::StepTile(-1)),
        row("View", &[plain(Key::D)], "Next tile", UiAction::StepTile(1)),
    ]
}

fn layers() -> Vec<Binding> {
    let toggle = |layer: Layer| UiAction::View(ViewAction::ToggleLayer(layer));
    Layer::ALL.map(|layer| row("View", &[plain(layer.shortcut())], layer.name(), toggle(layer))).into()
}

fn run() -> Vec<Binding> {
    vec![
        row("Run", &[ctrl(Key::Enter)], "Start, pause or resume", UiAction::StartOrPause),
        row("Run", &[ctrl(Key::Period)], "Stop the run", UiAction::Stop),
        row("Run", &[ctrl(Key::E)], "Evaluate now", UiAction::Evaluate),
        row("Run", &[ctrl(Key::S)], "Save a checkpoint now", UiAction::SaveCheckpoint),
    ]
}

fn window() -> Vec<Binding> {
    vec![
        row("Window", &[plain(Key::F2)], "Curves", UiAction::ShowTab(Tab::Curves)),
        row("Window", &[plain(Key::F3)], "Scores", UiAction::ShowTab(Tab::Scores)),
        row("Window", &[plain(Key::F4)], "Runs", UiAction::ShowTab(Tab::Runs)),
        row("Window", &[plain(Key::F5)], "Log", UiAction::ShowTab(Tab::Log)),
        row("Window", &[plain(Key::F6)], "Compare runs", UiAction::ShowTab(Tab::Compare)),
        row("Window", &[plain(Key::F7)], "Studies", UiAction::ShowTab(Tab::Studies)),
        row("Window", &[ctrl(Key::Plus), ctrl(Key::Equals)], "Larger interface", UiAction::StepZoom(1)),
        row("Window", &[ctrl(Key::Minus)], "Smaller interface", UiAction::StepZoom(-1)),
        row("Window", &[plain(Key::F1)], "Show these keys", UiAction::Show(Some(Dialog::Keys))),
    ]
}

/// Mouse gestures and digits for the help: group, keys, description. They are bound where they act.
pub const POINTER_HELP: &[(&str, &str, &str)] = &[
    ("Labels", "1 – 9", "Select a class"),
    ("Labels", "Click", "Place a point"),
    ("Labels", "Drag", "Paint"),
    ("Labels", "Shift+Wheel", "Brush size"),
    ("View", "Wheel", "Zoom at the cursor"),
    ("View", "Space+Drag", "Pan (or the middle button)"),
    ("View", "Ctrl+Wheel", "Opacity of the top layer"),
];

/// Keys that select a class, by class index.
pub const CLASS_DIGITS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_bound_twice() {
        let keys: Vec<_> = bindings().iter().flat_map(|binding| &binding.keys).collect();
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key), "{key:?} is bound twice");
        }
    }

    #[test]
    fn a_chord_comes_before_a_shorter_one() {
        let place = |wanted: KeyboardShortcut| bindings().iter().position(|b| b.keys.contains(&wanted)).unwrap();
        assert!(place(ctrl_shift(Key::Z)) < place(ctrl(Key::Z)));
    }
}
