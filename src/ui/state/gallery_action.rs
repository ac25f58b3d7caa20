//! What the user can ask of the figures of the ticked runs.

use super::figure_gallery::FigureKey;

/// A request about the figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GalleryAction {
    /// Show them in place of curves and bars, or no longer.
    Show(bool),
    /// Draw these, which are in view.
    Draw(Vec<FigureKey>),
    /// Show the figure with this content by itself.
    Enlarge(u64),
}
