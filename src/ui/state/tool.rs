//! The labelling tool in use.

use eframe::egui::{Color32, Key};

/// What the left mouse button does on the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolKind {
    /// Moves the picture.
    Pan,
    /// Places points and paints strokes of the selected class.
    Brush,
    /// Erases own labels.
    Erase,
}

impl ToolKind {
    /// All tools, in the order of their buttons.
    pub const ALL: [Self; 3] = [Self::Brush, Self::Erase, Self::Pan];

    /// Label in the window and in the help.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pan => "Pan",
            Self::Brush => "Brush",
            Self::Erase => "Eraser",
        }
    }

    /// The key that selects the tool.
    pub fn shortcut(self) -> Key {
        match self {
            Self::Pan => Key::V,
            Self::Brush => Key::B,
            Self::Erase => Key::E,
        }
    }
}

/// The active tool with what the cursor needs to show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tool {
    /// What a click does.
    pub kind: ToolKind,
    /// Colour of the selected class.
    pub color: Color32,
    /// Brush radius in image pixels; 0 labels single pixels.
    pub radius_px: f32,
}
