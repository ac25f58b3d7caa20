//! Light or dark: the choice the user makes in the View menu.

use eframe::egui::ThemePreference;
use serde::{Deserialize, Serialize};

/// Theme of the window. Serialised by variant name in the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThemeChoice {
    /// Follows the desktop's setting.
    #[default]
    System,
    /// Light panels.
    Light,
    /// Dark panels.
    Dark,
}

impl ThemeChoice {
    /// All choices, in menu order.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Menu label.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "Use system setting",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// The same choice as egui's type.
    pub fn preference(self) -> ThemePreference {
        match self {
            Self::System => ThemePreference::System,
            Self::Light => ThemePreference::Light,
            Self::Dark => ThemePreference::Dark,
        }
    }
}
