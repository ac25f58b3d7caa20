//! Reads key presses: which action a key event asks for.

use eframe::egui::{Event, KeyboardShortcut, Modifiers};

use crate::ui::state::action::UiAction;
use crate::ui::state::keys::{CLASS_DIGITS, bindings};

/// The action of a key press; `None` for other events and for keys that are not bound.
pub(crate) fn action(event: &Event) -> Option<UiAction> {
    let Event::Key { key, pressed: true, modifiers, .. } = event else { return None };
    let matches = |bound: &KeyboardShortcut| bound.logical_key == *key && modifiers.matches_logically(bound.modifiers);
    let bound = bindings().iter().find(|binding| binding.keys.iter().any(matches));
    bound.map(|binding| binding.action.clone()).or_else(|| {
        let digit = CLASS_DIGITS.iter().position(|digit| digit == key)?;
        modifiers.matches_logically(Modifiers::NONE).then_some(UiAction::PickClass(digit as u8))
    })
}
