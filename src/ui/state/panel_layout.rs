//! Which panels fit into the window. With large text in a small window, panels give way to the picture and return on
//! request.

use eframe::egui::Vec2;

/// Minimum width for both side panels beside the picture, points.
const WIDE: f32 = 1000.0;
/// Minimum width for the tile list beside the picture, points.
const MEDIUM: f32 = 760.0;
/// Minimum height at which the tabs below the picture open by themselves, points.
const HIGH: f32 = 520.0;
/// Height below which the tabs take less of the window, points: they may have been opened in a larger one.
const LOW: f32 = 720.0;
/// Minimum width for two views, points; narrower ones would be slivers.
pub const TWO_VIEWS: f32 = 420.0;

/// Which panels are shown in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PanelLayout {
    /// The right panel with classes, layers and forms; otherwise a strip of tools and classes.
    pub side: bool,
    /// The tile list with text; otherwise thumbnails only.
    pub tiles: bool,
    /// The contents of the tabs; otherwise only the tabs.
    pub lower: bool,
}

impl PanelLayout {
    /// What fits a window of this size, in points. `lower` is the user's choice for the tabs, if any; by themselves they open
    /// once there is a run to draw.
    pub fn of(size: Vec2, lower: Option<bool>, has_run: bool) -> Self {
        let lower = lower.unwrap_or(has_run && size.y >= HIGH);
        Self { side: size.x >= WIDE, tiles: size.x >= MEDIUM, lower }
    }

    /// Maximum height of the tabs' contents, points: the picture keeps most of the window.
    pub fn lower_height(height: f32) -> f32 {
        (height * if height < LOW { 0.3 } else { 0.6 }).max(64.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::vec2;

    #[test]
    fn panels_give_way_one_by_one() {
        let room = |width: f32, height: f32, scale: f32| PanelLayout::of(vec2(width, height) / scale, None, true);
        assert_eq!(room(1280.0, 800.0, 1.0), PanelLayout { side: true, tiles: true, lower: true });
        assert_eq!(room(1024.0, 640.0, 1.0), PanelLayout { side: true, tiles: true, lower: true });
        assert_eq!(room(1280.0, 800.0, 1.3), PanelLayout { side: false, tiles: true, lower: true });
        assert_eq!(room(1024.0, 640.0, 2.0), PanelLayout { side: false, tiles: false, lower: false });
        assert!(PanelLayout::of(vec2(512.0, 320.0), Some(true), false).lower, "as asked for");
    }

    #[test]
    fn the_picture_keeps_most_of_a_low_window() {
        let share = |height: f32| PanelLayout::lower_height(height) / height;
        assert!(share(640.0) < 0.31 && share(400.0) < 0.31 && share(1000.0) > 0.5);
    }

    #[test]
    fn the_tabs_open_with_a_run_unless_the_user_has_folded_them() {
        let is_open = |lower, has_run| PanelLayout::of(vec2(1600.0, 1000.0), lower, has_run).lower;
        assert!(!is_open(None, false) && is_open(None, true));
        assert!(!is_open(Some(false), true) && is_open(Some(true), false));
    }
}
