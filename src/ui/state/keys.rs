//! The keyboard: one table that binds the keys and that the help is drawn from.

use eframe::egui::{Context, Event, Key, KeyboardShortcut, Modifiers};

use super::action::{Dialog, Tab, UiAction, ViewAction};
use super::layers::Layer;
use crate::ui::canvas::ToolKind;

/// What a key does.
pub struct Binding {
    /// The heading it stands under in the help.
    pub group: &'static str,
    /// Any of these.
    pub keys: &'static [KeyboardShortcut],
    /// What the help says.
    pub text: &'static str,
    /// What happens.
    pub action: fn() -> UiAction,
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

/// All bindings but the class digits and the mouse. Chords stand before the bare keys they contain.
pub const BINDINGS: &[Binding] = &[
    Binding { group: "File", keys: &[ctrl(Key::O)], text: "Open a folder", action: || UiAction::PickFolder },
    Binding {
        group: "File",
        keys: &[ctrl(Key::S)],
        text: "Save a checkpoint now",
        action: || UiAction::SaveCheckpoint,
    },
    Binding {
        group: "File",
        keys: &[ctrl(Key::L)],
        text: "Open a path",
        action: || UiAction::Show(Some(Dialog::OpenPath)),
    },
    Binding { group: "File", keys: &[ctrl(Key::R)], text: "Open a run", action: || UiAction::PickRun },
    Binding { group: "File", keys: &[ctrl(Key::Q)], text: "Quit", action: || UiAction::Quit },
    Binding {
        group: "Labels",
        keys: &[KeyboardShortcut::new(CTRL_SHIFT, Key::Z), ctrl(Key::Y)],
        text: "Redo",
        action: || UiAction::Redo,
    },
    Binding { group: "Labels", keys: &[ctrl(Key::Z)], text: "Undo", action: || UiAction::Undo },
    Binding { group: "Labels", keys: &[plain(Key::B)], text: "Brush", action: || UiAction::SetTool(ToolKind::Brush) },
    Binding { group: "Labels", keys: &[plain(Key::E)], text: "Eraser", action: || UiAction::SetTool(ToolKind::Erase) },
    Binding { group: "Labels", keys: &[plain(Key::V)], text: "Pan only", action: || UiAction::SetTool(ToolKind::Pan) },
    Binding {
        group: "Labels",
        keys: &[plain(Key::OpenBracket), plain(Key::Comma)],
        text: "Smaller brush",
        action: || UiAction::StepRadius(-1),
    },
    Binding {
        group: "Labels",
        keys: &[plain(Key::CloseBracket), plain(Key::Period)],
        text: "Larger brush",
        action: || UiAction::StepRadius(1),
    },
    Binding { group: "View", keys: &[ctrl(Key::F)], text: "Fit the tile", action: || UiAction::View(ViewAction::Fit) },
    Binding {
        group: "View",
        keys: &[ctrl(Key::Num0)],
        text: "100 %",
        action: || UiAction::View(ViewAction::ActualSize),
    },
    Binding {
        group: "View",
        keys: &[plain(Key::T)],
        text: "One or two views",
        action: || UiAction::View(ViewAction::ToggleTwo),
    },
    Binding {
        group: "View",
        keys: &[plain(Key::W)],
        text: "Layers of the other view",
        action: || UiAction::View(ViewAction::ActivateOther),
    },
    Binding {
        group: "View",
        keys: &[plain(Key::X)],
        text: "Hide or show the class in hand",
        action: || UiAction::View(ViewAction::ToggleClassInHand),
    },
    Binding { group: "View", keys: &[plain(Key::A)], text: "Previous tile", action: || UiAction::StepTile(-1) },
    Binding { group: "View", keys: &[plain(Key::D)], text: "Next tile", action: || UiAction::StepTile(1) },
    Binding {
        group: "View",
        keys: &[plain(Key::I)],
        text: "Image",
        action: || UiAction::View(ViewAction::ToggleLayer(Layer::Image)),
    },
    Binding {
        group: "View",
        keys: &[plain(Key::M)],
        text: "Full mask",
        action: || UiAction::View(ViewAction::ToggleLayer(Layer::Mask)),
    },
    Binding {
        group: "View",
        keys: &[plain(Key::S)],
        text: "Sampled mask",
        action: || UiAction::View(ViewAction::ToggleLayer(Layer::Sampled)),
    },
    Binding {
        group: "View",
        keys: &[plain(Key::O)],
        text: "Own labels",
        action: || UiAction::View(ViewAction::ToggleLayer(Layer::Labels)),
    },
    Binding {
        group: "View",
        keys: &[plain(Key::P)],
        text: "Prediction",
        action: || UiAction::View(ViewAction::ToggleLayer(Layer::Prediction)),
    },
    Binding {
        group: "View",
        keys: &[plain(Key::U)],
        text: "Confidence",
        action: || UiAction::View(ViewAction::ToggleLayer(Layer::Confidence)),
    },
    Binding {
        group: "Run",
        keys: &[ctrl(Key::Enter)],
        text: "Start, pause or go on",
        action: || UiAction::StartOrPause,
    },
    Binding { group: "Run", keys: &[ctrl(Key::Period)], text: "Stop the run", action: || UiAction::Stop },
    Binding { group: "Run", keys: &[ctrl(Key::E)], text: "Evaluate now", action: || UiAction::Evaluate },
    Binding { group: "Window", keys: &[plain(Key::F2)], text: "Curves", action: || UiAction::ShowTab(Tab::Curves) },
    Binding { group: "Window", keys: &[plain(Key::F3)], text: "Scores", action: || UiAction::ShowTab(Tab::Scores) },
    Binding { group: "Window", keys: &[plain(Key::F4)], text: "Runs", action: || UiAction::ShowTab(Tab::Runs) },
    Binding { group: "Window", keys: &[plain(Key::F5)], text: "Log", action: || UiAction::ShowTab(Tab::Log) },
    Binding {
        group: "Window",
        keys: &[ctrl(Key::Plus), ctrl(Key::Equals)],
        text: "Everything larger",
        action: || UiAction::StepZoom(1),
    },
    Binding {
        group: "Window",
        keys: &[ctrl(Key::Minus)],
        text: "Everything smaller",
        action: || UiAction::StepZoom(-1),
    },
    Binding {
        group: "Window",
        keys: &[plain(Key::F1)],
        text: "These keys",
        action: || UiAction::Show(Some(Dialog::Keys)),
    },
];

/// What the mouse and the digits do, bound where they act.
pub const BY_HAND: &[(&str, &str, &str)] = &[
    ("Labels", "1 – 9", "Pick a class"),
    ("Labels", "Click", "Place a point"),
    ("Labels", "Drag", "Paint"),
    ("Labels", "Shift+Wheel", "Brush size"),
    ("View", "Wheel", "Zoom at the cursor"),
    ("View", "Space+Drag", "Pan (or the middle button)"),
    ("View", "Ctrl+Wheel", "Opacity of the top layer"),
];

const DIGITS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// What a key pressed asks for; `None` for other events and keys that are not bound.
pub fn action(event: &Event) -> Option<UiAction> {
    let Event::Key { key, pressed: true, modifiers, .. } = event else { return None };
    let is_meant = |bound: &KeyboardShortcut| bound.logical_key == *key && modifiers.matches_logically(bound.modifiers);
    let bound = BINDINGS.iter().find(|binding| binding.keys.iter().any(is_meant));
    bound.map(|binding| (binding.action)()).or_else(|| {
        let digit = DIGITS.iter().position(|digit| digit == key)?;
        modifiers.matches_logically(Modifiers::NONE).then_some(UiAction::PickClass(digit as u8))
    })
}

/// The keys of an action as the menus show them; empty if it has none.
pub fn shortcut(ctx: &Context, action: &UiAction) -> String {
    let binding = BINDINGS.iter().find(|binding| (binding.action)() == *action);
    binding.map_or(String::new(), |binding| key_name(ctx, &binding.keys[0]))
}

/// A key as it is printed on a keyboard.
pub fn key_name(ctx: &Context, shortcut: &KeyboardShortcut) -> String {
    let name = ctx.format_shortcut(shortcut);
    match shortcut.logical_key {
        Key::OpenBracket | Key::CloseBracket | Key::Comma | Key::Period | Key::Plus | Key::Minus | Key::Equals => {
            name.replace(shortcut.logical_key.name(), shortcut.logical_key.symbol_or_name())
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_bound_twice() {
        let keys: Vec<_> = BINDINGS.iter().flat_map(|binding| binding.keys).collect();
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key), "{key:?} is bound twice");
        }
    }

    #[test]
    fn a_chord_is_tried_before_a_shorter_one() {
        let place = |wanted: KeyboardShortcut| BINDINGS.iter().position(|b| b.keys.contains(&wanted)).unwrap();
        assert!(place(KeyboardShortcut::new(CTRL_SHIFT, Key::Z)) < place(ctrl(Key::Z)));
    }
}
