//! Which panels there is room for. The text may be twice as large as usual in a small window: panels then give way to the
//! picture, and come back when they are asked for.

use eframe::egui::Vec2;

/// From this width on both side panels stand beside the picture.
const WIDE: f32 = 1000.0;
/// From this width on the list of tiles does.
const MEDIUM: f32 = 760.0;
/// From this height on the tabs under the picture are open unless folded by hand.
const HIGH: f32 = 520.0;
/// Two views of a picture narrower than this would both be slivers.
pub const TWO_VIEWS: f32 = 420.0;

/// What stands in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PanelLayout {
    /// The whole panel of classes, layers and forms; else a strip with tools and classes.
    pub side: bool,
    /// The list of tiles with words; else their thumbnails.
    pub tiles: bool,
    /// The contents of the tabs; else the tabs alone.
    pub lower: bool,
}

impl PanelLayout {
    /// What fits a window of this size, in points; `lower` is what was decided by hand.
    pub fn of(size: Vec2, lower: Option<bool>) -> Self {
        Self { side: size.x >= WIDE, tiles: size.x >= MEDIUM, lower: lower.unwrap_or(size.y >= HIGH) }
    }

    /// The largest height of the tabs' contents: the picture keeps the larger part.
    pub fn lower_height(height: f32) -> f32 {
        (height * if height < HIGH { 0.35 } else { 0.6 }).max(64.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::vec2;

    #[test]
    fn panels_give_way_one_after_the_other() {
        let room = |width: f32, height: f32, scale: f32| PanelLayout::of(vec2(width, height) / scale, None);
        assert_eq!(room(1280.0, 800.0, 1.0), PanelLayout { side: true, tiles: true, lower: true });
        assert_eq!(room(1024.0, 640.0, 1.0), PanelLayout { side: true, tiles: true, lower: true });
        assert_eq!(room(1280.0, 800.0, 1.3), PanelLayout { side: false, tiles: true, lower: true });
        assert_eq!(room(1024.0, 640.0, 2.0), PanelLayout { side: false, tiles: false, lower: false });
        assert!(PanelLayout::of(vec2(512.0, 320.0), Some(true)).lower, "as asked for");
    }
}
