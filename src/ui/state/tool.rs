//! The labelling tool in use.

use eframe::egui::Color32;

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
