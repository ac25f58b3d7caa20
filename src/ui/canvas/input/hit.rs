//! Where each view was drawn last, so that pointer events of the next frame find their pixel.

use eframe::egui::{Context, Id, Pos2, Rect};

/// Where a view drew its tile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placement {
    /// Id of the view.
    pub(crate) id: Id,
    /// Screen rectangle in points, at the scale of that frame.
    pub(crate) rect: Rect,
    /// Size of the tile in pixels.
    pub(crate) image_size: [u32; 2],
    /// Physical pixels per point of that frame.
    pub(crate) scale: f32,
}

impl Placement {
    /// A position of this frame, relative to the view's centre, in points of the frame that drew it: the scale may have
    /// changed since.
    pub(crate) fn offset_of(&self, ctx: &Context, pos: Pos2) -> [f32; 2] {
        offset_from_center(self.rect, pos * (ctx.pixels_per_point() / self.scale))
    }

    /// Whether a position of this frame lies on the view.
    pub(crate) fn contains(&self, ctx: &Context, pos: Pos2) -> bool {
        self.rect.contains(pos * (ctx.pixels_per_point() / self.scale))
    }
}

/// A position relative to the centre of a view.
pub(crate) fn offset_from_center(rect: Rect, pos: Pos2) -> [f32; 2] {
    (pos - rect.center()).into()
}
