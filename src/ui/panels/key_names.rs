//! Keys as text, for menus and the help.

use eframe::egui::{Context, Key, KeyboardShortcut};

use crate::ui::state::action::UiAction;
use crate::ui::state::keys::bindings;

/// The first key bound to an action; empty if there is none.
pub(crate) fn shortcut(ctx: &Context, action: &UiAction) -> String {
    let binding = bindings().iter().find(|binding| binding.action == *action);
    binding.map_or(String::new(), |binding| key_name(ctx, &binding.keys[0]))
}

/// A key as it is printed on a keyboard: `[` instead of `OpenBracket`.
pub(crate) fn key_name(ctx: &Context, shortcut: &KeyboardShortcut) -> String {
    let name = ctx.format_shortcut(shortcut);
    match shortcut.logical_key {
        Key::OpenBracket | Key::CloseBracket | Key::Comma | Key::Period | Key::Plus | Key::Minus | Key::Equals => {
            name.replace(shortcut.logical_key.name(), shortcut.logical_key.symbol_or_name())
        }
        _ => name,
    }
}
